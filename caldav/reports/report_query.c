/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALDAV:calendar-query (RFC 4791 §7.8). Rows are checked by component, bounds and occurrences first; data is fetched
 * for those that this leaves open, and for what is to be sent.
 *
 * Depth 0 and none mean the members of a calendar too: the RFC's default finds nothing, and real clients rely on this.
 */
#include "caldav/calendar/recur/budget.h"
#include "caldav/calendar/view/time_range.h"
#include "caldav/multistatus_rows.h"
#include "caldav/reports/calendar_data.h"
#include "caldav/reports/filter_match.h"
#include "caldav/reports/report.h"
#include "server/base/log.h"

#include <stdlib.h>

/* A calendar that is searched. */
struct searched {
	const struct calendar *calendar;
	struct str zone; /* of its floating times and dates */
};

struct calendar_query {
	struct requested_props requested;
	struct filter filter;
	struct calendar_data data;
	struct str query_zone;           /* of the request; absent: each calendar's own */
	const struct searched *searched; /* in work: rows of several calendars say which is theirs */
	size_t searched_count;
};

static const struct searched *searched_of(const struct calendar_query *q, const struct object *o)
{
	for (size_t i = 1; i < q->searched_count; i++)
		if (id_eq(q->searched[i].calendar->id, o->calendar))
			return &q->searched[i];
	return &q->searched[0];
}

static err_t query_read(struct dav_call *call, struct calendar_query *q)
{
	struct ctx *cx = &call->rq->cx;
	TRY(requested_read(cx, call->root, &q->requested));
	TRY(filter_read(cx, call->root, &q->filter));
	TRY(calendar_data_read(cx, q->requested.calendar_data, &q->data));
	return query_zone_read(cx, call->root, &q->query_zone);
}

enum verdict { NO, YES, OPEN };

/* Stored before it was checked as it is today: an object that cannot be read matches nothing, and breaks no query. */
static err_t unless_unreadable(err_t e, const struct object *o, struct arena *mem)
{
	if (!e || err_is(e, INTERNAL) || err_is(e, UNAVAILABLE) || err_is(e, TOO_COSTLY))
		return e;
	log_event(LOG_WARN, "object_unreadable", LOG_STR("object", id_text(mem, "evt", o->id)),
		LOG_C("kind", err_row(e->kind)->name));
	return OK;
}

/* By what the listing has. */
static err_t row_matches(
	struct multistatus_rows *m, const struct calendar_query *q, const struct object *o, enum verdict *out)
{
	const struct filter_plan *plan = &q->filter.plan;
	bool in_range = !plan->range.set, needs_data = false;

	*out = NO;
	if (!filter_uid(m->cx->mem, plan, o->uid))
		return OK;
	if (plan->range.set)
		TRY(unless_unreadable(object_in_time_range(m->cx, o, plan->range.start, plan->range.end,
					      searched_of(q, o)->zone, &in_range, &needs_data),
			o, m->cx->mem));
	if (needs_data)
		*out = OPEN;
	else if (in_range)
		*out = plan->exact ? YES : OPEN;
	return OK;
}

/* By its data. */
static err_t data_matches(struct ctx *cx, const struct calendar_query *q, const struct object *o, bool *out)
{
	struct ical *parsed = NULL;
	*out = false;
	if (!o->data.ptr || !filter_may_hold(&q->filter.plan, o->data))
		return OK;
	TRY(budget_check(cx));
	struct arena_mark mark = arena_mark(cx->mem);
	err_t e = ical_parse(cx, o->data, &parsed);
	if (!e)
		e = filter_matches(cx, &q->filter, parsed, searched_of(q, o)->zone, out);
	TRY(unless_unreadable(e, o, cx->mem));
	arena_rewind(cx->mem, mark);
	return OK;
}

/* What matches, calendar by calendar: rows of one stand together. */
static err_t respond(struct multistatus_rows *m, struct calendar_query *q, struct object *objects, size_t count)
{
	for (size_t from = 0, end; from < count && !m->gone; from = end) {
		const struct searched *searched = searched_of(q, &objects[from]);
		for (end = from + 1; end < count && searched_of(q, &objects[end]) == searched;)
			end++;
		q->data.selection.zone = searched->zone;
		TRY(rows_respond(m, searched->calendar, objects + from, end - from));
	}
	return OK;
}

