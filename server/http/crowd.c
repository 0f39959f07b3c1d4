/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/crowd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"

#define BUCKETS 1024

/* Only those who have something now are in memory: as many as there are connections, at most. */
struct present {
	struct present *next;
	struct crowd_key key;
	unsigned count;
};

struct crowd {
	unsigned max;
	uint64_t seed;
	pthread_mutex_t lock;
	struct present *buckets[BUCKETS];
};

struct crowd *crowd_open(unsigned max)
{
	struct crowd *crowd = calloc(1, sizeof *crowd);
	if (!crowd)
		abort();
	crowd->max = max;
	random_fill(&crowd->seed, sizeof crowd->seed);
	pthread_mutex_init(&crowd->lock, NULL);
	return crowd;
}

void crowd_close(struct crowd *crowd)
{
	if (!crowd)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (crowd->buckets[i]) {
			struct present *gone = crowd->buckets[i];
			crowd->buckets[i] = gone->next;
			free(gone);
		}
	}
	pthread_mutex_destroy(&crowd->lock);
	free(crowd);
}

struct crowd_key crowd_site(struct address a)
{
	struct crowd_key key;
	struct address site = address_site(a);
	memcpy(key.octets, site.octets, sizeof key.octets);
	return key;
}

struct crowd_key crowd_account(struct id account)
{
	struct crowd_key key;
	struct id live = id_in_mode(account, false);
	memcpy(key.octets, live.octets, sizeof key.octets);
	return key;
}

/* Where the pointer to this one's entry is, or would be. */
static struct present **place_of(struct crowd *crowd, struct crowd_key key)
{
	uint64_t halves[2];
	memcpy(halves, key.octets, sizeof halves);
	uint64_t mixed =
		((halves[0] ^ crowd->seed) * UINT64_C(0x9E3779B97F4A7C15) ^ halves[1]) * UINT64_C(0xD6E8FEB86659FD93);
	struct present **at = &crowd->buckets[(mixed >> 40) % BUCKETS];
	while (*at && memcmp(&(*at)->key, &key, sizeof key) != 0)
		at = &(*at)->next;
	return at;
}

static bool enter(struct crowd *crowd, struct crowd_key key)
{
	struct present **at = place_of(crowd, key);
	if (!*at) {
		struct present *first = calloc(1, sizeof *first);
		if (!first)
			return false;
		first->key = key;
		*at = first;
	}
	if ((*at)->count >= crowd->max)
		return false;
	(*at)->count++;
	return true;
}

bool crowd_enter(struct crowd *crowd, struct crowd_key key)
{
	if (!crowd->max)
		return true;
	pthread_mutex_lock(&crowd->lock);
	bool entered = enter(crowd, key);
	pthread_mutex_unlock(&crowd->lock);
	return entered;
}

void crowd_leave(struct crowd *crowd, struct crowd_key key)
{
	if (!crowd->max)
		return;
	pthread_mutex_lock(&crowd->lock);
	struct present **at = place_of(crowd, key), *entry = *at;
	if (entry && --entry->count == 0) {
		*at = entry->next;
		free(entry);
	}
	pthread_mutex_unlock(&crowd->lock);
}
