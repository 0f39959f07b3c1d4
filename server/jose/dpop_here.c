/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/dpop_here.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"

/*
 * A nonce is taken for less than seven minutes (dpop.c), which touch four slots at most. So a slot that is begun anew
 * has nothing in it that could come again.
 */
#define SLOTS 4
#define ROOM_LEAST 1024
#define KEY_SIZE 16

struct slot {
	int64_t number;                  /* of all slots since 1970 */
	uint8_t (*seen)[DPOP_ONCE_SIZE]; /* open addressing; zero is a free entry. malloc'ed */
	size_t room, count;
};

static struct slot slots[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t shared_until_ms;

/* ---- who we are ---- */

static uint8_t maker[DPOP_MAKER_SIZE], hash_key[KEY_SIZE];
static pthread_once_t once_only = PTHREAD_ONCE_INIT;

static void make_names(void)
{
	random_fill(maker, sizeof maker);
	random_fill(hash_key, sizeof hash_key);
}

const uint8_t *dpop_maker(void)
{
	pthread_once(&once_only, make_names);
	return maker;
}

void dpop_here_others(int64_t now_ms)
{
	atomic_store(&shared_until_ms, now_ms + INT64_C(1000) * DPOP_SHARED_S);
}

bool dpop_here_alone(int64_t now_ms)
{
	return now_ms >= atomic_load(&shared_until_ms);
}

/* ---- what came ---- */

/* Whoever makes proofs cannot know which fall together: their entries are hashed with a key. */
static size_t first_of(const uint8_t *once, size_t room)
{
	uint8_t text[KEY_SIZE + DPOP_ONCE_SIZE], hash[SHA256_SIZE];
	uint64_t number;
	memcpy(text, hash_key, KEY_SIZE);
	memcpy(text + KEY_SIZE, once, DPOP_ONCE_SIZE);
	sha256(bytes_of(text, sizeof text), hash);
	memcpy(&number, hash, sizeof number);
	return (size_t)(number & (room - 1));
}

/* Its entry, or the free one where it belongs. There is a free one: half of them are. */
static uint8_t *find(const struct slot *slot, const uint8_t *once)
{
	static const uint8_t none[DPOP_ONCE_SIZE];
	size_t at = first_of(once, slot->room);
	while (memcmp(slot->seen[at], none, DPOP_ONCE_SIZE) != 0 && memcmp(slot->seen[at], once, DPOP_ONCE_SIZE) != 0)
		at = (at + 1) & (slot->room - 1);
	return slot->seen[at];
}

static void grow(struct slot *slot)
{
	struct slot larger = { .number = slot->number, .room = slot->room ? 2 * slot->room : ROOM_LEAST };
	static const uint8_t none[DPOP_ONCE_SIZE];
	larger.seen = calloc(larger.room, DPOP_ONCE_SIZE);
	if (!larger.seen)
		abort();
	for (size_t i = 0; i < slot->room; i++)
		if (memcmp(slot->seen[i], none, DPOP_ONCE_SIZE) != 0)
			memcpy(find(&larger, slot->seen[i]), slot->seen[i], DPOP_ONCE_SIZE);
	larger.count = slot->count;
	free(slot->seen);
	*slot = larger;
}

static enum dpop_seen take(struct slot *slot, int64_t number, const uint8_t *once)
{
	if (number < slot->number)
		return DPOP_FORGOTTEN; /* a clock was set back by minutes */
	if (number > slot->number) {
		free(slot->seen);
		*slot = (struct slot){ .number = number };
	}
	if (2 * slot->count >= slot->room && slot->count < DPOP_HERE_MAX)
		grow(slot);
	uint8_t *entry = find(slot, once);
	if (memcmp(entry, once, DPOP_ONCE_SIZE) == 0)
		return DPOP_SEEN;
	if (slot->count >= DPOP_HERE_MAX)
		return DPOP_FORGOTTEN;
	memcpy(entry, once, DPOP_ONCE_SIZE);
	slot->count++;
	return DPOP_FRESH;
}

enum dpop_seen dpop_here_take(struct bytes once, int64_t nonce_ms)
{
	int64_t number = nonce_ms / (INT64_C(1000) * DPOP_HERE_SLOT_S);
	assert(once.len == DPOP_ONCE_SIZE && nonce_ms > 0);
	dpop_maker(); /* and the key of the entries */
	pthread_mutex_lock(&lock);
	enum dpop_seen seen = take(&slots[number % SLOTS], number, once.ptr);
	pthread_mutex_unlock(&lock);
	if (seen == DPOP_FORGOTTEN)
		dpop_here_others(nonce_ms);
	return seen;
}
