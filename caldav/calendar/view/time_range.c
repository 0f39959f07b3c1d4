/* SPDX-License-Identifier: Apache-2.0 */
/* Time ranges (RFC 4791 §9.9) of objects, components and properties. */
#include "caldav/calendar/view/time_range.h"

#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/recur/budget.h"
#include "caldav/calendar/view/alarm.h"

/* ---- a whole object, from what is stored beside it ---- */

static bool found(void *to, const struct series_instance *i)
{
	(void)i;
	*(bool *)to = true;
	return false;
}

static bool hit(void *to, struct occurrence_span span)
{
	(void)span;
	*(bool *)to = true;
	return false;
}

static bool decided(const struct object *o, struct instant start, struct instant end, const struct zone *floating,
	bool *in_range_out)
{
	*in_range_out = false;
	if (o->last_at.us <= start.us || o->first_at.us >= end.us)
		return true;
	if (!(o->flags & (ICAL_RECURRING | ICAL_FLOATING))) {
		*in_range_out = true;
		return true;
	}
	const struct ical_facts facts = object_facts(o);
	bounds_walk(&facts, window_s(start), window_s(end), floating, hit, in_range_out);
	return *in_range_out || bounds_cover(&facts, window_s(start), window_s(end));
}

err_t object_in_time_range(struct ctx *cx, const struct object *object, struct instant start, struct instant end,
	struct str zone, bool *in_range_out, bool *needs_data_out)
{
	const struct zone *floating = zone_or_utc(zone);
	struct ical *parsed;
	const struct series *s;
	*needs_data_out = false;
	if (decided(object, start, end, floating, in_range_out))
		return OK;
	if (!object->data.ptr) {
		*needs_data_out = true;
		return OK;
	}
	TRY(budget_check(cx));
	TRY(ical_parse(cx, object->data, &parsed));
	TRY(series_read(cx, parsed, &s));
	struct walk walk = {
		.floating = floating, .a = window_s(start), .b = window_s(end), .visit = found, .to = in_range_out
	};
	bool whole = series_walk(cx->mem, s, &walk);
	*in_range_out = *in_range_out || !whole;
	return OK;
}

/* ---- alarms ---- */

struct instance_test {
	struct alarm alarm;
	bool of_end; /* DTEND, DUE; else DTSTART */
	int64_t a, b;
	int visits;
	bool hit;
};

/* Not all instances were tested: one may be there. */
static bool test_hits(struct ctx *cx, const struct series *s, const struct walk *walk)
{
	const struct instance_test *t = walk->to;
	bool whole = series_walk(cx->mem, s, walk);
	return t->hit || !whole || t->visits >= ICAL_INSTANCES_MAX;
}

static bool alarm_rings(const struct alarm *alarm, int64_t at, int64_t a, int64_t b)
{
	for (int64_t i = 0; i <= alarm->repeat; i++)
		if (a <= at + i * alarm->every && at + i * alarm->every < b)
			return true;
	return false;
}

static bool alarm_visit(void *to, const struct series_instance *i)
{
	struct instance_test *t = to;
	int64_t base = t->alarm.from_end ? i->at.end : i->at.start;
	if (base != INT64_MIN)
		t->hit = alarm_rings(&t->alarm, base + t->alarm.after.wall + t->alarm.after.exact, t->a, t->b);
	return !t->hit && ++t->visits < ICAL_INSTANCES_MAX;
}

static void alarm_touches(
	struct ctx *cx, const struct series *s, const struct ical_comp *comp, const struct walk *window, bool *out)
{
	struct instance_test test = { .alarm = alarm_read(comp), .a = window->a, .b = window->b };
	if (!test.alarm.good || !comp->parent || !series_of_comp(s, comp->parent))
		return;
	if (test.alarm.absolute) {
		*out = alarm_rings(&test.alarm, test.alarm.at, window->a, window->b);
		return;
	}
	/* Instances that begin or end as far away as the alarm reaches. */
	int64_t after = test.alarm.after.wall + test.alarm.after.exact;
	int64_t reach = test.alarm.repeat * test.alarm.every + s->longest + DAY_S;
	struct walk walk = *window;
	walk.a = add_clamped(window->a, -(after + reach));
	walk.b = add_clamped(window->b, -after + s->longest + DAY_S);
	walk.only = comp->parent;
	walk.visit = alarm_visit;
	walk.to = &test;
	*out = test_hits(cx, s, &walk);
}

