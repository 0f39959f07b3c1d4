/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a recurrence set: everything is brought onto the master's clock. */
#include "caldav/calendar/recur/series.h"

#include <stdlib.h>

#include "caldav/calendar/recur/expand.h"

#define SHIFT_MAX (366 * DAY_S)

/* Additions to a list that is sized by a first pass. */
static size_t count_values(const struct ical_comp *comp, struct str name)
{
	size_t n = 0;
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p)) {
		n++;
		for (size_t i = 0; i < p->value.len; i++)
			n += p->value.ptr[i] == ',';
	}
	return n;
}

static int64_t midnight(int64_t local)
{
	return floor_div(local, DAY_S) * DAY_S;
}

/* A RECURRENCE-ID, RDATE or EXDATE as a point on the master's clock. */
static struct when on_master_clock(const struct when *master, struct when w)
{
	struct when on = *master;
	on.second = false;
	if (w.date && !master->date)
		on.local = w.local + floor_mod(master->local, DAY_S);
	else if (master->date)
		on.local = midnight(w.local);
	else
		on = when_on(w, master->zone);
	return on;
}

size_t series_starts(const struct series *s, struct when value, struct when out[2])
{
	out[0] = out[1] = on_master_clock(&s->clock, value);
	if (value.date || !value.zone || !s->clock.zone || value.zone == s->clock.zone)
		return 1;
	/* What the clock would show if it had not been put forward: in a gap, the time that rules make and it leaves
	 * out. */
	int64_t utc = when_utc(value, NULL);
	out[1].local = zone_to_local(s->clock.zone, utc - CLOCK_JUMP_MAX) + CLOCK_JUMP_MAX;
	out[1].second = false;
	return out[1].local != out[0].local && when_utc(out[1], NULL) == utc ? 2 : 1;
}

static int start_cmp(const void *a, const void *b)
{
	return when_cmp(a, b);
}

/* ---- EXDATE ---- */

static err_t exdates_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct series *s)
{
	size_t n = count_values(comp, STR("EXDATE"));
	s->exdates = arena_array(cx->mem, struct when, 2 * n);
	s->exdays = arena_array(cx->mem, int64_t, n);
	for (const struct ical_prop *p = ical_prop(comp, STR("EXDATE")); p; p = ical_prop_again(p)) {
		struct str list = p->value, item;
		struct when w, *starts = s->exdates;
		while (str_cut(&list, ',', &item)) {
			if (!item.len)
				continue; /* "EXDATE:" of some clients */
			TRY(when_read(cx, object, p, item, &w));
			if (w.date && !s->clock.date)
				s->exdays[s->exday_count++] = w.local; /* a date takes the whole day out */
			else
				s->exdate_count += series_starts(s, w, starts + s->exdate_count);
		}
	}
	qsort(s->exdates, s->exdate_count, sizeof *s->exdates, start_cmp);
	qsort(s->exdays, s->exday_count, sizeof *s->exdays, int64_cmp);
	return OK;
}

/* ---- RDATE ---- */

static err_t rdate_read(
	struct ctx *cx, struct ical *object, const struct ical_prop *p, struct str item, struct series *s)
{
	struct rdate *r = &s->rdates[s->rdate_count];
	struct str start, end = item;
	struct when w, until;
	struct span span;
	str_cut(&end, '/', &start);
	TRY(when_read(cx, object, p, start, &w));
	r->start = on_master_clock(&s->clock, w);
	if (end.len && (end.ptr[0] == 'P' || end.ptr[0] == 'p')) { /* RFC 5545 §3.3.9: start/duration */
		if (!span_parse(end, &span) || span.days < 0 || span.seconds < 0)
			return REFUSE(cx, ICAL_DATA, "RDATE", "RDATE: \"%.*s\" is no period", STR_ARG(item));
		r->has_length = true;
		r->length = (struct length){ span.days * DAY_S, span.seconds };
	} else if (end.ptr) {
		TRY(when_read(cx, object, p, end, &until));
		r->has_length = true;
		r->length.exact = when_utc(until, zone_utc()) - when_utc(w, zone_utc());
		if (r->length.exact < 0)
			return REFUSE(cx, ICAL_DATA, "RDATE", "RDATE: \"%.*s\" ends before it starts", STR_ARG(item));
	}
	if (s->clock.date && r->has_length) { /* whole days, as of a DURATION */
		int64_t days = -floor_div(-(r->length.wall + r->length.exact), DAY_S);
		r->length = (struct length){ (days > 0 ? days : 1) * DAY_S, 0 };
	}
	s->rdate_count++;
	return OK;
}

