/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a credential was last accepted: collected in memory and written in one statement about every second and at stop,
 * since a write for each request would cost five sixths of the throughput. A failed try is never seen here.
 */
#pragma once

#include "server/base/ctx.h"

struct last_used;

/*
 * Start collecting. The job last_used_write() is to be run every `every_ms`; with 0 each use is written at once, in the
 * request that saw it.
 */
struct last_used *last_used_open(struct db_pool *db, const struct config *config, unsigned every_ms);

/* Writes what is left, for 3 s at most. NULL is fine. */
void last_used_close(struct last_used *uses);

/* Thread-safe, no waiting unless each use is written at once. `ip` and `agent` (User-Agent, of which
 * the beginning is kept) may be absent. */
void last_used_see(struct last_used *uses, struct id account, struct id credential, struct instant at, struct str ip,
	struct str agent);

/*
 * The job: `state` is the struct last_used. What was collected is written, or where that fails or the disk is low
 * forgotten: the next use tells as much.
 */
MUST_CHECK err_t last_used_write(struct ctx *cx, void *state);

/* The same outside of a job; in a header for tests. */
void last_used_flush(struct last_used *uses);
