/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/park_lists.h"

#include <assert.h>

#include "server/base/clock.h"
#include "server/http/park_private.h"

#define LEAST_OCTETS_PER_S 2048
#define LINGER_MS 500

/* ---- the lists ---- */

enum park_list park_list_for(const struct peer *p)
{
	if (p->ended)
		return PARK_LINGERING;
	if (p->out.len > p->out.at)
		return PARK_WRITERS;
	if (p->held)
		return PARK_HELD;
	if (!p->in.len && p->answered)
		return PARK_IDLE;
	return p->arrival.head_len ? PARK_BODIES : PARK_HEADS;
}

bool park_ends_with_a_drain(enum park_list list)
{
	return list == PARK_HEADS || list == PARK_IDLE || list == PARK_HELD;
}

/* All of one list are looked at after the same time, so the oldest is looked at first. */
static unsigned check_after_ms(const struct park *park, enum park_list list)
{
	if (list == PARK_IDLE || list == PARK_HELD)
		return park->settings.idle_ms;
	return park->settings.head_ms < 2 * PARK_TICK_MS ? park->settings.head_ms : 2 * PARK_TICK_MS;
}

void park_link(struct peer *p, enum park_list list)
{
	struct park_queue *queue = &p->park->lists[list];
	assert(list < PARK_LISTS && !queue->count == !queue->newest);
	p->list = list;
	p->check_ms = clock_monotonic_ms() + check_after_ms(p->park, list);
	p->newer = NULL;
	p->older = queue->newest;
	if (queue->newest)
		queue->newest->newer = p;
	else
		queue->oldest = p;
	queue->newest = p;
	queue->count++;
}

void park_unlink(struct peer *p)
{
	struct park_queue *queue = &p->park->lists[p->list];
	assert(queue->count > 0);
	if (p->older)
		p->older->newer = p->newer;
	else
		queue->oldest = p->newer;
	if (p->newer)
		p->newer->older = p->older;
	else
		queue->newest = p->older;
	queue->count--;
}

void park_move(struct peer *p, enum park_list list)
{
	park_unlink(p);
	park_link(p, list);
}

/* ---- time ---- */

static bool is_slow(uint64_t since_ms, unsigned limit_ms, size_t octets, uint64_t now_ms)
{
	return now_ms >= since_ms + limit_ms + (uint64_t)octets * 1000 / LEAST_OCTETS_PER_S;
}

/* Who took or sent much at once has no credit from it to do nothing for long. */
static bool is_stalled(struct peer *p, size_t octets, uint64_t now_ms)
{
	if (octets != p->progress || !p->progress_ms) {
		p->progress = octets;
		p->progress_ms = now_ms;
	}
	return now_ms >= p->progress_ms + p->park->settings.head_ms;
}

bool park_body_overdue(struct peer *p, uint64_t now_ms)
{
	return is_stalled(p, p->came, now_ms) || is_slow(p->since_ms, p->park->settings.head_ms, p->came, now_ms);
}

/* What was written is not taken yet: the kernel has some of it, and says how much. */
bool park_answer_overdue(struct peer *p, uint64_t now_ms)
{
	unsigned limit_ms = p->park->settings.head_ms;
	assert(p->blocked_ms);
	size_t unsent = channel_unsent(&p->channel), given = p->written + p->unsent;
	size_t taken = given > unsent ? given - unsent : 0;
	return is_stalled(p, taken, now_ms) || is_slow(p->blocked_ms, limit_ms, taken, now_ms);
}

bool park_is_overdue(struct peer *p, enum park_list list, uint64_t now_ms)
{
	const struct park_settings *s = &p->park->settings;
	switch (list) {
	case PARK_HEADS:
		return now_ms >= p->since_ms + s->head_ms;
	case PARK_BODIES:
		return park_body_overdue(p, now_ms);
	case PARK_IDLE:
		return now_ms >= p->since_ms + s->idle_ms;
	case PARK_WRITERS:
		return park_answer_overdue(p, now_ms);
	case PARK_LINGERING:
		return now_ms >= p->since_ms + LINGER_MS;
	case PARK_HELD: /* as long as its owner wants */
	case PARK_BUSY:
	case PARK_LISTS:
		break;
	}
	return false;
}
