/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a walk goes. Original starts are numbers on the master's clock; an example, in Europe/Berlin:
 *
 *     DTSTART 2 Nov 9:00, one hour, daily           the rule makes     2  3  4  5  6  7 … at 9:00
 *     EXDATE 4 Nov 9:00                                                2  3     5  6  7
 *     RECURRENCE-ID 3 Nov 9:00, at 20:00            has its own place  2        5  6  7   and 3 at 20:00
 *     RECURRENCE-ID;RANGE=THISANDFUTURE             from there on      2           6  7   shifted by a day and an hour:
 *       5 Nov 9:00, at 6 Nov 10:00, two hours                                             7  8 at 10:00, and its own 6
 *
 * Asked for what touches 7 Nov 0:00 to 8 Nov 0:00 (in UTC and by the second, RFC 4791 §9.9):
 *
 *  1. walk_from(): where an instance could begin that still runs at the window's start. The window's start on
 *     the clock (1:00), less the longest length (2 h), the widest shift (25 h), and a second, or 25 hours where
 *     the clock is set nearby. So the rule is sought to 5 Nov 21:59:59; nothing before is looked at.
 *  2. merge_next(): rules and RDATE in order, each start once: 6, 7 and 8 Nov 9:00, until walk_until(), the
 *     window's end plus the shift.
 *  3. visit_made(): not excluded, no override of its own; the last THISANDFUTURE before it (that of 5 Nov)
 *     describes it. 6 Nov lies at 7 Nov 10:00 to 12:00, inside; the others a day and two later, outside.
 *  4. visit_overrides(): each by itself, wherever it lies: 3 Nov 20:00 and 6 Nov 10:00, both outside.
 */
#include "caldav/calendar/recur/expand.h"

#include <stdlib.h>

#include "caldav/calendar/recur/merge.h"

/* ---- exceptions ---- */

static int start_cmp(const void *a, const void *b)
{
	return when_cmp(a, b);
}

static bool is_excluded(const struct series *s, struct when original)
{
	int64_t day = floor_div(original.local, DAY_S) * DAY_S;
	return (s->exdate_count && bsearch(&original, s->exdates, s->exdate_count, sizeof original, start_cmp)) ||
	       (s->exday_count && bsearch(&day, s->exdays, s->exday_count, sizeof day, int64_cmp));
}

