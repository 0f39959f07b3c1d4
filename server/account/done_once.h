/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done once, however often it is asked for: the work and the answer that is kept are one transaction, so that
 * there is both or neither, whatever dies in between, and over all servers of a database (docs/adr/0020). Calls of REST
 * with an Idempotency-Key, and forms of pages with a field "once".
 */
#pragma once

#include "server/base/ctx.h"
#include "server/base/id.h"

#define DONE_ONCE_KEPT_S (INT64_C(86400)) /* how long an answer is given again */

enum done_once { ONCE_NEW, ONCE_RUNNING, ONCE_OTHER, ONCE_DONE };

struct once_answer {
	int16_t status;
	struct str head; /* header lines */
	struct bytes body;
};

/*
 * It will be asked for whoever has the API key of this hash, with a `key` that is the hash of the API key's id as a
 * UUID and `what`: what was answered goes with the next statement, which authenticates (db_prefetch, docs/adr/0011).
 */
void done_once_ahead(struct ctx *cx, struct id account, struct str what, struct bytes api_key);

/*
 * Before the work. ONCE_NEW: a transaction has begun, in which it is to be done; nobody else does it before that ends.
 * ONCE_RUNNING: somebody is at it. ONCE_OTHER: the key stands for something else (another fingerprint). ONCE_DONE: *out
 * is what was answered. Key and fingerprint are SHA-256.
 */
MUST_CHECK err_t done_once_begin(struct ctx *cx, struct id account, struct bytes key, struct bytes fingerprint,
	enum done_once *state_out, struct once_answer *out);

/* After work that succeeded: keeps the answer, and commits. Work that failed is rolled back: db_rollback(). */
MUST_CHECK err_t done_once_end(struct ctx *cx, struct id account, struct bytes key, struct bytes fingerprint,
	const struct once_answer *answer);
