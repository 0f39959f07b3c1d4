/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/limit.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"

#define SETS 4096
#define WAYS 8
#define LOCKS 64
static_assert(SETS % LOCKS == 0, "sets are shared out evenly");

struct slot {
	struct id key;
	int64_t full_at_us; /* 0: never used */
};

struct bucket {
	unsigned burst;
	int64_t interval_us, burst_us;
};

struct limiter {
	struct bucket own;
	uint64_t seed; /* so that nobody can choose keys of one set */
	pthread_mutex_t locks[LOCKS];
	struct slot slots[SETS][WAYS];
};

static struct bucket bucket_of(unsigned per_second, unsigned burst)
{
	int64_t interval_us = US_PER_S / per_second;
	return (struct bucket){ .burst = burst, .interval_us = interval_us, .burst_us = interval_us * burst };
}

struct limiter *limiter_open(unsigned per_second, unsigned burst)
{
	struct limiter *limiter = calloc(1, sizeof *limiter);
	if (!limiter)
		abort();
	assert(per_second && per_second <= US_PER_S && burst);
	limiter->own = bucket_of(per_second, burst);
	random_fill(&limiter->seed, sizeof limiter->seed);
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&limiter->locks[i], NULL);
	return limiter;
}

void limiter_close(struct limiter *limiter)
{
	if (!limiter)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&limiter->locks[i]);
	free(limiter);
}

static size_t set_of(const struct limiter *limiter, struct id key)
{
	uint64_t halves[2];
	memcpy(halves, key.octets, sizeof halves);
	uint64_t mixed = (halves[0] ^ limiter->seed) * UINT64_C(0x9E3779B97F4A7C15);
	mixed = (mixed ^ (mixed >> 32) ^ halves[1]) * UINT64_C(0xD6E8FEB86659FD93);
	return (size_t)(mixed >> 40) % SETS;
}

/* The key's slot, or the one that is nearest to full for a key that has none yet. */
static struct slot *slot_of(struct slot *set, struct id key)
{
	struct slot *oldest = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].full_at_us && id_eq(set[i].key, key))
			return &set[i];
		if (set[i].full_at_us < oldest->full_at_us)
			oldest = &set[i];
	}
	*oldest = (struct slot){ .key = key };
	return oldest;
}

struct id limit_key(struct str subject)
{
	struct id key;
	uint8_t digest[SHA256_SIZE];
	sha256(bytes_of(subject.ptr, subject.len), digest);
	memcpy(key.octets, digest, sizeof key.octets);
	return key;
}

/* Before now, or beyond what a bucket can owe (the clock was set back): it is full. */
static int64_t full_at_of(const struct bucket *bucket, const struct slot *slot, struct instant now)
{
	int64_t full_at = slot->full_at_us;
	return full_at < now.us || full_at > now.us + bucket->burst_us ? now.us : full_at;
}

void limiter_charge(struct limiter *limiter, struct id key, struct instant now, int64_t n)
{
	size_t set = set_of(limiter, key);
	pthread_mutex_t *lock = &limiter->locks[set % LOCKS];

	const struct bucket *bucket = &limiter->own;

	pthread_mutex_lock(lock);
	struct slot *slot = slot_of(limiter->slots[set], key);
	int64_t full_at = full_at_of(bucket, slot, now), left = now.us + bucket->burst_us - full_at;
	slot->full_at_us = full_at + (n < left / bucket->interval_us ? n * bucket->interval_us : left);
	pthread_mutex_unlock(lock);
}

static int seconds_up(int64_t us)
{
	return (int)((us + US_PER_S - 1) / US_PER_S);
}

static bool take(struct limiter *limiter, const struct bucket *bucket, struct id key, struct instant now,
	struct limit_state *out)
{
	size_t set = set_of(limiter, key);
	pthread_mutex_t *lock = &limiter->locks[set % LOCKS];

	pthread_mutex_lock(lock);
	struct slot *slot = slot_of(limiter->slots[set], key);
	int64_t full_at = full_at_of(bucket, slot, now);
	bool passes = full_at + bucket->interval_us <= now.us + bucket->burst_us;
	if (passes)
		full_at += bucket->interval_us;
	slot->full_at_us = full_at;
	pthread_mutex_unlock(lock);

	int64_t left_us = now.us + bucket->burst_us - full_at;
	int more_s = seconds_up(bucket->interval_us - left_us % bucket->interval_us);
	*out = (struct limit_state){
		.limit = bucket->burst,
		.remaining = (unsigned)(left_us / bucket->interval_us),
		.reset_s = (full_at + US_PER_S - 1) / US_PER_S,
		.retry_after_s = passes ? 0 : more_s,
		.window_s = seconds_up(bucket->burst_us),
		.more_s = more_s,
	};
	return passes;
}

bool limiter_take(struct limiter *limiter, struct id key, struct instant now, struct limit_state *out)
{
	return take(limiter, &limiter->own, key, now, out);
}

bool limiter_take_slower(
	struct limiter *limiter, unsigned per_second, struct id key, struct instant now, struct limit_state *out)
{
	struct bucket bucket = per_second ? bucket_of(per_second, per_second) : limiter->own;
	return take(limiter, bucket.interval_us > limiter->own.interval_us ? &bucket : &limiter->own, key, now, out);
}

bool limiter_take_of(
	struct limiter *limiter, const struct rate *rate, struct id key, struct instant now, struct limit_state *out)
{
	int64_t interval_us = (int64_t)rate->window_s * US_PER_S / rate->count;
	const struct bucket bucket = {
		.burst = rate->count, .interval_us = interval_us, .burst_us = interval_us * rate->count
	};
	struct id own = limit_key(str_of(rate->policy));
	for (size_t i = 0; i < sizeof own.octets; i++)
		own.octets[i] ^= key.octets[i];
	bool passes = take(limiter, &bucket, own, now, out);
	out->policy = rate->policy;
	return passes;
}
