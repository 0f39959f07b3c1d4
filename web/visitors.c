/* SPDX-License-Identifier: Apache-2.0 */
#include "web/visitors.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct visitors {
	pthread_mutex_t lock;
	uint64_t clock;
	struct visitor all[VISITORS_MAX];
};

struct visitors *visitors_open(void)
{
	struct visitors *all = calloc(1, sizeof *all);
	if (!all)
		abort();
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void visitors_close(struct visitors *all)
{
	if (!all)
		return;
	pthread_mutex_destroy(&all->lock);
	explicit_bzero(all->all, sizeof all->all);
	free(all);
}

static struct visitor *slot_of(struct visitors *all, struct str cookie)
{
	for (size_t i = 0; cookie.len && i < VISITORS_MAX; i++)
		if (str_eq(str_of(all->all[i].cookie), cookie))
			return &all->all[i];
	return NULL;
}

static struct visitor *oldest_slot(struct visitors *all)
{
	struct visitor *oldest = &all->all[0];
	for (size_t i = 1; i < VISITORS_MAX; i++)
		if (all->all[i].seen < oldest->seen)
			oldest = &all->all[i];
	return oldest;
}

bool visitors_find(struct visitors *all, struct str cookie, struct visitor *out)
{
	pthread_mutex_lock(&all->lock);
	struct visitor *slot = slot_of(all, cookie);
	if (slot) {
		slot->seen = ++all->clock;
		*out = *slot;
	}
	pthread_mutex_unlock(&all->lock);
	return slot != NULL;
}

void visitors_keep(struct visitors *all, const struct visitor *visitor)
{
	pthread_mutex_lock(&all->lock);
	struct visitor *slot = slot_of(all, str_of(visitor->cookie));
	if (!slot)
		slot = oldest_slot(all);
	*slot = *visitor;
	slot->seen = ++all->clock;
	pthread_mutex_unlock(&all->lock);
}

bool visitors_claim(struct visitors *all, struct str cookie, struct str state, struct visitor *out)
{
	pthread_mutex_lock(&all->lock);
	struct visitor *slot = slot_of(all, cookie);
	bool right = slot && slot->state[0] && str_eq(str_of(slot->state), state);
	if (right) {
		*out = *slot;
		explicit_bzero(slot->state, sizeof slot->state);
		explicit_bzero(slot->verifier, sizeof slot->verifier);
	}
	pthread_mutex_unlock(&all->lock);
	return right;
}
