/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example: each minute from 12:00:00 on, one minute long, EXDATE 12:03:00, asked for 12:01:30 to 12:06:00. The rule
 * is base 12:00:00, step 60 s, and instance number n begins at base + n * step. Around the window (a day on each side,
 * for clocks that are set) numbers 0 to 1446 count. The EXDATE is a hole at [12:03:00, 12:03:01): number 3. So there
 * are two runs, 0 to 2 and 4 to 1446, each from the start of its first to the end of its last: 12:00:00 to 12:03:00,
 * and from 12:04:00 on. Whoever asked clips them to the window. With a length of 59 s there would be a gap after each:
 * no dense series.
 */
#include "caldav/calendar/recur/dense_series.h"

#include <stdlib.h>

#define LAST_LOCAL INT64_C(253402300799) /* 9999-12-31T23:59:59 */

/* Instance number n begins at base + n * step. */
struct even {
	int64_t base, step, last;
};

static const int64_t units[] = { [RRULE_SECONDLY] = 1, [RRULE_MINUTELY] = 60, [RRULE_HOURLY] = 3600 };

/* Is an instance of some length made or moved otherwise than by the rules? Overrides are visited one by one. */
static bool has_others(const struct series *s)
{
	return s->rdate_count || (s->override_count && s->overrides[s->override_count - 1].future);
}

/* Whatever the rules are: they make moments. */
static bool is_of_moments(const struct series *s)
{
	return s->master && s->master->has_start && !s->clock.date && !has_others(s) && !s->master->length.wall &&
	       !s->master->length.exact;
}

/* One rule that says nothing but its step, which is no longer than an instance; and nothing else makes or moves any. */
static bool is_even(const struct series *s, struct even *out)
{
	const struct series_rule *r = &s->rules[0];
	if (!s->master || !s->master->has_start || s->clock.date || s->rule_count != 1 || has_others(s))
		return false;
	if (r->excludes || r->rule.parts || r->rule.freq > RRULE_HOURLY)
		return false;
	*out = (struct even){ .base = s->clock.local, .step = r->rule.interval * units[r->rule.freq] };
	if (s->master->length.wall + s->master->length.exact < out->step)
		return false;
	int64_t until = r->until_local < LAST_LOCAL ? r->until_local : LAST_LOCAL;
	out->last = floor_div(until - out->base, out->step);
	if (out->last < 0)
		out->last = 0; /* DTSTART is the first instance, whatever the rule says */
	if (r->rule.count && r->rule.count - 1 < out->last)
		out->last = r->rule.count - 1;
	return true;
}

/* ---- what is taken out ---- */

struct hole {
	int64_t from, until;
};

static int hole_cmp(const void *a, const void *b)
{
	const struct hole *x = a, *y = b;
	return x->from < y->from ? -1 : x->from > y->from;
}

static struct hole *holes_of(struct arena *mem, const struct series *s, size_t *count_out)
{
	size_t n = 0;
	struct hole *holes = arena_array(mem, struct hole, s->exdate_count + s->exday_count + s->override_count);
	for (size_t i = 0; i < s->exdate_count; i++)
		holes[n++] = (struct hole){ s->exdates[i].local, s->exdates[i].local + 1 };
	for (size_t i = 0; i < s->override_count; i++)
		holes[n++] = (struct hole){ s->overrides[i].original.local, s->overrides[i].original.local + 1 };
	for (size_t i = 0; i < s->exday_count; i++)
		holes[n++] = (struct hole){ s->exdays[i], s->exdays[i] + DAY_S };
	if (n)
		qsort(holes, n, sizeof *holes, hole_cmp);
	*count_out = n;
	return holes;
}

/* ---- runs ---- */

struct running {
	const struct series *s;
	const struct walk *walk;
	const struct even *even;
	void (*visit)(void *to, int64_t start, int64_t end);
	void *to;
};

/* The number of the first instance at or after `local`. */
static int64_t number_from(const struct even *e, int64_t local)
{
	int64_t n = -floor_div(-(local - e->base), e->step);
	return n < 0 ? 0 : n;
}

static void run_visit(const struct running *r, int64_t first, int64_t last)
{
	struct when begin = r->s->clock, end = r->s->clock;
	if (first > last)
		return;
	begin.local = r->even->base + first * r->even->step;
	end.local = r->even->base + last * r->even->step;
	r->visit(r->to, when_utc(begin, r->walk->floating), timing_extent(r->s->master, end, r->walk->floating).end);
}

bool dense_series_runs(struct arena *mem, const struct series *s, const struct walk *walk,
	void (*visit)(void *to, int64_t start, int64_t end), void *to)
{
	struct even even;
	if (is_of_moments(s))
		return true;
	if (!is_even(s, &even))
		return false;
	const struct running running = { s, walk, &even, visit, to };
	/* A day around, for clocks that are set; all is in seconds of years that have four digits. */
	int64_t a = walk->a > -LAST_LOCAL ? walk->a : -LAST_LOCAL, b = walk->b < LAST_LOCAL ? walk->b : LAST_LOCAL;
	int64_t n = number_from(&even, a - 2 * DAY_S - s->longest);
	int64_t last = number_from(&even, b + 2 * DAY_S);
	size_t hole_count;
	struct hole *holes = holes_of(mem, s, &hole_count);
	last = last < even.last ? last : even.last;
	for (size_t i = 0; i < hole_count && n <= last; i++) {
		int64_t from = number_from(&even, holes[i].from), after = number_from(&even, holes[i].until);
		if (from == after || after <= n) /* no instance is there */
			continue;
		run_visit(&running, n, from - 1 < last ? from - 1 : last);
		n = after;
	}
	run_visit(&running, n, last);
	return true;
}
