/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this the database that it was, and ours? One that was restored from a backup, or that a copy took over from, has
 * an earlier state than some saw; and what is sealed in it opens with one secret key alone (docs/adr/0055).
 */
#pragma once

#include "server/base/ctx.h"

/*
 * A job, and run at each start after the migrations: where the database is another one, its counters jump beyond what
 * is lost, and the reader of the outbox begins anew. A run is one portion of them, so that a stop waits for no more;
 * cx->found while there are others. Logs the last. What the database could not do.
 */
MUST_CHECK err_t db_home_keep(struct ctx *cx, void *unused);
void db_home_log(void); /* that it became another one */
/*
 * Is the secret key (its mark: 32 octets that tell nothing of it) the one that the database was served with?
 * keep: where there was none, it is this one from now on.
 */
MUST_CHECK err_t db_secret_is_same(struct ctx *cx, struct bytes mark, bool keep, bool *same_out);
/* What whoever starts with another one is told: INVALID_VALUE. */
err_t db_refuse_secret(struct ctx *cx);
