/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded set of connections to PostgreSQL, shared by all threads. The most recently used one is handed out first.
 * One account (cx->account) has three quarters of them at most, however many of its requests wait for each other's
 * locks: there is always one for the others. Who waits is served in order.
 * A statement is prepared with its first use in a session, in the same round trip. A connection that the server closed
 * meanwhile is noticed when it is taken, and replaced: the database may die and come back. One whose answer did not
 * come before cx->until is thrown away, and so are those that have not answered since: a database that stands still
 * costs a request its deadline, and no connection of that time is lent when it goes on.
 */
#pragma once

#include "server/base/ctx.h"

struct db_settings {
	struct str url;        /* a libpq conninfo string or postgresql:// URL; several hosts are tried in turn */
	unsigned connections;  /* at most */
	unsigned wait_ms;      /* how long a caller waits for a free one before UNAVAILABLE */
	unsigned statement_ms; /* how long the database works at a statement; 0: PATIENCE_DEFAULT_MS */
	bool prepare;          /* false: unnamed statements, for a PgBouncer before 1.21 in transaction mode */
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
	uint64_t statements, failures, timeouts, reconnects, late;
};
struct db_stats db_stats(struct db_pool *pool);

/*
 * How many seconds ago the database went away, until it has been back for as long as it was away: whoever never heard
 * what became of a write asks again by then. 0: it was not away lately.
 */
unsigned db_away_s(struct db_pool *pool);

/*
 * The disk is low: a statement that is marked so in sql/queries (`-- name: object_put stores`) is refused with
 * DISK_FULL from now on; reading, signing in and deleting go on. Set by a job (disk.h), read by every statement.
 */
void db_disk_low(struct db_pool *pool, bool low);
bool db_disk_is_low(struct db_pool *pool);
