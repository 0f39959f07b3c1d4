/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on guessing. They live in the database, since instances are stateless. A try is counted before it is checked,
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

/*
 * Count one try against each, the narrowest first; RATE_LIMITED with retry_after_s at the first that has had enough. A
 * refused try counts nowhere. At most 4, their kinds in one order wherever two of them are taken together.
 */
MUST_CHECK err_t throttle_take(struct ctx *cx, const struct throttle *limits, size_t count);

/* The try was not checked after all: each gets it back. */
MUST_CHECK err_t throttle_give_back(struct ctx *cx, const struct throttle *limits, size_t count);

/* A success: all failures of the first are forgotten, and the others get this try back. */
MUST_CHECK err_t throttle_forgive(struct ctx *cx, const struct throttle *limits, size_t count);
