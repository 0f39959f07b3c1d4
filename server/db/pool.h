/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded set of connections to PostgreSQL, shared by all threads. The most recently used one is handed out first.
 * One account (cx->account) has three quarters of them at most, however many of its requests wait for each other's
 * locks: there is always one for the others. Who waits is served in order.
 * A statement is prepared with its first use in a session, in the same round trip. A connection that the server closed
 * meanwhile is noticed when it is taken, and replaced: the database may die and come back.
 */
#pragma once

#include "server/base/ctx.h"

struct db_settings {
	struct str url;       /* a libpq conninfo string or postgresql:// URL; several hosts are tried in turn */
	unsigned connections; /* at most */
	unsigned wait_ms;     /* how long a caller waits for a free one before UNAVAILABLE */
	bool prepare;         /* false: unnamed statements, for a PgBouncer before 1.21 in transaction mode */
};

struct db_pool *db_open(const struct db_settings *settings); /* connects lazily; never NULL */
void db_close(struct db_pool *pool);

/*
 * Have the database parse every statement, and compare the columns with the structs that DB_RESULT ties to them.
 * INTERNAL with every difference in the error's detail. At start, and in one test.
 */
MUST_CHECK err_t db_check(struct ctx *cx);

/* For /metrics and /readyz. */
struct db_stats {
	unsigned open, busy, waiting;
	uint64_t statements, failures, timeouts, reconnects;
};
struct db_stats db_stats(struct db_pool *pool);