/* Those whose data is needed, in batches: what still has to be checked, then what matches is sent. */
static err_t answer_with_data(struct multistatus_rows *m, struct calendar_query *q, struct object *rows,
	const enum verdict *verdicts, size_t count)
{
	for (size_t from = 0; from < count && !m->gone;) {
		struct arena_mark mark = arena_mark(m->cx->mem);
		size_t end = from, hits = 0;
		TRY(rows_fetch(m, rows, from, count, &end));
		struct object *matching = arena_array(m->cx->mem, struct object, end - from);
		for (size_t i = from; i < end; i++) {
			bool fits = verdicts[i] == YES;
			if (!fits)
				TRY(data_matches(m->cx, q, &rows[i], &fits));
			if (fits)
				matching[hits++] = rows[i];
		}
		TRY(respond(m, q, matching, hits));
		arena_rewind(m->cx->mem, mark);
		from = end;
	}
	return OK;
}

static err_t answer_page(struct multistatus_rows *m, struct calendar_query *q, struct object *rows, size_t count)
{
	struct object *ready = arena_array(m->cx->mem, struct object, count + 1);
	struct object *open = arena_array(m->cx->mem, struct object, count + 1);
	enum verdict *verdicts = arena_array(m->cx->mem, enum verdict, count + 1);
	size_t ready_count = 0, open_count = 0;

	for (size_t i = 0; i < count; i++) {
		enum verdict v;
		TRY(row_matches(m, q, &rows[i], &v));
		if (v == YES && !q->requested.wants_data)
			ready[ready_count++] = rows[i];
		else if (v != NO) {
			verdicts[open_count] = v;
			open[open_count++] = rows[i];
		}
	}
	TRY(respond(m, q, ready, ready_count));
	return answer_with_data(m, q, open, verdicts, open_count);
}

static int calendar_cmp(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	int calendars = id_cmp(x->calendar, y->calendar);
	return calendars ? calendars : id_cmp(x->id, y->id);
}

/* All calendars in work with one statement a page. Without a range: all of some components. */
static err_t by_range(struct multistatus_rows *m, struct calendar_query *q)
{
	const struct filter_plan *plan = &q->filter.plan;
	struct id *ids = arena_array(m->cx->mem, struct id, q->searched_count);
	struct range_query range = {
		.calendars = { ids, q->searched_count },
		.start = plan->range.set ? plan->range.start : INSTANT_BEFORE,
		.end = plan->range.set ? plan->range.end : INSTANT_FOREVER,
		.components = plan->components,
		.limit = PAGE_ROWS,
	};
	size_t count = 0;
	for (size_t i = 0; i < q->searched_count; i++)
		ids[i] = q->searched[i].calendar->id;
	m->start = arena_mark(m->cx->mem);
	do {
		struct object *rows = NULL;
		TRY(object_in_range(m->cx, m->context.actor, &range, &rows, &count));
		if (count)
			range.after = range_position(&rows[count - 1]);
		if (count && q->searched_count > 1)
			qsort(rows, count, sizeof *rows, calendar_cmp);
		TRY(answer_page(m, q, rows, count));
	} while (rows_turn(m) && count == PAGE_ROWS);
	return OK;
}

static err_t by_name(struct multistatus_rows *m, struct calendar_query *q)
{
	struct object_page_query page = {
		.calendar = q->searched[0].calendar->id,
		.components = q->filter.plan.components,
		.limit = PAGE_ROWS,
	};
	size_t count = 0;
	do {
		struct object *rows = NULL;
		TRY(object_page(m->cx, m->context.actor, &page, &rows, &count));
		if (count)
			page.after = rows_keep(m, rows[count - 1].name);
		TRY(answer_page(m, q, rows, count));
	} while (rows_turn(m) && count == PAGE_ROWS);
	return OK;
}

