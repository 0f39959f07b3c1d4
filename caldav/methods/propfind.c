/* SPDX-License-Identifier: Apache-2.0 */
/* PROPFIND (RFC 4918 §9.1), Depth 0 and 1. */
#include "caldav/multistatus_rows.h"
#include "caldav/methods/methods.h"

struct propfind {
	struct requested_props requested;
	enum depth depth;
};

err_t propfind_read(struct dav_call *call)
{
	struct ctx *cx = &call->rq->cx;
	struct propfind *p = arena_new(cx->mem, struct propfind);
	call->plan = p;
	TRY(depth_read(call->rq, &p->depth));
	if (p->depth == DEPTH_ABSENT || p->depth == DEPTH_INFINITY)
		return FAIL(cx, DAV_DEPTH_INFINITY, "Depth absent or infinity");
	TRY(requested_read(cx, call->root, &p->requested));
	if (p->requested.kind == REQUESTED_NOTHING)
		return REFUSE(cx, MALFORMED, "", "A propfind holds prop, allprop or propname.");
	if (call->at.kind == RES_CALENDAR && p->depth == DEPTH_1)
		call->scopes = EVENTS_READ; /* names and times of change of events */
	return OK;
}

/* Prefer: depth-noroot leaves the resource itself out (RFC 8144 §2.2). */
static bool without_root(const struct request *rq)
{
	struct str list = request_header_list(rq, "Prefer"), one;
	while (str_cut(&list, ',', &one))
		if (str_eq_nocase(str_trim(one, " \t"), STR("depth-noroot")))
			return true;
	return false;
}

static void write_plain(struct multistatus_rows *m, enum resource_kind kind, struct id account)
{
	const struct subject s = { .at = { .kind = kind, .account = account, .actor = m->context.actor } };
	(void)rows_write(m, &s);
}

/* The calendars of a home; dead properties of all in one round trip. */
static err_t home_members(struct multistatus_rows *m)
{
	struct calendar *calendars = NULL;
	struct dead_property *dead = NULL;
	size_t count = 0, dead_count = 0;

	TRY(calendar_list(m->cx, m->context.actor, &calendars, &count));
	if (requested_wants_dead(m->requested, RES_CALENDAR) && count) {
		struct id *ids = arena_array(m->cx->mem, struct id, count);
		for (size_t i = 0; i < count; i++)
			ids[i] = calendars[i].id;
		TRY(dead_property_list(m->cx, m->context.actor, (struct id_list){ ids, count }, &dead, &dead_count));
	}
	prop_context_zones(&m->context, m->requested, calendars, count);
	for (size_t i = 0; i < count && !m->gone; i++) {
		struct subject s = { .at = href_calendar(m->context.actor, calendars[i].name),
			.calendar = &calendars[i] };
		s.dead = dead_run(dead, dead_count, calendars[i].id, &s.dead_count);
		(void)rows_write(m, &s);
	}
	return OK;
}

/* The objects of a calendar, page by page in order of name. */
static err_t calendar_members(struct multistatus_rows *m, const struct calendar *calendar)
{
	struct object_page_query q = { .calendar = calendar->id, .limit = PAGE_ROWS };
	size_t count = 0;
	do {
		struct object *rows = NULL;
		TRY(object_page(m->cx, m->context.actor, &q, &rows, &count));
		TRY(rows_respond(m, calendar, rows, count));
		if (count)
			q.after = rows_keep(m, rows[count - 1].name);
	} while (rows_turn(m) && count == PAGE_ROWS);
	return OK;
}

static err_t write_members(struct multistatus_rows *m, const struct subject *subject)
{
	struct id account = m->context.actor->owner;
	switch (subject->at.kind) {
	case RES_ROOT:
		write_plain(m, RES_PRINCIPALS, (struct id){ { 0 } });
		write_plain(m, RES_HOMES, (struct id){ { 0 } });
		return OK;
	case RES_PRINCIPALS:
		write_plain(m, RES_PRINCIPAL, account);
		return OK;
	case RES_HOMES:
		write_plain(m, RES_HOME, account);
		return OK;
	case RES_HOME:
		return home_members(m);
	case RES_CALENDAR:
		return calendar_members(m, subject->calendar);
	case RES_PRINCIPAL:
	case RES_OBJECT:
		return OK;
	}
	return OK;
}

err_t propfind_run(struct dav_call *call)
{
	struct request *rq = call->rq;
	const struct propfind *p = call->plan;
	const struct resource at = call->at;
	struct calendar calendar;
	struct object object;
	struct subject subject;
	struct multistatus_rows m;

	subject_prefetch(&rq->cx, at, &p->requested);
	TRY(subject_load(&rq->cx, at, &calendar, &object, &subject));
	TRY(dead_load(&rq->cx, &p->requested, &subject));
	rows_open(&m, call, &p->requested);
	TRY(prop_context_load(&m.context, &p->requested));
	bool root = p->depth == DEPTH_0 || !without_root(rq);
	if (!root)
		response_header(call->rs, "Preference-Applied", STR("depth-noroot"));
	if (root)
		(void)rows_write(&m, &subject);
	if (p->depth == DEPTH_1)
		TRY(write_members(&m, &subject));
	rows_close(&m);
	return OK;
}
