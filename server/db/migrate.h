/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered, forward-only changes of the schema: sql/migrations/0001_*.sql and on, each in a transaction of its own. */
#pragma once

#include "server/base/ctx.h"

/*
 * Bring the schema up to this build, under a transaction-level advisory lock with a lock_timeout, so that several
 * instances may start at once. What was applied is kept by number in the table schema_migration; numbers may be absent.
 *
 * url          a libpq conninfo string or URL
 * mark         of the secret key (server/db/home.h): where the database was served with another one nothing is done;
 *              absent: whatever it was
 * applied_out  how many were applied now
 * errors       all with a text for the operator: UNAVAILABLE (no connection, a table stayed locked: try again);
 *              INTERNAL (a migration failed and was rolled back; the database is newer than this build, both numbers
 *              named); INVALID_VALUE (another secret key; no UTF-8)
 */
MUST_CHECK err_t db_migrate(struct ctx *cx, const char *url, struct bytes mark, int *applied_out);
