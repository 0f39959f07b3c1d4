/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/listening.h"

#include <pthread.h>

#include "server/base/arena.h"

enum state { UNKNOWN, ASKED, LOOKED_UP, KNOWN };

struct slot {
	struct id account;
	uint64_t until_ms;
	enum state state;
	bool listened;
};

struct listening {
	struct arena *mem;
	pthread_mutex_t lock;
	size_t asked; /* slots that are ASKED */
	struct slot slots[LISTENING_SLOTS];
};

struct listening *listening_open(void)
{
	struct arena *mem = arena_open();
	struct listening *listening = arena_new(mem, struct listening);
	listening->mem = mem;
	pthread_mutex_init(&listening->lock, NULL);
	return listening;
}

void listening_close(struct listening *listening)
{
	if (!listening)
		return;
	pthread_mutex_destroy(&listening->lock);
	arena_close(listening->mem);
}

/* The end of an id is random, but for the last bit, which is its mode. */
static struct slot *slot_of(struct listening *listening, struct id account)
{
	const uint8_t *end = account.octets + sizeof account.octets;
	return &listening->slots[(size_t)(end[-1] << 8 | end[-2]) % LISTENING_SLOTS];
}

static void become(struct listening *listening, struct slot *slot, enum state state)
{
	listening->asked += (state == ASKED) - (size_t)(slot->state == ASKED);
	slot->state = state;
}

bool listening_may(struct listening *listening, struct id account, uint64_t now_ms)
{
	pthread_mutex_lock(&listening->lock);
	struct slot *slot = slot_of(listening, account);
	bool is_known = slot->state == KNOWN && id_eq(slot->account, account) && now_ms < slot->until_ms;
	bool may = !is_known || slot->listened;
	if (!is_known) {
		slot->account = account;
		become(listening, slot, ASKED);
	}
	pthread_mutex_unlock(&listening->lock);
	return may;
}

void listening_forget(struct listening *listening, struct id account)
{
	pthread_mutex_lock(&listening->lock);
	struct slot *slot = slot_of(listening, account);
	if (id_eq(slot->account, account))
		become(listening, slot, UNKNOWN);
	pthread_mutex_unlock(&listening->lock);
}

size_t listening_asked(struct listening *listening, struct id *out)
{
	size_t count = 0;
	pthread_mutex_lock(&listening->lock);
	for (size_t i = 0; i < LISTENING_SLOTS && count < LISTENING_ASKED_MAX && listening->asked; i++) {
		if (listening->slots[i].state != ASKED)
			continue;
		out[count++] = listening->slots[i].account;
		become(listening, &listening->slots[i], LOOKED_UP);
	}
	pthread_mutex_unlock(&listening->lock);
	return count;
}

void listening_learn(struct listening *listening, struct id account, bool listened, uint64_t now_ms)
{
	pthread_mutex_lock(&listening->lock);
	struct slot *slot = slot_of(listening, account);
	if (slot->state == LOOKED_UP && id_eq(slot->account, account)) {
		become(listening, slot, KNOWN);
		slot->listened = listened;
		slot->until_ms = now_ms + LISTENING_FOR_MS;
	}
	pthread_mutex_unlock(&listening->lock);
}
