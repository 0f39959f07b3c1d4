/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/concurrency.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"

#define BUCKETS 1024

/* Only those who have something now are in memory: as many as there are connections, at most. */
struct present {
	struct present *next;
	struct concurrency_key key;
	unsigned count;
};

struct concurrency {
	unsigned max;
	uint64_t seed;
	pthread_mutex_t lock;
	struct present *buckets[BUCKETS];
};

struct concurrency *concurrency_open(unsigned max)
{
	struct concurrency *limit = calloc(1, sizeof *limit);
	if (!limit)
		abort();
	limit->max = max;
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
static struct present **place_of(struct concurrency *limit, struct concurrency_key key)
{
	uint64_t halves[2];
	memcpy(halves, key.octets, sizeof halves);
	uint64_t mixed =
		((halves[0] ^ limit->seed) * UINT64_C(0x9E3779B97F4A7C15) ^ halves[1]) * UINT64_C(0xD6E8FEB86659FD93);
	struct present **at = &limit->buckets[(mixed >> 40) % BUCKETS];
	while (*at && memcmp(&(*at)->key, &key, sizeof key) != 0)
		at = &(*at)->next;
	return at;
}

static bool enter(struct concurrency *limit, struct concurrency_key key)
{
	struct present **at = place_of(limit, key);
	if (!*at) {
		struct present *first = calloc(1, sizeof *first);
		if (!first)
			return false;
		first->key = key;
		*at = first;
	}
	if ((*at)->count >= limit->max)
		return false;
	(*at)->count++;
	return true;
}

bool concurrency_enter(struct concurrency *limit, struct concurrency_key key)
{
	if (!limit->max)
		return true;
	pthread_mutex_lock(&limit->lock);
	bool entered = enter(limit, key);
	pthread_mutex_unlock(&limit->lock);
	return entered;
}

void concurrency_leave(struct concurrency *limit, struct concurrency_key key)
{
	if (!limit->max)
		return;
	pthread_mutex_lock(&limit->lock);
	struct present **at = place_of(limit, key), *entry = *at;
	if (entry && --entry->count == 0) {
		*at = entry->next;
		free(entry);
	}
	pthread_mutex_unlock(&limit->lock);
}
