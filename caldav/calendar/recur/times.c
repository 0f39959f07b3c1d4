/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/times.h"

#define START_MIN INT64_C(-62135596800) /* 0001-01-01, ICAL_MIN_DATE_TEXT */
#define START_MAX INT64_C(253370764799) /* 9998-12-31T23:59:59, ICAL_MAX_DATE_TEXT */

int64_t add_clamped(int64_t a, int64_t b)
{
	int64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return a < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

int64_t window_s(struct instant t)
{
	if (t.us == INSTANT_BEFORE.us || t.us == INSTANT_FOREVER.us)
		return t.us;
	return floor_div(t.us, US_PER_S) + (t.us % US_PER_S != 0);
}

/* ---- points ---- */

int64_t when_utc(struct when w, const struct zone *floating)
{
	const struct zone *zone = w.zone ? w.zone : floating;
	return w.second ? zone_to_utc_second(zone, w.local) : zone_to_utc(zone, w.local);
}

struct when when_of(int64_t utc, const struct zone *zone)
{
	int64_t local = zone_to_local(zone, utc);
	return (struct when){ local, zone, false, zone_to_utc(zone, local) != utc };
}

struct when when_on(struct when w, const struct zone *zone)
{
	if (w.zone && zone && w.zone != zone)
		return when_of(when_utc(w, NULL), zone);
	w.zone = zone;
	return w;
}

int when_cmp(const struct when *a, const struct when *b)
{
	if (a->local != b->local)
		return a->local < b->local ? -1 : 1;
	return (int)a->second - (int)b->second;
}

err_t when_read(struct ctx *cx, struct ical *object, const struct ical_prop *prop, struct str value, struct when *out)
{
	struct wall w;
	if (!wall_parse(str_trim(value, STR_BLANK), &w))
		return REFUSE(cx, ICAL_DATA, "", "%.*s: \"%.*s\" is no date or time", STR_ARG(prop->name),
			STR_ARG(str_sub(value, 0, 60)));
	struct when when = { w.local, w.utc ? zone_utc() : NULL, w.date, false };
	struct str tzid = ical_param(prop, STR("TZID"));
	if (tzid.len && !w.utc && !w.date)
		TRY(ical_zone(cx, object, tzid, &when.zone));
	*out = when;
	return OK;
}

err_t when_check(struct ctx *cx, const struct when *w, struct str name)
{
	if (w->local < START_MIN)
		return REFUSE(cx, ICAL_MIN_DATE, "", "%.*s lies before " ICAL_MIN_DATE_TEXT, STR_ARG(name));
	if (w->local > START_MAX)
		return REFUSE(cx, ICAL_MAX_DATE, "", "%.*s lies after " ICAL_MAX_DATE_TEXT, STR_ARG(name));
	return OK;
}

err_t length_check(struct ctx *cx, const struct when *start, struct length length, struct str name)
{
	if (start->local + length.wall + length.exact > SECOND_MAX)
		return REFUSE(cx, ICAL_MAX_DATE, "", "%.*s ends after " ICAL_MAX_DATE_TEXT, STR_ARG(name));
	return OK;
}

/* ---- components ---- */

static err_t point_read(
	struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str name, bool *has, struct when *out)
{
	const struct ical_prop *p = ical_prop(comp, name);
	if (!p)
		return OK;
	if (ical_prop_again(p))
		return REFUSE(cx, ICAL_DATA, "", "%.*s has %.*s twice", STR_ARG(comp->name), STR_ARG(name));
	TRY(when_read(cx, object, p, p->value, out));
	TRY(when_check(cx, out, name));
	*has = true;
	return OK;
}

/* COMPLETED and CREATED must be UTC; what is not is of no use and no harm. */
static void stamp_read(const struct ical_comp *comp, struct str name, bool *has, int64_t *out)
{
	struct wall w;
	if (!wall_parse(ical_value(comp, name), &w))
		return;
	*has = true;
	*out = w.local;
}

static err_t length_read(struct ctx *cx, struct timing *t)
{
	struct str duration = ical_value(t->comp, STR("DURATION"));
	struct span span;
	if (t->has_end && t->has_start && !t->start_is_due) {
		if (t->start.zone && !t->start.date) {
			struct when end = t->end;
			if (!end.zone)
				end.zone = t->start.zone;
			t->length.exact = when_utc(end, NULL) - when_utc(t->start, NULL);
		} else {
			t->length.wall = t->end.local - t->start.local;
		}
	} else if (duration.ptr && !t->start_is_due) {
		if (!span_parse(duration, &span))
			return REFUSE(cx, ICAL_DATA, "", "DURATION: \"%.*s\" is no duration",
				STR_ARG(str_sub(duration, 0, 60)));
		t->has_duration = true;
		t->length = (struct length){ span.days * DAY_S, span.seconds };
	}
	int64_t total = t->length.wall + t->length.exact;
	/* A DTEND or DURATION with a time beside a date is against RFC 5545 §3.8.2.2 and §3.8.2.5, and still exported;
	 * who wrote 23:59:59 meant the whole day. */
	if (t->has_start && t->start.date && t->kind != TIMING_TODO && total > 0) {
		total = -floor_div(-total, DAY_S) * DAY_S;
		t->length = (struct length){ total, 0 };
	}
	if (total < 0 && t->kind != TIMING_TODO) /* task lists do store a DUE before its DTSTART */
		return REFUSE(cx, ICAL_OBJECT, "", "%.*s ends before it starts", STR_ARG(t->comp->name));
	if (t->has_start)
		TRY(length_check(cx, &t->start, t->length, t->comp->name));
	/* A date alone is its whole day; a DTEND on the day itself is a common slip for that (RFC 5545 §3.6.1). */
	if (t->has_start && t->start.date && !total && t->kind != TIMING_TODO)
		t->length = (struct length){ DAY_S, 0 };
	return OK;
}

static void busy_read(struct timing *t)
{
	struct str status = ical_value(t->comp, STR("STATUS")), transp = ical_value(t->comp, STR("TRANSP"));
	t->cancelled = str_eq_nocase(status, STR("CANCELLED"));
	t->tentative = str_eq_nocase(status, STR("TENTATIVE"));
	t->busy = t->kind == TIMING_EVENT && !t->cancelled && !str_eq_nocase(transp, STR("TRANSPARENT"));
}

static enum timing_kind kind_of(const struct ical_comp *comp)
{
	return str_eq(comp->name, STR("VTODO"))      ? TIMING_TODO
	       : str_eq(comp->name, STR("VJOURNAL")) ? TIMING_JOURNAL
						     : TIMING_EVENT;
}

err_t timing_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct timing *out)
{
	struct timing t = { .comp = comp, .kind = kind_of(comp) };
	struct str end_name = t.kind == TIMING_TODO ? STR("DUE") : STR("DTEND");
	TRY(point_read(cx, object, comp, STR("DTSTART"), &t.has_start, &t.start));
	if (t.kind != TIMING_JOURNAL)
		TRY(point_read(cx, object, comp, end_name, &t.has_end, &t.end));
	TRY(point_read(cx, object, comp, STR("RECURRENCE-ID"), &t.is_override, &t.recurrence_id));
	if (t.is_override) {
		struct str range = ical_param(ical_prop(comp, STR("RECURRENCE-ID")), STR("RANGE"));
		t.and_future = str_eq_nocase(range, STR("THISANDFUTURE"));
	}
	if (t.kind == TIMING_EVENT && !t.has_start)
		return REFUSE(cx, ICAL_DATA, "", "a VEVENT without DTSTART");
	if (t.kind == TIMING_TODO && !t.has_start && t.has_end) {
		t.has_start = t.start_is_due = true;
		t.start = t.end;
	}
	stamp_read(comp, STR("COMPLETED"), &t.has_completed, &t.completed);
	stamp_read(comp, STR("CREATED"), &t.has_created, &t.created);
	TRY(length_read(cx, &t));
	busy_read(&t);
	*out = t;
	return OK;
}