/* ---- VFREEBUSY ---- */

bool period_touches(struct str period, int64_t a, int64_t b)
{
	struct str start, end = period;
	struct wall w, until;
	struct span span;
	str_cut(&end, '/', &start);
	if (!wall_parse(start, &w))
		return false;
	if (span_parse(end, &span))
		until.local = w.local + span.days * DAY_S + span.seconds;
	else if (!wall_parse(end, &until))
		return false;
	return a < until.local && b > w.local;
}

static bool freebusy_touches(const struct ical_comp *comp, const struct walk *window)
{
	struct wall start, end;
	if (wall_parse(ical_value(comp, STR("DTSTART")), &start) && wall_parse(ical_value(comp, STR("DTEND")), &end))
		return window->a <= end.local && window->b > start.local;
	for (const struct ical_prop *p = ical_prop(comp, STR("FREEBUSY")); p; p = ical_prop_again(p)) {
		struct str list = p->value, period;
		while (str_cut(&list, ',', &period))
			if (period_touches(period, window->a, window->b))
				return true;
	}
	return false;
}

/* ---- components and properties ---- */

err_t comp_in_time_range(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct instant start,
	struct instant end, struct str zone, bool *out)
{
	const struct series *s;
	struct walk walk = { .floating = zone_or_utc(zone),
		.a = window_s(start),
		.b = window_s(end),
		.only = comp,
		.visit = found,
		.to = out };
	*out = false;
	TRY(budget_check(cx));
	TRY(series_read(cx, object, &s)); /* kept with the object; what follows is not */
	struct arena_mark mark = arena_mark(cx->mem);
	if (series_of_comp(s, comp))
		*out = !series_walk(cx->mem, s, &walk) || *out;
	else if (str_eq(comp->name, STR("VALARM")))
		alarm_touches(cx, s, comp, &walk, out);
	else if (str_eq(comp->name, STR("VFREEBUSY")))
		*out = freebusy_touches(comp, &walk);
	arena_rewind(cx->mem, mark);
	return OK;
}

static bool edge_visit(void *to, const struct series_instance *i)
{
	struct instance_test *t = to;
	int64_t at = t->of_end ? i->at.end : i->at.start;
	if (t->of_end ? i->timing->has_end || i->timing->has_duration : !i->timing->start_is_due)
		t->hit = at != INT64_MIN && t->a <= at && at < t->b;
	return !t->hit && ++t->visits < ICAL_INSTANCES_MAX;
}

err_t prop_in_time_range(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str name,
	struct instant start, struct instant end, struct str zone, bool *out)
{
	const struct series *s;
	const struct zone *floating = zone_or_utc(zone);
	struct instance_test test = { .a = window_s(start),
		.b = window_s(end),
		.of_end = str_eq(name, STR("DTEND")) || str_eq(name, STR("DUE")) };
	TRY(budget_check(cx));
	TRY(series_read(cx, object, &s));
	*out = false;
	if (series_of_comp(s, comp) && (test.of_end || str_eq(name, STR("DTSTART")))) {
		struct walk walk = { .floating = floating,
			.a = add_clamped(test.a, -1),
			.b = add_clamped(test.b, 1),
			.only = comp,
			.visit = edge_visit,
			.to = &test };
		struct arena_mark mark = arena_mark(cx->mem);
		*out = test_hits(cx, s, &walk);
		arena_rewind(cx->mem, mark);
		return OK;
	}
	for (const struct ical_prop *p = ical_prop(comp, name); p && !*out; p = ical_prop_again(p)) {
		struct when w;
		if (!when_read(cx, object, p, p->value, &w))
			*out = test.a <= when_utc(w, floating) && when_utc(w, floating) < test.b;
	}
	return OK;
}
