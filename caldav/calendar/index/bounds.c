/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/index/bounds.h"

#include <stdlib.h>

#define OCCURRENCES_MAX 4096
#define YEAR_S (366 * DAY_S)
#define HORIZON_S (5 * YEAR_S)

struct spans {
	struct arena *mem;
	struct occurrence_span *items;
	size_t count, cap, limit;
	bool over;
	int64_t stopped_at; /* `over`: the first that is not in */
	bool gave_up;       /* there may be others, anywhere: a rule was too much work */
};

static bool span_add(void *to, const struct series_instance *i)
{
	struct spans *s = to;
	if (s->count == s->limit && !i->timing->is_override) {
		s->over = true;
		s->stopped_at = i->at.first;
		return false;
	}
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		s->items = arena_grow(s->mem, s->items, s->cap * sizeof *s->items, cap * sizeof *s->items);
		s->cap = cap;
	}
	s->items[s->count++] = (struct occurrence_span){ i->at.first, i->at.last };
	return true;
}

static int span_cmp(const void *a, const void *b)
{
	const struct occurrence_span *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

/* All spans in [a, b), sorted; at most `limit` by the rules. */
static struct spans spans_in(struct arena *mem, const struct series *s, int64_t a, int64_t b, size_t limit)
{
	struct spans found = { .mem = mem, .limit = limit };
	struct walk walk = { .floating = zone_utc(), .a = a, .b = b, .visit = span_add, .to = &found };
	found.gave_up = !series_walk(mem, s, &walk);
	if (found.count)
		qsort(found.items, found.count, sizeof *found.items, span_cmp);
	return found;
}

static void least_is(int64_t *least, const struct timing *t, struct when start)
{
	int64_t begins = timing_extent(t, start, zone_utc()).first;
	*least = begins < *least ? begins : *least;
}

/* The beginning of the first instance, or a time before it where that is too much work; INT64_MAX: there is none. */
static int64_t first_of(struct arena *mem, const struct series *s, bool gave_up)
{
	int64_t least = INT64_MAX;
	if (!gave_up) {
		struct spans first = spans_in(mem, s, INT64_MIN, INT64_MAX, 1);
		least = first.count ? first.items[0].first : INT64_MAX;
		gave_up = first.gave_up;
	}
	if (gave_up) { /* no rule makes anything before DTSTART */
		least_is(&least, s->master, s->clock);
		if (s->rdate_count)
			least_is(&least, s->master, s->rdates[0].start);
	}
	for (size_t i = 0; i < s->override_count; i++)
		least_is(&least, s->overrides[i].timing, s->overrides[i].timing->start);
	return s->widest_shift && least != INT64_MAX ? add_clamped(least, -s->widest_shift) : least;
}

static struct instant bound(int64_t s, int64_t widen)
{
	if (s == INT64_MIN)
		return INSTANT_BEFORE;
	if (s == INT64_MAX)
		return INSTANT_FOREVER;
	return instant_of_s(s + widen);
}

static int64_t last_of(const struct spans *spans)
{
	int64_t last = INT64_MIN;
	for (size_t i = 0; i < spans->count; i++)
		last = spans->items[i].last > last ? spans->items[i].last : last;
	return last;
}

/* Local times are up to 14 hours before their UTC, and up to 12 after it. */
#define WIDEN_FIRST (-14 * INT64_C(3600))
#define WIDEN_LAST (12 * INT64_C(3600))

static void bounds_set(struct ical_facts *facts, bool floats, int64_t first, int64_t last)
{
	bool never = first == INT64_MAX || last == INT64_MIN;
	facts->first_at = never ? INSTANT_BEFORE : bound(first, floats ? WIDEN_FIRST : 0);
	facts->last_at = never ? INSTANT_BEFORE : bound(last, floats ? WIDEN_LAST : 0);
}

static void single_bounds(struct ctx *cx, const struct series *s, struct ical_facts *facts)
{
	struct extent p = timing_extent(s->master, s->master->start, zone_utc());
	struct occurrence_span span = { p.first, p.last };
	bounds_set(facts, s->floats, p.first, p.last);
	if (s->floats)
		facts->occ = occurrences_pack(cx->mem, &span, 1, INT64_MIN);
}

/* The spans that are worth keeping: all from *from_out to *until_out, unless a rule was given up. */
static struct spans spans_near(struct ctx *cx, const struct series *s, int64_t *from_out, int64_t *until_out)
{
	int64_t now = instant_s(cx->now);
	*from_out = INT64_MIN;
	*until_out = now + HORIZON_S;
	struct spans spans = spans_in(cx->mem, s, *from_out, *until_out, OCCURRENCES_MAX);
	if (!spans.over || spans.gave_up)
		return spans;
	int64_t early = spans.stopped_at;
	*from_out = now - YEAR_S; /* a long past: the last year and the future are asked for most */
	spans = spans_in(cx->mem, s, *from_out, *until_out, OCCURRENCES_MAX);
	if (spans.over && !spans.gave_up) {
		*until_out = spans.stopped_at;
		spans = spans_in(cx->mem, s, *from_out, *until_out, OCCURRENCES_MAX);
	}
	if (!spans.gave_up)
		return spans;
	*from_out = INT64_MIN; /* COUNT counts from the beginning: that is how far it was followed */
	*until_out = early;
	return spans_in(cx->mem, s, *from_out, *until_out, OCCURRENCES_MAX);
}

/* Does nothing come after that? */
static bool ends_by(struct arena *mem, const struct series *s, int64_t until)
{
	if (s->endless)
		return false;
	struct spans later = spans_in(mem, s, until, INT64_MAX, 1);
	return !later.count && !later.gave_up;
}

static void recurring_bounds(struct ctx *cx, const struct series *s, struct ical_facts *facts)
{
	int64_t from, until;
	struct spans spans = spans_near(cx, s, &from, &until);
	bool complete = !spans.gave_up && ends_by(cx->mem, s, until);
	bool begins = from == INT64_MIN && spans.count && !spans.gave_up;
	int64_t first = begins ? spans.items[0].first : first_of(cx->mem, s, spans.gave_up);
	int64_t last = !complete ? INT64_MAX : spans.count ? last_of(&spans) : first == INT64_MAX ? INT64_MIN : from;
	bounds_set(facts, s->floats, first, last);
	if (!s->mixed_clocks && !spans.gave_up) {
		facts->occ = occurrences_pack(cx->mem, spans.items, spans.count, from);
		facts->occ_until = complete ? INSTANT_FOREVER : instant_of_s(until);
	}
	if (s->endless)
		facts->flags |= ICAL_ENDLESS;
}

void bounds_make(struct ctx *cx, const struct series *s, struct ical_facts *facts)
{
	facts->occ_until = INSTANT_FOREVER;
	if (s->floats)
		facts->flags |= ICAL_FLOATING;
	if (!s->recurs) {
		single_bounds(cx, s, facts);
		return;
	}
	facts->flags |= ICAL_RECURRING;
	recurring_bounds(cx, s, facts);
}

/* ---- using them ---- */

static int64_t slack_of(const struct ical_facts *facts)
{
	return facts->flags & ICAL_FLOATING ? DAY_S : 0;
}

bool bounds_cover(const struct ical_facts *facts, int64_t a, int64_t b)
{
	int64_t slack = slack_of(facts);
	return facts->occ.ptr && occurrences_from(facts->occ) <= add_clamped(a, -slack) &&
	       (facts->occ_until.us == INSTANT_FOREVER.us || add_clamped(b, slack) <= instant_s(facts->occ_until));
}

struct bounds_visit {
	const struct zone *floating; /* NULL: spans are UTC */
	int64_t a, b;
	bool (*visit)(void *to, struct occurrence_span span);
	void *to;
};

static bool visit_span(void *to, struct occurrence_span span)
{
	const struct bounds_visit *v = to;
	if (v->floating) {
		span.first = zone_to_utc(v->floating, span.first);
		span.last = zone_to_utc(v->floating, span.last);
	}
	return !(span.first < v->b && span.last > v->a) || v->visit(v->to, span);
}

void bounds_walk(const struct ical_facts *facts, int64_t a, int64_t b, const struct zone *floating,
	bool (*visit)(void *to, struct occurrence_span span), void *to)
{
	int64_t slack = slack_of(facts);
	struct bounds_visit v = { slack ? floating : NULL, a, b, visit, to };
	occurrences_walk(facts->occ, add_clamped(a, -slack), add_clamped(b, slack), visit_span, &v);
}
