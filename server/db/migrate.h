/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered, forward-only changes of the schema: sql/migrations/0001_*.sql and on, each in a transaction of its own. */
#pragma once

#include "server/base/ctx.h"

/*
 * Bring the schema up to this build, under a transaction-level advisory lock with a lock_timeout, so that several
 * instances may start at once. A database that is newer than this build is refused with both numbers named.
 */
MUST_CHECK err_t db_migrate(struct ctx *cx, const char *url, int *applied_out);