/*
 * A long UID is nearly always asked for to find the one object that has it. RFC 4791 §9.7.5 asks for a part of one, so
 * that longer ones which contain it are answered too, as far as the store looks. *done_out false: none is equal, and
 * the listing is searched.
 */
static err_t by_uid(struct multistatus_rows *m, struct calendar_query *q, bool *done_out)
{
	const struct calendar *calendar = q->searched[0].calendar;
	struct object o, *longer = NULL;
	size_t count = 0;
	bool fits = false;

	*done_out = false;
	if (!q->filter.plan.uid)
		return OK;
	err_t e = object_by_uid(m->cx, m->context.actor, calendar->id, q->filter.plan.uid->sent, &o);
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	*done_out = true;
	TRY(data_matches(m->cx, q, &o, &fits));
	if (fits)
		TRY(respond(m, q, &o, 1));
	TRY(object_longer_uids(m->cx, m->context.actor, calendar->id, q->filter.plan.uid->sent,
		q->filter.plan.components, &longer, &count));
	return answer_page(m, q, longer, count);
}

/* Of all kinds at all times the names are read for less than 27 lanes. */
static bool is_by_range(const struct filter_plan *plan)
{
	return plan->range.set || plan->components;
}

/* The one calendar in work. */
static err_t query_calendar(struct multistatus_rows *m, struct calendar_query *q)
{
	bool done = false;
	if (q->filter.plan.nothing)
		return OK;
	TRY(by_uid(m, q, &done));
	if (done)
		return OK;
	return is_by_range(&q->filter.plan) ? by_range(m, q) : by_name(m, q);
}

/* The zones must outlive the pages: they are found before the first of them. */
static void enter(struct multistatus_rows *m, struct calendar_query *q, const struct calendar *calendars, size_t count)
{
	struct searched *searched = arena_array(m->cx->mem, struct searched, count + 1);
	for (size_t i = 0; i < count; i++)
		searched[i] = (struct searched){ &calendars[i], calendar_zone(m->cx, q->query_zone, &calendars[i]) };
	q->searched = searched;
	q->searched_count = count;
	m->start = arena_mark(m->cx->mem);
}

static err_t query_object(struct multistatus_rows *m, struct calendar_query *q, const struct subject *subject)
{
	bool fits = false;
	struct object o = *subject->object;
	TRY(data_matches(m->cx, q, &o, &fits));
	return fits ? respond(m, q, &o, 1) : OK;
}

/* RFC 4791 §7.2: the calendars that the Depth reaches are searched, and with Depth 1 it reaches all of them. */
static err_t query_home(struct multistatus_rows *m, struct calendar_query *q)
{
	struct calendar *calendars = NULL;
	size_t count = 0;
	enum depth depth;
	TRY(depth_read(m->context.rq, &depth));
	if (depth == DEPTH_0 || depth == DEPTH_ABSENT || q->filter.plan.nothing)
		return OK;
	TRY(calendar_list(m->cx, m->context.actor, &calendars, &count));
	enter(m, q, calendars, count);
	if (count && is_by_range(&q->filter.plan) && !q->filter.plan.uid)
		return by_range(m, q);
	const struct searched *all = q->searched;
	for (q->searched_count = 1; q->searched < all + count && !m->gone; q->searched++)
		TRY(query_calendar(m, q));
	return OK;
}

err_t report_query(struct dav_call *call)
{
	struct calendar_query q = { .query_zone = STR_ABSENT };
	struct calendar calendar;
	struct object object;
	struct subject subject;
	struct multistatus_rows m;

	TRY(query_read(call, &q));
	TRY(subject_load(&call->rq->cx, call->at, &calendar, &object, &subject));
	rows_open(&m, call, &q.requested);
	m.context.data = &q.data;
	if (subject.calendar)
		enter(&m, &q, &calendar, 1);
	if (subject.object)
		TRY(query_object(&m, &q, &subject));
	else if (subject.calendar)
		TRY(query_calendar(&m, &q));
	else
		TRY(query_home(&m, &q));
	rows_close(&m);
	return OK;
}
