/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/expand.h"

#include <stdlib.h>

#include "caldav/calendar/recur/work.h"

/* ---- the merged, ascending original starts of a set ---- */

struct source {
	struct rrule_iter *it;
	bool excludes, has;
	int64_t next;
};

#define STEPS_MAX 500000 /* original starts that a walk may pass; EXRULE can take all of an endless rule out */

struct merge {
	const struct series *s;
	int steps;
	struct source sources[SERIES_RULES_MAX];
	size_t rdate; /* the next one */
	bool single;  /* without a rule DTSTART is an instance, yet to come */
};

static void source_step(struct source *src)
{
	src->has = rrule_next(src->it, &src->next);
}

static void merge_open(struct arena *mem, const struct series *s, int64_t from, struct merge *m)
{
	*m = (struct merge){ .s = s, .single = !s->includes };
	for (size_t i = 0; i < s->rule_count; i++) {
		const struct series_rule *r = &s->rules[i];
		struct source *src = &m->sources[i];
		struct rrule_start start = { .local = s->clock.local,
			.until_local = r->until_local,
			.counts_start = !r->excludes,
			.date = s->clock.date };
		src->excludes = r->excludes;
		src->it = rrule_open(mem, &r->rule, start);
		rrule_seek(src->it, from);
		source_step(src);
	}
	while (m->rdate < s->rdate_count && s->rdates[m->rdate].local < add_clamped(from, -s->longest_rdate))
		m->rdate++;
}

/* Do the rules exclude it? Their iterators follow. */
static bool merge_excluded(struct merge *m, int64_t local)
{
	bool hit = false;
	for (size_t i = 0; i < m->s->rule_count; i++) {
		struct source *src = &m->sources[i];
		while (src->excludes && src->has && src->next < local)
			source_step(src);
		hit = hit || (src->excludes && src->has && src->next == local);
	}
	return hit;
}

/* The next original start, each once; *rdate_out is the RDATE that it came from alone, or NULL. */
static bool merge_next(struct merge *m, int64_t *local_out, const struct rdate **rdate_out)
{
	const struct series *s = m->s;
	int64_t least = INT64_MAX;
	*rdate_out = NULL;
	if (m->single)
		least = s->clock.local;
	for (size_t i = 0; i < s->rule_count; i++)
		if (!m->sources[i].excludes && m->sources[i].has && m->sources[i].next < least)
			least = m->sources[i].next;
	if (m->rdate < s->rdate_count && s->rdates[m->rdate].local < least) {
		*rdate_out = &s->rdates[m->rdate];
		least = (*rdate_out)->local;
	}
	if (least == INT64_MAX || ++m->steps > STEPS_MAX)
		return false;
	m->single = m->single && s->clock.local != least;
	while (m->rdate < s->rdate_count && s->rdates[m->rdate].local == least)
		m->rdate++;
	for (size_t i = 0; i < s->rule_count; i++)
		while (!m->sources[i].excludes && m->sources[i].has && m->sources[i].next <= least)
			source_step(&m->sources[i]);
	*local_out = least;
	return true;
}

static bool merge_gave_up(const struct merge *m)
{
	if (m->steps > STEPS_MAX)
		return true;
	for (size_t i = 0; i < m->s->rule_count; i++)
		if (rrule_gave_up(m->sources[i].it))
			return true;
	return false;
}

/* ---- exceptions ---- */

/* How many of the sorted values are at or below `value`. */
static size_t rank(const int64_t *values, size_t count, int64_t value)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (values[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool listed(const int64_t *values, size_t count, int64_t value)
{
	size_t n = rank(values, count, value);
	return n && values[n - 1] == value;
}

static bool is_excluded(const struct series *s, int64_t local)
{
	return (s->exdate_count && listed(s->exdates, s->exdate_count, local)) ||
	       (s->exday_count && listed(s->exdays, s->exday_count, floor_div(local, DAY_SECONDS) * DAY_SECONDS));
}

/* The override of this instance, if any; else in *future the last THISANDFUTURE before it. */
static const struct override *override_of(const struct series *s, int64_t local, const struct override **future)
{
	size_t low = 0, high = s->override_count;
	*future = NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->overrides[middle].original <= local)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && s->overrides[low - 1].original == local)
		return &s->overrides[low - 1];
	*future = low ? s->overrides[low - 1].future : NULL;
	return NULL;
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

/* An instance that the rules or RDATE make, unless it is excepted. False: the visitor has enough. */
static bool visit_made(const struct series *s, const struct walk *w, int64_t local, const struct rdate *rdate)
{
	const struct override *future;
	if (is_excluded(s, local) || override_of(s, local, &future))
		return true;
	struct series_instance i = { .timing = s->master, .original = s->clock };
	i.original.local = local;
	i.start = i.original;
	struct timing with_length;
	if (future) {
		i.timing = future->timing;
		i.start = future->timing->start;
		i.start.local = when_local((struct when){ local + future->shift, s->clock.zone, false }, i.start.zone);
	} else if (rdate && rdate->has_length) {
		with_length = *s->master;
		with_length.length = rdate->length;
		i.at = timing_place(&with_length, i.start, w->floating);
		return visit_if_inside(w, &i);
	}
	i.at = timing_place(i.timing, i.start, w->floating);
	return visit_if_inside(w, &i);
}

static bool visit_overrides(const struct series *s, const struct walk *w)
{
	for (size_t n = 0; n < s->override_count; n++) {
		const struct timing *t = s->overrides[n].timing;
		struct series_instance i = { .timing = t, .original = s->clock, .start = t->start };
		i.original.local = s->overrides[n].original;
		i.at = timing_place(t, t->start, w->floating);
		if (!visit_if_inside(w, &i))
			return false;
	}
	return true;
}

#define CLOCK_JUMP_MAX (25 * INT64_C(3600)) /* a zone may leave out a whole day, or repeat it (Samoa) */

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
	int64_t b = walk->b, until = walk_until(s, walk, clock), local;
	const struct rdate *rdate;
	struct merge m;
	merge_open(mem, s, walk_from(s, walk, clock), &m);
	while (merge_next(&m, &local, &rdate) && local <= until) {
		if (merge_excluded(&m, local))
			continue;
		*enough = !visit_made(s, walk, local, rdate);
		if (*enough)
			return true;
		if (walk->b != b) {
			b = walk->b;
			until = walk_until(s, walk, clock);
		}
	}
	return !merge_gave_up(&m);
}