/* ---- §9.9 ---- */

/* VTODO, rows 5 to 8 of the table: without DTSTART and DUE. */
static struct extent todo_without_dates(const struct timing *t)
{
	int64_t low = t->has_completed ? t->completed : t->created, high = low;
	struct extent p = { .start = INT64_MIN, .end = INT64_MIN, .first = INT64_MIN, .last = INT64_MAX };
	if (t->has_completed && t->has_created) {
		low = t->created < t->completed ? t->created : t->completed;
		high = t->created < t->completed ? t->completed : t->created;
	}
	if (t->has_completed) { /* start <= high AND end >= low */
		p.first = low - 1;
		p.last = high + 1;
	} else if (t->has_created) {
		p.first = t->created; /* end > CREATED */
	}
	return p;
}

int64_t length_end(struct length length, struct when start, const struct zone *floating)
{
	int64_t begin = when_utc(start, floating);
	if (length.wall)
		begin = when_utc((struct when){ start.local + length.wall, start.zone, start.date, false }, floating);
	return begin + length.exact;
}

struct extent timing_extent(const struct timing *t, struct when at, const struct zone *floating)
{
	const struct zone *zone = at.zone ? at.zone : floating;
	if (!t->has_start && t->kind == TIMING_TODO)
		return todo_without_dates(t);
	if (!t->has_start) /* VJOURNAL: FALSE */
		return (struct extent){ INT64_MIN, INT64_MIN, INT64_MAX, INT64_MIN };
	int64_t start = when_utc(at, zone), end = length_end(t->length, at, zone);
	struct extent p = { start, end, start, end > start ? end : start + 1 };
	if (t->start_is_due) { /* start < DUE AND end >= DUE */
		p.first = start - 1;
		p.last = start;
	} else if (t->kind == TIMING_TODO && t->has_end) {
		/* (start < DUE OR start <= DTSTART) AND (end > DTSTART OR end >= DUE) */
		p.first = start < end ? start : end - 1; /* last is above */
	} else if (t->kind == TIMING_TODO && t->has_duration) {
		/* start <= DTSTART+DURATION AND (end > DTSTART OR end >= DTSTART+DURATION) */
		p.first = start < end ? start : end - 1;
		p.last = end + 1;
	}
	return p;
}
