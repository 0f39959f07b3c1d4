/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/slots.h"

#include <stdlib.h>

#define MINUTE_S 60
#define GRID_S (15 * MINUTE_S)
#define CHANGES_MAX 32 /* of a zone's offset within a range */
#define PART_SCORE 700
#define EARLY_SCORE 300

/* The multiple of `unit` at t or after it. */
static int64_t round_up(int64_t t, int64_t unit)
{
	int64_t over = t % unit;
	return over == 0 ? t : over < 0 ? t - over : t - over + unit;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- spans in order ---- */

struct spans {
	struct arena *mem;
	struct slot_span *items;
	size_t count, cap;
};

/* What adjoins the last one becomes part of it. */
static void spans_add(struct spans *to, int64_t from, int64_t until)
{
	if (from >= until)
		return;
	if (to->count > 0 && to->items[to->count - 1].to >= from) {
		to->items[to->count - 1].to = most(until, to->items[to->count - 1].to);
		return;
	}
	if (to->count == to->cap) {
		size_t cap = to->cap ? to->cap * 2 : 64;
		to->items = arena_grow(to->mem, to->items, to->cap * sizeof *to->items, cap * sizeof *to->items);
		to->cap = cap;
	}
	to->items[to->count++] = (struct slot_span){ from, until };
}

/* ---- working hours ---- */

/* Of a stretch of time in which the offset stays. */
static void add_steady(struct spans *out, const struct working_hours *hours, struct slot_span stretch, int64_t offset)
{
	int64_t last = floor_div(stretch.to - 1 + offset, DAY_S);
	for (int64_t day = floor_div(stretch.from + offset, DAY_S); day <= last; day++) {
		const struct day_hours *of = &hours->days[day_of_week(day)];
		int64_t midnight = day * DAY_S - offset;
		for (size_t i = 0; i < of->count; i++)
			spans_add(out, most(stretch.from, midnight + of->spans[i].from * MINUTE_S),
				least(stretch.to, midnight + of->spans[i].to * MINUTE_S));
	}
}

static struct spans open_times(struct arena *mem, const struct slot_query *q)
{
	struct spans out = { .mem = mem };
	struct zone_change changes[CHANGES_MAX];
	if (!q->hours) {
		spans_add(&out, q->from, q->to);
		return out;
	}
	size_t count = zone_changes_after(q->zone, q->from, changes, CHANGES_MAX);
	int64_t at = q->from;
	for (size_t i = 0; at < q->to; i++) {
		int64_t until = i < count ? least(most(changes[i].utc, at), q->to) : q->to;
		if (until > at)
			add_steady(&out, q->hours, (struct slot_span){ at, until }, zone_offset_at(q->zone, at));
		at = until;
	}
	return out;
}

/* ---- free times ---- */

static struct spans free_times(struct arena *mem, const struct slot_query *q)
{
	const struct spans open = open_times(mem, q);
	struct spans out = { .mem = mem };
	size_t first = 0;
	for (size_t i = 0; i < open.count; i++) {
		int64_t at = open.items[i].from, until = open.items[i].to;
		while (first < q->busy_count && q->busy[first].to + q->buffer_s <= at)
			first++;
		for (size_t k = first; k < q->busy_count && q->busy[k].from - q->buffer_s < until; k++) {
			spans_add(&out, at, q->busy[k].from - q->buffer_s);
			at = most(at, q->busy[k].to + q->buffer_s);
		}
		spans_add(&out, at, until);
	}
	return out;
}

/* ---- scores ---- */

static int part_score(const struct slot_query *q, int64_t start)
{
	static const struct day_span parts[] = {
		[ANY_TIME] = { 0, DAY_MINUTES },
		[MORNING] = { 5 * 60, 12 * 60 },
		[AFTERNOON] = { 12 * 60, 17 * 60 },
		[EVENING] = { 17 * 60, 22 * 60 },
	};
	int64_t from = zone_to_local(q->zone, start), until = from + q->duration_s, within = 0;
	for (int64_t day = floor_div(from, DAY_S); day <= floor_div(until - 1, DAY_S); day++)
		within += most(0, least(until, day * DAY_S + parts[q->part].to * MINUTE_S) -
					  most(from, day * DAY_S + parts[q->part].from * MINUTE_S));
	return (int)(PART_SCORE * within / q->duration_s);
}

static int score_of(const struct slot_query *q, int64_t start)
{
	int64_t room = q->to - q->duration_s - q->from;
	return part_score(q, start) + (room > 0 ? (int)(EARLY_SCORE * (room - (start - q->from)) / room) : EARLY_SCORE);
}

/* ---- slots ---- */

static int slot_cmp(const void *a, const void *b)
{
	const struct time_slot *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static struct time_slot *candidates(struct arena *mem, const struct slot_query *q, size_t *count_out)
{
	const struct spans open = free_times(mem, q);
	size_t max = 0, count = 0;
	for (size_t i = 0; i < open.count; i++)
		max += (size_t)((open.items[i].to - open.items[i].from) / GRID_S) + 2;
	struct time_slot *out = arena_array(mem, struct time_slot, max + 1);
	for (size_t i = 0; i < open.count; i++) {
		int64_t start = round_up(open.items[i].from, MINUTE_S);
		for (; start + q->duration_s <= open.items[i].to; start = round_up(start + 1, GRID_S))
			out[count++] = (struct time_slot){ start, start + q->duration_s, score_of(q, start) };
	}
	*count_out = count;
	return out;
}

static bool is_apart(const struct time_slot *slots, size_t count, const struct time_slot *other)
{
	for (size_t i = 0; i < count; i++)
		if (slots[i].start < other->end && other->start < slots[i].end)
			return false;
	return true;
}

const struct time_slot *slots_find(struct arena *mem, const struct slot_query *q, size_t *count_out)
{
	size_t count, kept = 0;
	struct time_slot *all = candidates(mem, q, &count);
	if (count > 0)
		qsort(all, count, sizeof *all, slot_cmp);
	for (size_t i = 0; i < count && kept < q->limit; i++)
		if (is_apart(all, kept, &all[i]))
			all[kept++] = all[i];
	*count_out = kept;
	return all;
}
