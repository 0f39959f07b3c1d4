/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a credential was last accepted: collected in memory and written in one statement about every second and at stop,
 * since a write for each request would cost five sixths of the throughput. A failed try is never seen here.
 */
#pragma once

#include "server/base/ctx.h"

struct last_used;

/*
 * Start collecting; a thread of its own writes every `every_ms`. With 0 there is no thread and each use is written at
 * once, in the request that saw it.
 */
struct last_used *last_used_open(struct db_pool *db, const struct config *config, unsigned every_ms);

/* Stop the thread, write what is left. NULL is fine. */
void last_used_close(struct last_used *uses);

/* Thread-safe, no waiting. `ip` may be absent. */
void last_used_see(struct last_used *uses, struct id account, struct id credential, struct instant at, struct str ip);

/* Write what was collected. What cannot be written is logged and forgotten: the next use tells as much. */
void last_used_flush(struct last_used *uses);
