/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rates, in the memory of this instance. One number a key (the virtual-scheduling form of the token bucket: the instant
 * at which the bucket would be full again), in a table of fixed size. A full set of the table forgets the key that is
 * nearest to full, so memory is bounded whatever comes.
 */
#pragma once

#include "server/base/id.h"
#include "server/base/str.h"

struct limiter;

/* `per_second` in the long run, `burst` at once. `per_second` at most 1,000,000. */
struct limiter *limiter_open(unsigned per_second, unsigned burst);
void limiter_close(struct limiter *limiter);

struct limit_state {
	unsigned limit, remaining;
	int64_t reset_s;   /* Unix seconds: when the bucket is full again */
	int retry_after_s; /* refused: until the next one passes; at least 1 */
	/* As RateLimit-Policy and RateLimit tell them, in whole seconds, rounded up: how long an empty bucket takes to
	 * be full, and when there is one more than `remaining`. */
	int window_s, more_s;
	const char *policy; /* a name for these two, set by who asked; NULL: "default" */
};

/* For who is no credential: made of what names them. */
struct id limit_key(struct str subject);

/* Take one; false when there is none left. Thread-safe. */
bool limiter_take(struct limiter *limiter, struct id key, struct instant now, struct limit_state *out);

/* The same for a key with a rate of its own, where that is less than everybody's: as many at once; 0 is none of its
 * own. */
bool limiter_take_slower(
	struct limiter *limiter, unsigned per_second, struct id key, struct instant now, struct limit_state *out);

/* A rate of its own for some calls: `count` at once, and as many in each window in the long run. count 0: none. */
struct rate {
	const char *policy; /* its name in RateLimit-Policy; a caller has one bucket for each name */
	unsigned count, window_s;
};
/* The same for such a rate. The limiter's own counts nothing of it. */
bool limiter_take_of(
	struct limiter *limiter, const struct rate *rate, struct id key, struct instant now, struct limit_state *out);

/* What a request that has passed turned out to be worth besides: takes `n` more, or all that are left. Thread-safe. */
void limiter_charge(struct limiter *limiter, struct id key, struct instant now, int64_t n);
