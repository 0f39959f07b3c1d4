/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/bookable.h"

#define MINUTE_S 60
#define CHANGES_MAX 32 /* of a zone's offset within a range */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t bookable_day(const struct zone *zone, int64_t utc)
{
	return floor_div(zone_to_local(zone, utc), DAY_S);
}

/* What is looked at: working time as it joins, and where slots could begin in it, both in order. */
struct opening {
	struct arena *mem;
	const struct bookable_query *q;
	struct slot_span *spans;
	size_t span_count, span_cap;
	int64_t *starts;
	size_t start_count, start_cap;
};

/* What adjoins the last one becomes part of it. */
static void add_span(struct opening *o, int64_t from, int64_t until)
{
	if (o->span_count > 0 && o->spans[o->span_count - 1].to >= from) {
		o->spans[o->span_count - 1].to = most(until, o->spans[o->span_count - 1].to);
		return;
	}
	if (o->span_count == o->span_cap) {
		size_t cap = o->span_cap ? o->span_cap * 2 : 64;
		o->spans = arena_grow(o->mem, o->spans, o->span_cap * sizeof *o->spans, cap * sizeof *o->spans);
		o->span_cap = cap;
	}
	o->spans[o->span_count++] = (struct slot_span){ from, until };
}

static void add_start(struct opening *o, int64_t at)
{
	if (o->start_count == o->start_cap) {
		size_t cap = o->start_cap ? o->start_cap * 2 : 256;
		o->starts = arena_grow(o->mem, o->starts, o->start_cap * sizeof *o->starts, cap * sizeof *o->starts);
		o->start_cap = cap;
	}
	o->starts[o->start_count++] = at;
}

/* A span of one day that begins at the instant `begins` if its clock does not change, as far as it is in the stretch.
 */
static void add_hours(struct opening *o, struct slot_span stretch, int64_t begins, int64_t length)
{
	int64_t from = most(stretch.from, begins), until = least(stretch.to, begins + length);
	int64_t step = (int64_t)o->q->step * MINUTE_S;
	if (from >= until)
		return;
	add_span(o, from, until);
	for (int64_t at = begins + (from - begins + step - 1) / step * step; at < until; at += step)
		add_start(o, at);
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static const struct day_hours *hours_of(const struct bookable_query *q, int64_t day)
{
	size_t low = 0, high = q->exception_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (q->exceptions[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < q->exception_count && q->exceptions[low].day == day)
		return &q->exceptions[low].hours;
	return &q->hours->days[day_of_week(day)];
}

/* A stretch of time in which the offset stays. */
static void add_steady(struct opening *o, struct slot_span stretch, int64_t offset)
{
	int64_t last = floor_div(stretch.to - 1 + offset, DAY_S);
	for (int64_t day = floor_div(stretch.from + offset, DAY_S); day <= last; day++) {
		const struct day_hours *of = hours_of(o->q, day);
		int64_t midnight = day * DAY_S - offset;
		for (size_t i = 0; i < of->count; i++)
			add_hours(o, stretch, midnight + of->spans[i].from * MINUTE_S,
				(int64_t)(of->spans[i].to - of->spans[i].from) * MINUTE_S);
	}
}

static struct opening open_times(struct arena *mem, const struct bookable_query *q)
{
	struct opening o = { .mem = mem, .q = q };
	struct zone_change changes[CHANGES_MAX];
	size_t count = zone_changes_after(q->zone, q->from, changes, CHANGES_MAX);
	int64_t at = q->from;
	for (size_t i = 0; at < q->to; i++) {
		int64_t until = i < count ? least(most(changes[i].utc, at), q->to) : q->to;
		if (until > at)
			add_steady(&o, (struct slot_span){ at, until }, zone_offset_at(q->zone, at));
		at = until;
	}
	return o;
}

static bool is_full(const struct bookable_query *q, int64_t at)
{
	if (q->full_day_count == 0)
		return false;
	int64_t day = bookable_day(q->zone, at);
	for (size_t i = 0; i < q->full_day_count; i++)
		if (q->full_days[i] == day)
			return true;
	return false;
}

const struct slot_span *bookable_slots(struct arena *mem, const struct bookable_query *q, size_t *count_out)
{
	const struct opening o = open_times(mem, q);
	size_t room = o.start_count < q->limit ? o.start_count : q->limit;
	struct slot_span *out = arena_array(mem, struct slot_span, room + 1);
	size_t count = 0, span = 0, busy = 0;
	for (size_t i = 0; i < o.start_count && count < q->limit; i++) {
		int64_t at = o.starts[i], end = at + q->duration_s;
		while (o.spans[span].to <= at)
			span++; /* each start is in one */
		while (busy < q->busy_count && q->busy[busy].to <= at - q->before_s)
			busy++;
		if (end > o.spans[span].to || (busy < q->busy_count && q->busy[busy].from < end + q->after_s) ||
			is_full(q, at))
			continue;
		out[count++] = (struct slot_span){ at, end };
	}
	*count_out = count;
	return out;
}
