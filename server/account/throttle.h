/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on guessing. They live in the database, since instances are stateless. A try is counted before it is judged,
 * so that a hundred at once do not all find room; who was right gets it back.
 */
#pragma once

#include "server/base/ctx.h"

struct throttle {
	const char *kind;   /* what is guessed at: "account", "address" */
	struct str subject; /* which one; only a hash of both is stored */
	int max;            /* tries within window_s */
	int window_s;
};

/* Count one try against each; RATE_LIMITED with retry_after_s when one of them has had enough. At most 4. */
MUST_CHECK err_t throttle_take(struct ctx *cx, const struct throttle *limits, size_t count);

/* A success: all failures of the first are forgotten, and the others get this try back. */
MUST_CHECK err_t throttle_forgive(struct ctx *cx, const struct throttle *limits, size_t count);