static int rdate_cmp(const void *a, const void *b)
{
	return when_cmp(&((const struct rdate *)a)->start, &((const struct rdate *)b)->start);
}

static err_t rdates_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct series *s)
{
	s->rdates = arena_array(cx->mem, struct rdate, count_values(comp, STR("RDATE")));
	for (const struct ical_prop *p = ical_prop(comp, STR("RDATE")); p; p = ical_prop_again(p)) {
		struct str list = p->value, item;
		while (str_cut(&list, ',', &item))
			if (item.len)
				TRY(rdate_read(cx, object, p, item, s));
	}
	qsort(s->rdates, s->rdate_count, sizeof *s->rdates, rdate_cmp);
	for (size_t i = 0; i < s->rdate_count; i++)
		if (s->rdates[i].length.wall + s->rdates[i].length.exact > s->longest_rdate)
			s->longest_rdate = s->rdates[i].length.wall + s->rdates[i].length.exact;
	return OK;
}

/* ---- RRULE, EXRULE ---- */

static int64_t until_local(const struct rrule *rule, const struct when *clock)
{
	if (!rule->has_until)
		return INT64_MAX;
	if (rule->until_date) /* on a timed series too: the day is in (field practice) */
		return rule->until + DAY_S - 1;
	if (clock->date)
		return midnight(rule->until);
	return rule->until_utc && clock->zone ? zone_to_local(clock->zone, rule->until) : rule->until;
}

static err_t rules_read(struct ctx *cx, const struct ical_comp *comp, struct str name, bool excludes, struct series *s)
{
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p)) {
		if (!str_trim(p->value, STR_BLANK).len)
			continue; /* "RRULE:" of some feeds: no rule */
		if (s->rule_count == SERIES_RULES_MAX)
			return REFUSE(cx, ICAL_OBJECT, "RRULE", "more than %d recurrence rules", SERIES_RULES_MAX);
		struct series_rule *r = &s->rules[s->rule_count];
		TRY(rscale_read(cx, p->value, &r->rule, &r->scale));
		r->excludes = excludes;
		r->until_local = until_local(&r->rule, &s->clock);
		s->endless = s->endless || (!excludes && !r->rule.count && !r->rule.has_until);
		s->includes += !excludes;
		s->rule_count++;
	}
	return OK;
}

/*
 * Hours, minutes or seconds and nothing else are elapsed time: such a series runs on UTC, or the hour that happens
 * twice would happen once. With BY... parts it is the wall clock that is meant.
 */
static void clock_settle(struct series *s)
{
	if (!s->rule_count || !s->clock.zone)
		return;
	for (size_t i = 0; i < s->rule_count; i++)
		if (s->rules[i].rule.freq >= RRULE_DAILY || s->rules[i].rule.parts)
			return;
	for (size_t i = 0; i < s->rule_count; i++)
		if (s->rules[i].until_local != INT64_MAX)
			s->rules[i].until_local = zone_to_utc(s->clock.zone, s->rules[i].until_local);
	s->clock = (struct when){ when_utc(s->clock, NULL), zone_utc(), false, false };
}

/* ---- components ---- */

static int override_cmp(const void *a, const void *b)
{
	return when_cmp(&((const struct override *)a)->original, &((const struct override *)b)->original);
}

/* Where a gap leaves the choice, the one that the rules make. */
static struct when original_of(struct arena *mem, const struct series *s, struct when recurrence_id)
{
	struct when starts[2];
	return series_starts(s, recurrence_id, starts) == 2 && series_makes(mem, s, starts[1]) ? starts[1] : starts[0];
}

