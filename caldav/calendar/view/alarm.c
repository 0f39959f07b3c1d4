/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/alarm.h"

#include "caldav/calendar/recur/budget.h"

#define REPEAT_MAX 1000
#define HORIZON (ALARM_HORIZON_YEARS * 366 * DAY_S)

struct alarm alarm_read(const struct ical_comp *comp)
{
	struct alarm alarm = { .acknowledged = INT64_MIN };
	const struct ical_prop *trigger = ical_prop(comp, STR("TRIGGER"));
	struct wall w;
	struct span span;
	uint64_t repeat;
	if (!trigger)
		return alarm;
	if (wall_parse(trigger->value, &w)) {
		alarm.good = alarm.absolute = true;
		alarm.at = w.local;
	} else if (span_parse(trigger->value, &span)) {
		alarm.good = true;
		alarm.from_end = str_eq_nocase(ical_param(trigger, STR("RELATED")), STR("END"));
		alarm.after = (struct length){ span.days * DAY_S, span.seconds };
	}
	if (str_to_u64(ical_value(comp, STR("REPEAT")), UINT32_MAX, &repeat) &&
		span_parse(ical_value(comp, STR("DURATION")), &span) && span.days >= 0 && span.seconds >= 0) {
		alarm.repeat = (int64_t)(repeat < REPEAT_MAX ? repeat : REPEAT_MAX);
		alarm.every = span.days * DAY_S + span.seconds;
	}
	if (wall_parse(ical_value(comp, STR("ACKNOWLEDGED")), &w))
		alarm.acknowledged = w.local;
	return alarm;
}

struct ringing {
	struct ctx *cx;
	const struct series *series;
	const struct zone *floating;
	int64_t now, best; /* best: INT64_MAX, none yet */
	struct alarm alarm;
	struct walk walk;
	bool whole;
};

/* The first ring, or repetition, that is yet to come and was not acknowledged; after the year 9999 it never rings. */
static void ring(struct ringing *r, int64_t at)
{
	const struct alarm *a = &r->alarm;
	for (int64_t i = 0; i <= a->repeat; i++) {
		int64_t t = add_clamped(at, i * a->every);
		if (t >= r->now && t > a->acknowledged) {
			r->best = t < r->best && t <= SECOND_MAX ? t : r->best;
			return;
		}
	}
}

static int64_t reach_of(const struct alarm *a)
{
	return a->after.wall + a->after.exact;
}

static void ring_at(struct ringing *r, const struct extent *at)
{
	int64_t base = r->alarm.from_end ? at->end : at->start;
	if (r->alarm.absolute)
		ring(r, r->alarm.at);
	else if (base != INT64_MIN)
		ring(r, add_clamped(base, reach_of(&r->alarm)));
}

/* Whatever begins so late that its alarm is later than the best need not be looked at. */
static bool ring_visit(void *to, const struct series_instance *i)
{
	struct ringing *r = to;
	ring_at(r, &i->at);
	int64_t end = add_clamped(r->best, -reach_of(&r->alarm) + r->series->longest + DAY_S);
	if (r->best != INT64_MAX && end < r->walk.b)
		r->walk.b = end;
	return true;
}

/* The alarms of a component in all the instances that it describes. */
static void ring_comp(struct ringing *r, const struct timing *t)
{
	const struct ical_comp *alarm = ical_comp_named(t->comp->child, STR("VALARM"));
	for (; alarm && !t->cancelled; alarm = ical_comp_named(alarm->next, STR("VALARM"))) {
		r->alarm = alarm_read(alarm);
		if (!r->alarm.good)
			continue;
		if (r->alarm.absolute) {
			ring(r, r->alarm.at);
			continue;
		}
		int64_t after = reach_of(&r->alarm), slack = r->series->longest + DAY_S;
		int64_t most = r->best < r->now + HORIZON ? r->best : r->now + HORIZON;
		r->walk = (struct walk){ .floating = r->floating,
			.a = r->now - after - r->alarm.repeat * r->alarm.every - slack,
			.b = add_clamped(most, -after + slack),
			.only = t->comp,
			.visit = ring_visit,
			.to = r };
		r->whole = series_walk(r->cx->mem, r->series, &r->walk) && r->whole;
	}
}

static void ring_instance(struct ringing *r, const struct series_instance *i)
{
	const struct ical_comp *alarm = ical_comp_named(i->timing->comp->child, STR("VALARM"));
	for (; alarm && !i->timing->cancelled; alarm = ical_comp_named(alarm->next, STR("VALARM"))) {
		r->alarm = alarm_read(alarm);
		if (r->alarm.good)
			ring_at(r, &i->at);
	}
}

err_t alarm_next(struct ctx *cx, const struct object *object, struct str instance, struct str zone, struct instant *out)
{
	struct ringing r = { .cx = cx,
		.floating = zone_or_utc(zone),
		.now = window_s(account_now(cx)),
		.best = INT64_MAX,
		.whole = true };
	struct series_instance one;
	struct ical *ical;
	TRY(budget_check(cx));
	TRY(ical_parse(cx, object->data, &ical));
	TRY(series_read(cx, ical, &r.series));
	if (instance.ptr && !series_instance(cx->mem, r.series, instance, r.floating, &one))
		return FAIL(cx, NOT_FOUND, "no such instance");
	if (instance.ptr)
		ring_instance(&r, &one);
	for (size_t i = 0; !instance.ptr && i < r.series->timing_count; i++)
		ring_comp(&r, &r.series->timings[i]);
	if (!r.whole && r.best == INT64_MAX)
		return series_too_costly(cx, r.series);
	*out = r.best == INT64_MAX ? INSTANT_NONE : instant_of_s(r.best);
	return OK;
}
