/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/instances.h"

#include <stdlib.h>

#include "caldav/calendar/recur/budget.h"

struct collector {
	struct ctx *cx;
	const struct series *s;
	struct occurrence *items;
	size_t count, cap, limit;
	bool over;
};

static struct instant instant_of(int64_t s)
{
	return s == INT64_MIN ? INSTANT_NONE : instant_of_s(s);
}

static bool collect(void *to, const struct series_instance *i)
{
	struct collector *c = to;
	if (c->count == c->limit) {
		c->over = true;
		return false;
	}
	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 16;
		c->items = arena_grow(c->cx->mem, c->items, c->cap * sizeof *c->items, cap * sizeof *c->items);
		c->cap = cap;
	}
	struct occurrence *o = &c->items[c->count++];
	*o = (struct occurrence){ .start = instant_of(i->at.start),
		.end = instant_of(i->at.end),
		.component = i->timing->comp,
		.all_day = i->timing->has_start && i->start.date,
		.floating = i->timing->has_start && !i->start.zone,
		.busy = i->timing->busy,
		.tentative = i->timing->tentative,
		.cancelled = i->timing->cancelled };
	if (c->s->recurs)
		o->recurrence_id = recurrence_id_text(c->cx->mem, i->original);
	return true;
}

static int occurrence_cmp(const void *a, const void *b)
{
	const struct occurrence *x = a, *y = b;
	if (x->start.us != y->start.us)
		return x->start.us < y->start.us ? -1 : 1;
	return str_cmp(x->recurrence_id, y->recurrence_id);
}

err_t ical_expand(struct ctx *cx, struct ical *object, struct instant start, struct instant end, struct str zone,
	size_t limit, struct occurrence **out, size_t *count_out)
{
	struct collector c = { .cx = cx, .limit = limit };
	TRY(budget_check(cx));
	TRY(series_read(cx, object, &c.s));
	struct walk walk = {
		.floating = zone_or_utc(zone), .a = window_s(start), .b = window_s(end), .visit = collect, .to = &c
	};
	bool whole = series_walk(cx->mem, c.s, &walk);
	if (c.over)
		return REFUSE(cx, ICAL_MAX_INSTANCES, "",
			"more than %zu instances in this time range: ask for a shorter one", limit);
	if (!whole)
		return series_too_costly(cx, c.s);
	if (c.count)
		qsort(c.items, c.count, sizeof *c.items, occurrence_cmp);
	*out = c.items;
	*count_out = c.count;
	return OK;
}