static void override_add(struct arena *mem, struct series *s, const struct timing *t)
{
	struct override *o = &s->overrides[s->override_count++];
	o->timing = t;
	o->original = original_of(mem, s, t->recurrence_id);
	if (!t->and_future || !t->has_start)
		return;
	/* All later instances move with it (RFC 5545 §3.2.13), but not through the centuries: every walk must look as
	 * far around its window. */
	int64_t total = t->length.wall + t->length.exact, start = when_on(t->start, s->clock.zone).local;
	int64_t shift = start - o->original.local, distance = shift < 0 ? -shift : shift;
	o->moves_later = distance <= SHIFT_MAX;
	if (!o->moves_later)
		return;
	o->shift = shift;
	if (total > s->longest)
		s->longest = total;
	if (distance > s->widest_shift)
		s->widest_shift = distance;
}

static bool is_main_kind(const struct ical_comp *comp)
{
	return str_eq(comp->name, STR("VEVENT")) || str_eq(comp->name, STR("VTODO")) ||
	       str_eq(comp->name, STR("VJOURNAL"));
}

static err_t timings_read(struct ctx *cx, struct ical *object, struct series *s)
{
	size_t n = 0;
	for (const struct ical_comp *c = object->root->child; c; c = c->next)
		n += is_main_kind(c);
	s->timings = arena_array(cx->mem, struct timing, n);
	s->overrides = arena_array(cx->mem, struct override, n);
	/* The master first. */
	for (int overrides = 0; overrides < 2; overrides++)
		for (const struct ical_comp *c = object->root->child; c; c = c->next)
			if (is_main_kind(c) && (ical_prop(c, STR("RECURRENCE-ID")) != NULL) == overrides)
				TRY(timing_read(cx, object, c, &s->timings[s->timing_count++]));
	if (s->timing_count && !s->timings[0].is_override)
		s->master = &s->timings[0];
	return OK;
}

static err_t read_all(struct ctx *cx, struct ical *object, struct series *s)
{
	TRY(timings_read(cx, object, s));
	if (s->master && s->master->has_start)
		s->clock = s->master->start;
	else if (s->timing_count)
		s->clock = s->timings[0].is_override ? s->timings[0].recurrence_id : s->timings[0].start;
	if (s->master && s->master->has_start) {
		s->longest = s->master->length.wall + s->master->length.exact;
		size_t rules = ical_props_count(s->master->comp, STR("RRULE")) +
			       ical_props_count(s->master->comp, STR("EXRULE"));
		s->rules =
			arena_array(cx->mem, struct series_rule, rules < SERIES_RULES_MAX ? rules : SERIES_RULES_MAX);
		TRY(rules_read(cx, s->master->comp, STR("RRULE"), false, s));
		TRY(rules_read(cx, s->master->comp, STR("EXRULE"), true, s));
		clock_settle(s);
		TRY(rdates_read(cx, object, s->master->comp, s));
		TRY(exdates_read(cx, object, s->master->comp, s));
	}
	for (size_t i = s->master ? 1 : 0; i < s->timing_count; i++)
		override_add(cx->mem, s, &s->timings[i]);
	qsort(s->overrides, s->override_count, sizeof *s->overrides, override_cmp);
	const struct override *future = NULL;
	for (size_t i = 0; i < s->override_count; i++) {
		if (s->overrides[i].moves_later)
			future = &s->overrides[i];
		s->overrides[i].future = future;
	}
	bool zoned = false;
	for (size_t i = 0; i < s->timing_count; i++) {
		s->floats = s->floats || (s->timings[i].has_start && !s->timings[i].start.zone);
		zoned = zoned || (s->timings[i].has_start && s->timings[i].start.zone);
	}
	s->mixed_clocks = s->floats && zoned;
	s->recurs = s->includes || s->rdate_count || s->override_count;
	return OK;
}

err_t series_read(struct ctx *cx, struct ical *object, const struct series **out)
{
	if (!object->series) {
		struct series *s = arena_new(cx->mem, struct series);
		TRY(read_all(cx, object, s));
		object->series = s;
	}
	*out = object->series;
	return OK;
}

const struct override *series_override(const struct series *s, const struct ical_comp *comp)
{
	for (size_t i = 0; i < s->override_count; i++)
		if (s->overrides[i].timing->comp == comp)
			return &s->overrides[i];
	return NULL;
}

const struct timing *series_of_comp(const struct series *s, const struct ical_comp *comp)
{
	for (size_t i = 0; i < s->timing_count; i++)
		if (s->timings[i].comp == comp)
			return &s->timings[i];
	return NULL;
}