bool series_walk(struct arena *mem, const struct series *s, const struct walk *walk)
{
	const struct timing *only = walk->only ? series_of_comp(s, walk->only) : NULL;
	bool enough = false, whole = true;
	if (only && only->is_override && !only->and_future)
		return visit_overrides(s, walk) || true; /* no need to run through the rules */
	if (s->master && !s->master->has_start) {        /* a VTODO or VJOURNAL without any date */
		struct series_instance i = { .timing = s->master,
			.at = timing_place(s->master, s->clock, walk->floating) };
		enough = !visit_if_inside(walk, &i);
	} else if (s->master && !walk->overrides_alone) {
		whole = visit_set(mem, s, walk, &enough);
	}
	if (!enough)
		(void)visit_overrides(s, walk);
	return whole;
}

/* Do the rules and dates make one there, EXDATE aside? *rdate_out: the date that does, NULL for a rule. */
static bool set_makes(struct arena *mem, const struct series *s, int64_t original, const struct rdate **rdate_out)
{
	struct merge m;
	int64_t local;
	if (!s->master || !s->master->has_start)
		return false;
	merge_open(mem, s, original, &m);
	return merge_next(&m, &local, rdate_out) && local == original && !merge_excluded(&m, local);
}

bool series_has(struct arena *mem, const struct series *s, int64_t original)
{
	const struct rdate *rdate;
	return set_makes(mem, s, original, &rdate) && !is_excluded(s, original);
}

struct str recurrence_id_text(struct arena *mem, struct when original)
{
	struct wall w = { original.local, original.date, false };
	if (original.zone) {
		w.local = zone_to_utc(original.zone, original.local);
		w.utc = true;
	}
	return wall_text(mem, w);
}

size_t series_originals(struct arena *mem, const struct series *s, struct str recurrence_id, int64_t out[2])
{
	struct when original = s->clock;
	struct wall w;
	size_t n = 0;
	if (!wall_parse(recurrence_id, &w))
		return 0;
	int64_t candidates[2] = { w.local, w.local };
	if (w.utc && original.zone) { /* by the offset of then, and by one from before a change */
		candidates[0] = zone_to_local(original.zone, w.local);
		candidates[1] = zone_to_local(original.zone, w.local - CLOCK_JUMP_MAX) + CLOCK_JUMP_MAX;
	}
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		struct arena_mark mark = arena_mark(mem);
		original.local = candidates[i];
		bool same = str_eq(recurrence_id_text(mem, original), recurrence_id);
		arena_rewind(mem, mark);
		if (same && (!n || candidates[i] != out[0]))
			out[n++] = candidates[i];
	}
	return n;
}

static bool keep_place(void *to, const struct series_instance *i)
{
	*(struct placed *)to = i->at;
	return false;
}

/* Where the instance lies that the set makes there. */
static bool made_place(
	struct arena *mem, const struct series *s, int64_t original, const struct zone *floating, struct placed *out)
{
	const struct walk walk = {
		.floating = floating, .a = INT64_MIN, .b = INT64_MAX, .visit = keep_place, .to = out
	};
	const struct rdate *rdate;
	return set_makes(mem, s, original, &rdate) && !visit_made(s, &walk, original, rdate);
}

bool series_instance(struct arena *mem, const struct series *s, struct str recurrence_id, const struct zone *floating,
	struct placed *out)
{
	const struct override *future;
	int64_t originals[2];
	size_t n = s->recurs ? series_originals(mem, s, recurrence_id, originals) : 0;
	for (size_t i = 0; i < n; i++) {
		const struct override *own = override_of(s, originals[i], &future);
		if (own)
			*out = timing_place(own->timing, own->timing->start, floating);
		if (own || made_place(mem, s, originals[i], floating, out))
			return true;
	}
	return false;
}

/* ---- ical_expand ---- */

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
	TRY(work_check(cx));
	TRY(series_read(cx, object, &c.s));
	struct walk walk = {
		.floating = zone_or_utc(zone), .a = window_s(start), .b = window_s(end), .visit = collect, .to = &c
	};
	(void)series_walk(cx->mem, c.s, &walk);
	if (c.over)
		return REFUSE(cx, ICAL_MAX_INSTANCES, "",
			"more than %zu instances in this time range: ask for a shorter one", limit);
	if (c.count)
		qsort(c.items, c.count, sizeof *c.items, occurrence_cmp);
	*out = c.items;
	*count_out = c.count;
	return OK;
}
