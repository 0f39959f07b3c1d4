/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALDAV:free-busy-query (RFC 4791 §7.10): one VFREEBUSY, as text/calendar. On a home it is over all calendars that
 * count for it (RFC 6638 §9.1); a calendar that is asked itself always counts. Evolution finds the principal of an
 * attendee and asks there: it is answered as its home.
 */
#include "caldav/calendar/view/freebusy.h"
#include "caldav/multistatus_rows.h"
#include "caldav/reports/calendar_data.h"
#include "caldav/reports/filter.h"
#include "caldav/reports/report.h"

static err_t range_read(struct ctx *cx, const struct xml_node *root, struct ical_range *out)
{
	const struct xml_node *node = xml_child(root, NS_CALDAV, "time-range");
	bool empty = false;
	const char *wrong =
		node ? range_element_read(node, true, out, &empty) : "A free-busy-query needs a time-range.";
	return *wrong ? REFUSE(cx, MALFORMED, "time-range", "%s", wrong) : OK;
}

struct busy {
	struct freebusy all;
	struct multistatus_rows m; /* for its pages: nothing of it is written */
};

/* Those that rows alone do not decide, batch by batch. */
static err_t add_data(struct busy *b, struct object *rows, size_t count)
{
	for (size_t from = 0; from < count;) {
		struct arena_mark mark = arena_mark(b->m.cx->mem);
		size_t end = from;
		TRY(rows_fetch(&b->m, rows, from, count, &end));
		for (; from < end; from++) {
			bool again = false;
			if (rows[from].data.ptr)
				TRY(freebusy_add(b->m.cx, &b->all, &rows[from], &again));
		}
		arena_rewind(b->m.cx->mem, mark);
	}
	return OK;
}

static err_t add_rows(struct busy *b, const struct object *rows, size_t count)
{
	struct object *open = arena_array(b->m.cx->mem, struct object, count + 1);
	size_t open_count = 0;
	for (size_t i = 0; i < count; i++) {
		bool needs_data = false;
		TRY(freebusy_add(b->m.cx, &b->all, &rows[i], &needs_data));
		if (needs_data)
			open[open_count++] = rows[i];
	}
	return add_data(b, open, open_count);
}

static err_t add_calendars(struct busy *b, struct id_list calendars, struct str zone)
{
	struct range_query q = { calendars, b->all.start, b->all.end, COMPONENT_VEVENT, .limit = PAGE_ROWS };
	size_t count = 0;
	b->all.zone = zone;
	b->m.start = arena_mark(b->m.cx->mem);
	do {
		struct object *rows = NULL;
		TRY(object_in_range(b->m.cx, b->m.context.actor, &q, &rows, &count));
		if (count)
			q.after = range_position(&rows[count - 1]);
		TRY(add_rows(b, rows, count));
	} while (rows_turn(&b->m) && count == PAGE_ROWS);
	return OK;
}

/* Calendars of one zone are read together. */
static err_t add_by_zone(struct busy *b, const struct calendar *calendars, size_t count)
{
	struct arena *mem = b->m.cx->mem;
	struct str *zones = arena_array(mem, struct str, count);
	struct id *ids = arena_array(mem, struct id, count);
	bool *done = arena_array(mem, bool, count);

	for (size_t i = 0; i < count; i++)
		zones[i] = calendar_zone(b->m.cx, STR_ABSENT, &calendars[i]);
	for (size_t i = 0; i < count; i++) {
		size_t same = 0;
		for (size_t k = i; k < count; k++) {
			if (done[k] || !str_eq(zones[k], zones[i]))
				continue;
			done[k] = true;
			ids[same++] = calendars[k].id;
		}
		if (same)
			TRY(add_calendars(b, (struct id_list){ ids, same }, zones[i]));
	}
	return OK;
}

static err_t add_home(struct busy *b)
{
	struct calendar *calendars = NULL;
	size_t count = 0, counted = 0;
	TRY(calendar_list(b->m.cx, b->m.context.actor, &calendars, &count));
	for (size_t i = 0; i < count; i++)
		if (!calendars[i].transp)
			calendars[counted++] = calendars[i];
	return add_by_zone(b, calendars, counted);
}

err_t report_freebusy(struct dav_call *call)
{
	static const struct requested_props nothing = { .kind = REQUESTED_NOTHING };
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	struct subject subject;
	struct ical_range range;
	struct busy b;

	TRY(range_read(cx, call->root, &range));
	TRY(subject_load(cx, call->at, &calendar, NULL, &subject));
	freebusy_open(cx, range.start, range.end, STR_ABSENT, &b.all);
	b.all.email = call->rq->principal->email;
	rows_open(&b.m, call, &nothing);
	if (subject.calendar)
		TRY(add_by_zone(&b, &calendar, 1));
	else
		TRY(add_home(&b));
	freebusy_merge(&b.all);
	freebusy_write(cx, &b.all, STR_ABSENT, reply(call->rs, 200, "text/calendar;charset=utf-8"));
	return OK;
}