/* The override of this instance, if any; in *future the last THISANDFUTURE before it. */
static const struct override *override_of(const struct series *s, struct when original, const struct override **future)
{
	size_t low = 0, high = s->override_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (when_cmp(&s->overrides[middle].original, &original) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*future = low ? s->overrides[low - 1].future : NULL;
	return low < s->override_count && !when_cmp(&s->overrides[low].original, &original) ? &s->overrides[low] : NULL;
}

/* ---- walking ---- */

#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59 */

static bool visit_if_inside(const struct walk *w, const struct series_instance *i)
{
	if ((w->only && i->timing->comp != w->only) || (w->resumes && i->at.start < w->resume))
		return true;
	if (!(i->at.first < w->b && i->at.last > w->a))
		return true;
	return w->visit(w->to, i);
}

/* An instance as the master, an RDATE's period or an earlier THISANDFUTURE (RFC 5545 §3.2.13) has it. */
static struct series_instance made_instance(const struct series *s, struct when original, const struct rdate *rdate,
	const struct override *future, const struct zone *floating)
{
	struct series_instance i = { .timing = s->master, .original = original, .start = original };
	struct timing with_length = *s->master;
	if (future) {
		struct when moved = original;
		moved.local += future->shift;
		moved.second = moved.second && !future->shift;
		i.timing = future->timing;
		i.start = when_on(moved, i.timing->start.zone);
		i.start.date = i.timing->start.date;
		with_length = *i.timing;
	} else if (rdate && rdate->has_length) {
		with_length.length = rdate->length;
	}
	i.length = with_length.length;
	i.at = timing_extent(&with_length, i.start, floating);
	return i;
}

static struct series_instance own_instance(const struct override *o, const struct zone *floating)
{
	const struct timing *t = o->timing;
	return (struct series_instance){ .timing = t,
		.own = o,
		.original = o->original,
		.start = t->start,
		.length = t->length,
		.at = timing_extent(t, t->start, floating) };
}

/* An instance that the rules or RDATE make, unless it is excepted. False: the visitor has enough. */
static bool visit_made(const struct series *s, const struct walk *w, struct when original, const struct rdate *rdate)
{
	const struct override *future;
	if (is_excluded(s, original) || override_of(s, original, &future))
		return true;
	const struct series_instance i = made_instance(s, original, rdate, future, w->floating);
	return visit_if_inside(w, &i);
}

static bool visit_overrides(const struct series *s, const struct walk *w)
{
	for (size_t n = 0; n < s->override_count; n++) {
		const struct series_instance i = own_instance(&s->overrides[n], w->floating);
		if (!visit_if_inside(w, &i))
			return false;
	}
	return true;
}

static bool is_far(int64_t utc) /* an open end */
{
	return utc < -LAST_SECOND || utc > LAST_SECOND;
}

static int64_t clock_time(const struct zone *clock, int64_t utc)
{
	return is_far(utc) ? utc : zone_to_local(clock, utc);
}

/* How far an instance's start on this clock may be from what the clock shows at `utc`, when it begins about there. */
static int64_t clock_slack(const struct zone *clock, int64_t utc)
{
	bool steady = !is_far(utc) && zone_is_steady(clock, utc - CLOCK_JUMP_MAX, utc + CLOCK_JUMP_MAX);
	return steady ? 1 : CLOCK_JUMP_MAX;
}

/* The original starts that a walk has to look at. */
static int64_t walk_from(const struct series *s, const struct walk *w, const struct zone *clock)
{
	int64_t from = add_clamped(clock_time(clock, w->a), -(s->longest + s->widest_shift + clock_slack(clock, w->a)));
	if (!w->resumes)
		return from;
	int64_t resume = add_clamped(clock_time(clock, w->resume), -(s->widest_shift + clock_slack(clock, w->resume)));
	return from > resume ? from : resume;
}

static int64_t walk_until(const struct series *s, const struct walk *w, const struct zone *clock)
{
	return add_clamped(clock_time(clock, w->b), s->widest_shift + clock_slack(clock, w->b));
}

/* What the rules and RDATE make. False: the budget was not enough. */
static bool visit_set(struct arena *mem, const struct series *s, const struct walk *walk, bool *enough)
{
	const struct zone *clock = s->clock.zone ? s->clock.zone : walk->floating;
	int64_t b = walk->b, until = walk_until(s, walk, clock);
	struct when original;
	const struct rdate *rdate;
	struct merge m;
	merge_open(mem, s, walk_from(s, walk, clock), until, &m);
	while (merge_next(&m, &original, &rdate) && original.local <= until) {
		if (merge_excluded(&m, original.local))
			continue;
		*enough = !visit_made(s, walk, original, rdate);
		if (*enough)
			return !merge_gave_up(&m, original.local);
		if (walk->b != b) {
			b = walk->b;
			until = walk_until(s, walk, clock);
		}
	}
	return !merge_gave_up(&m, until);
}

bool series_walk(struct arena *mem, const struct series *s, const struct walk *walk)
{
	const struct timing *only = walk->only ? series_of_comp(s, walk->only) : NULL;
	bool enough = false, whole = true;
	if (only && only->is_override && !only->and_future)
		return visit_overrides(s, walk) || true; /* no need to run through the rules */
	if (s->master && !s->master->has_start) {        /* a VTODO or VJOURNAL without any date */
		struct series_instance i = { .timing = s->master,
			.at = timing_extent(s->master, s->clock, walk->floating) };
		enough = !visit_if_inside(walk, &i);
	} else if (s->master && !walk->overrides_alone) {
		whole = visit_set(mem, s, walk, &enough);
	}
	if (!enough)
		(void)visit_overrides(s, walk);
	return whole;
}

err_t series_too_costly(struct ctx *cx, const struct series *s)
{
	struct str uid = ical_value(s->timings[0].comp, STR("UID"));
	return REFUSE(cx, TOO_COSTLY, "",
		"The recurrence of the event with the UID %.*s takes too long to follow: ask for a shorter range, or "
		"give its "
		"RRULE a simpler form, such as UNTIL instead of COUNT.",
		STR_ARG(str_sub(uid, 0, 100)));
}

enum made { NOT_MADE, MADE, TOO_FAR };

/* Do the rules and dates make one there, EXDATE aside? *rdate_out: the date that does, NULL for a rule. */
static enum made set_makes(
	struct arena *mem, const struct series *s, struct when original, const struct rdate **rdate_out)
{
	struct merge m;
	struct when next;
	if (!s->master || !s->master->has_start)
		return NOT_MADE;
	merge_open(mem, s, original.local, original.local, &m);
	while (merge_next(&m, &next, rdate_out)) {
		if (when_cmp(&next, &original) < 0) /* an RDATE that still runs then */
			continue;
		if (!when_cmp(&next, &original))
			return merge_excluded(&m, original.local) ? NOT_MADE : MADE;
		break;
	}
	return merge_gave_up(&m, original.local) ? TOO_FAR : NOT_MADE;
}

bool series_makes(struct arena *mem, const struct series *s, struct when original)
{
	const struct rdate *rdate;
	struct arena_mark mark = arena_mark(mem);
	enum made made = set_makes(mem, s, original, &rdate);
	arena_rewind(mem, mark);
	return made != NOT_MADE;
}

struct str recurrence_id_text(struct arena *mem, struct when original)
{
	struct wall w = { original.local, original.date, false };
	if (original.zone) {
		w.local = when_utc(original, NULL);
		w.utc = true;
	}
	return wall_text(mem, w);
}

/* ---- one instance ---- */

bool series_instance_at(struct arena *mem, const struct series *s, struct when original, bool own,
	const struct zone *floating, struct series_instance *out)
{
	const struct override *future, *o = override_of(s, original, &future);
	const struct rdate *rdate;
	if (o && own) {
		*out = own_instance(o, floating);
		return true;
	}
	struct arena_mark mark = arena_mark(mem);
	bool made = set_makes(mem, s, original, &rdate) == MADE && (!own || !is_excluded(s, original));
	arena_rewind(mem, mark);
	if (made)
		*out = made_instance(s, original, rdate, future, floating);
	return made;
}

bool series_instance(struct arena *mem, const struct series *s, struct str recurrence_id, const struct zone *floating,
	struct series_instance *out)
{
	struct wall w;
	struct when starts[2];
	if (!s->recurs || !wall_parse(recurrence_id, &w) || w.utc != (s->clock.zone != NULL) || w.date != s->clock.date)
		return false;
	if (!str_eq(wall_text(mem, w), recurrence_id)) /* in one way only */
		return false;
	const struct when value = { w.local, w.utc ? zone_utc() : NULL, w.date, false };
	size_t n = series_starts(s, value, starts);
	for (size_t i = 0; i < n; i++)
		if (series_instance_at(mem, s, starts[i], true, floating, out))
			return true;
	return false;
}

bool series_instance_after(struct arena *mem, const struct series *s, struct when original, const struct zone *floating,
	struct series_instance *out)
{
	const struct override *future;
	const struct rdate *rdate;
	struct when next;
	struct merge m;
	if (!s->master || !s->master->has_start)
		return false;
	struct arena_mark mark = arena_mark(mem);
	bool found = false;
	merge_open(mem, s, original.local, INT64_MAX, &m);
	while (!found && merge_next(&m, &next, &rdate)) {
		if (when_cmp(&next, &original) <= 0 || merge_excluded(&m, next.local) || is_excluded(s, next) ||
			override_of(s, next, &future))
			continue;
		*out = made_instance(s, next, rdate, future, floating);
		found = true;
	}
	arena_rewind(mem, mark);
	return found;
}
