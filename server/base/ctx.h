/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operation is given: memory, the database, the time, who it is for in the log. One a request, or one a round
 * of a background thread. A domain operation takes `struct ctx *` and plain structs; it has never heard of HTTP.
 */
#pragma once

#include "server/base/err.h"
#include "server/base/id.h"

struct db_pool;
struct db_conn;
struct db_prefetched;
struct config;
struct keyring;

struct ctx {
	struct arena *mem;
	struct db_pool *db;
	struct db_conn *tx;               /* the connection of an open transaction (db_begin); NULL outside */
	struct db_prefetched *prefetched; /* what will be asked next (db_prefetch); NULL for nothing */
	const struct keyring *keys;       /* what seals and tags (server/crypto/keyring.h) */
	const struct config *config;
	struct instant now;   /* read once, when the request began */
	struct id account;    /* whose work this is, where it is known; both worlds are one. The pool shares by it */
	struct id request_id; /* req_… in the answer, the log, the audit row */
	unsigned round_trips; /* to the database; the log line tells them */
	unsigned fail_query;  /* dev builds: the n-th statement of this request fails; 0 is none */
	struct str client_ip; /* textual; absent for background work and the CLI */
	struct str user_agent;
	uint64_t budget_until_us; /* see caldav/calendar/recur/budget.h; 0: not begun */
};
