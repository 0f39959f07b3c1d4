/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operation is given: memory, the database, the time, how long it may wait, who it is for in the log. One a
 * request, or one a run of a job. A domain operation takes `struct ctx *` and plain structs; it has never heard of
 * HTTP.
 */
#pragma once

#include "server/base/err.h"
#include "server/base/id.h"
#include "server/base/wait.h"

struct db_pool;
struct db_conn;
struct db_prefetched;
struct config;
struct keyring;

/* Who is behind what a ctx does, as the audit log tells it (server/account/audit.h). */
struct ctx_by {
	const char *kind;             /* of their credential; NULL: nobody proved anything, or the server itself */
	struct id credential, client; /* zero where there is none */
};

struct ctx {
	struct arena *mem;
	struct db_pool *db;
	struct db_conn *tx;               /* the connection of an open transaction (db_begin); NULL outside */
	struct db_prefetched *prefetched; /* what will be asked next (db_prefetch); NULL for nothing */
	const struct keyring *keys;       /* what seals and tags (server/crypto/keyring.h) */
	const struct config *config;
	struct instant now;    /* read once, when the request began */
	int64_t ahead_s;       /* how far the account's clock is ahead of it: of test mode alone; see account_now() */
	struct deadline until; /* the end of all its waits: ctx_begin(), ctx_go_on() */
	unsigned patience_ms;  /* how long that was from the beginning */
	struct id account;     /* whose work this is, where it is known; both worlds are one. The pool shares by it */
	struct id changed;     /* whose objects were written, in their mode; zero: nobody's, or who knows whose */
	struct id request_id;  /* req_… in the answer, the log, the audit row */
	struct ctx_by by;      /* set when a credential was accepted, and by commands */
	unsigned round_trips;  /* to the database; the log line tells them */
	bool found;            /* of a run of a job: there was something to do, look again soon (server/jobs/jobs.h) */
	unsigned fail_query;   /* dev builds: the n-th statement of this request fails; 0 is none */
	struct str client_ip;  /* textual; absent for background work and the CLI */
	struct str user_agent;
	uint64_t budget_until_us; /* see caldav/calendar/recur/budget.h; 0: not begun */
};

/* What a ctx has that nobody gave a bound: tests. */
#define PATIENCE_DEFAULT_MS 30000
/* A command, and a start: it may wait for a recovery, a lock, a migration of much data. */
#define PATIENCE_COMMAND_MS 600000

/*
 * The time by which things of the account begin and end: reminders, codes, tokens and keys, notice of a booking. It is
 * cx->now but in a sandbox whose clock was set forward (docs/adr/0026-sandbox.md). Stored times are compared with it,
 * as they are with account_now() in SQL; when something was written, and all that the server does for itself, is
 * cx->now.
 */
struct instant account_now(const struct ctx *cx);

/* From now on, whatever this ctx waits for, it waits `patience_ms` in all. */
void ctx_begin(struct ctx *cx, unsigned patience_ms);
/* A part of a long piece of work is done (a page of an answer was sent): as much again for the next. */
void ctx_go_on(struct ctx *cx);
/* The end of a wait that begins now and may take `most_ms` by itself. */
struct deadline ctx_deadline(const struct ctx *cx, unsigned most_ms);
