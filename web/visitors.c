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

static struct visitor *place_of(struct visitors *all, struct str cookie)
{
	for (size_t i = 0; cookie.len && i < VISITORS_MAX; i++)
		if (str_eq(str_of(all->all[i].cookie), cookie))
			return &all->all[i];
	return NULL;
}

static struct visitor *oldest_place(struct visitors *all)
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
	struct visitor *place = place_of(all, cookie);
	if (place) {
		place->seen = ++all->clock;
		*out = *place;
	}
	pthread_mutex_unlock(&all->lock);
	return place != NULL;
}

void visitors_keep(struct visitors *all, const struct visitor *visitor)
{
	pthread_mutex_lock(&all->lock);
	struct visitor *place = place_of(all, str_of(visitor->cookie));
	if (!place)
		place = oldest_place(all);
	*place = *visitor;
	place->seen = ++all->clock;
	pthread_mutex_unlock(&all->lock);
}

bool visitors_claim(struct visitors *all, struct str cookie, struct str state, struct visitor *out)
{
	pthread_mutex_lock(&all->lock);
	struct visitor *place = place_of(all, cookie);
	bool right = place && place->state[0] && str_eq(str_of(place->state), state);
	if (right) {
		*out = *place;
		explicit_bzero(place->state, sizeof place->state);
		explicit_bzero(place->verifier, sizeof place->verifier);
	}
	pthread_mutex_unlock(&all->lock);
	return right;
}
