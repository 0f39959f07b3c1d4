/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/concurrency.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"

#define BUCKETS 1024

/* Only those who have something now are in memory: as many as there are connections, at most. */
struct present {
	struct present *next;
	struct concurrency_key key;
	size_t count;
};

struct concurrency {
	size_t max_each, max_all, total;
	uint64_t seed;
	pthread_mutex_t lock;
	struct present *buckets[BUCKETS];
};

struct concurrency *concurrency_open(size_t max_each, size_t max_all)
{
	struct concurrency *limit = calloc(1, sizeof *limit);
	if (!limit)
		abort();
	limit->max_each = max_each;
	limit->max_all = max_all;
	random_fill(&limit->seed, sizeof limit->seed);
	pthread_mutex_init(&limit->lock, NULL);
	return limit;
}

void concurrency_close(struct concurrency *limit)
{
	if (!limit)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (limit->buckets[i]) {
			struct present *gone = limit->buckets[i];
			limit->buckets[i] = gone->next;
			free(gone);
		}
	}
	pthread_mutex_destroy(&limit->lock);
	free(limit);
}

struct concurrency_key concurrency_network(struct address a)
{
	struct concurrency_key key;
	struct address site = address_site(a);
	memcpy(key.octets, site.octets, sizeof key.octets);
	return key;
}

struct concurrency_key concurrency_account(struct id account)
{
	struct concurrency_key key;
	struct id live = id_in_mode(account, false);
	memcpy(key.octets, live.octets, sizeof key.octets);
	return key;
}

/* Where the pointer to this one's entry is, or would be. */
static struct present **slot_of(struct concurrency *limit, const struct concurrency_key *key)
{
	uint64_t halves[2];
	memcpy(halves, key->octets, sizeof halves);
	uint64_t mixed =
		((halves[0] ^ limit->seed) * UINT64_C(0x9E3779B97F4A7C15) ^ halves[1]) * UINT64_C(0xD6E8FEB86659FD93);
	struct present **at = &limit->buckets[(mixed >> 40) % BUCKETS];
	while (*at && memcmp(&(*at)->key, key, sizeof *key) != 0)
		at = &(*at)->next;
	return at;
}

static bool take_of_each(struct concurrency *limit, const struct concurrency_key *key, size_t n)
{
	struct present **at = slot_of(limit, key);
	size_t count = *at ? (*at)->count : 0;
	assert(count <= limit->max_each);
	if (n > limit->max_each - count)
		return false;
	if (!*at) {
		*at = calloc(1, sizeof **at);
		if (!*at)
			return false;
		(*at)->key = *key;
	}
	(*at)->count += n;
	return true;
}

static void leave_of_each(struct concurrency *limit, const struct concurrency_key *key, size_t n)
{
	struct present **at = slot_of(limit, key), *entry = *at;
	assert(entry && entry->count >= n);
	entry->count -= n;
	if (entry->count == 0) {
		*at = entry->next;
		free(entry);
	}
}

bool concurrency_take(struct concurrency *limit, const struct concurrency_key *key, size_t n)
{
	assert(n > 0);
	pthread_mutex_lock(&limit->lock);
	assert(!limit->max_all || limit->total <= limit->max_all);
	bool taken = (!limit->max_all || n <= limit->max_all - limit->total) &&
		     (!limit->max_each || !key || take_of_each(limit, key, n));
	if (taken)
		limit->total += n;
	pthread_mutex_unlock(&limit->lock);
	return taken;
}

void concurrency_leave(struct concurrency *limit, const struct concurrency_key *key, size_t n)
{
	pthread_mutex_lock(&limit->lock);
	assert(limit->total >= n);
	limit->total -= n;
	if (limit->max_each && key)
		leave_of_each(limit, key, n);
	pthread_mutex_unlock(&limit->lock);
}

size_t concurrency_total(struct concurrency *limit)
{
	pthread_mutex_lock(&limit->lock);
	size_t total = limit->total;
	pthread_mutex_unlock(&limit->lock);
	return total;
}
