/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALDAV:calendar-multiget (RFC 4791 §7.9). Answers come in the order of the hrefs, one for each: 404 for what is not
 * there, 403 for what is another's. Any equivalent spelling of an href will do. Depth is ignored, as the RFC says.
 */
#include "caldav/multistatus_rows.h"
#include "caldav/reports/calendar_data.h"
#include "caldav/reports/report.h"

#define HREFS_MAX 5000
/* Hrefs that are looked up together: few where a calendar could hold many large objects. */
#define BATCH 250
#define BATCH_OF_LARGE 15
#define SMALL_CALENDAR (INT64_C(16) * 1024 * 1024)

struct wanted {
	struct str href; /* as sent, trimmed */
	struct resource at;
	int status; /* 0: an object within reach, to be looked up */
	struct object *row;
};

struct multiget {
	struct multistatus_rows m;
	struct requested_props requested;
	struct calendar_data data;
	struct resource at;
	struct calendar *calendars; /* those within reach of the request */
	size_t calendar_count;
	const struct calendar *zone_of; /* whose zone calendar-data is in; NULL: to be found */
	size_t batch;
};

/* An href that names nothing here is no failure of the request. */
static int status_of(err_t e)
{
	if (err_is(e, NOT_FOUND) || err_is(e, MALFORMED))
		return 404;
	return 403;
}

/* RFC 4791 §7.9: hrefs are of the request's own tree. */
static bool within(struct resource at, struct resource member)
{
	if (member.kind != RES_OBJECT)
		return false;
	if (at.kind == RES_OBJECT)
		return resource_same(at, member);
	return at.kind == RES_HOME || str_eq(at.calendar, member.calendar);
}

static void resolve(struct multiget *g, const struct xml_node *node, struct wanted *out)
{
	*out = (struct wanted){ .href = xml_text(node) };
	err_t e = href_resolve(g->m.context.rq, node->text, &out->at);
	if (e)
		out->status = status_of(e);
	else if (!within(g->at, out->at))
		out->status = 404;
}

static void assign(
	struct wanted *batch, size_t count, const struct calendar *calendar, struct object *rows, size_t found)
{
	for (size_t i = 0; i < count; i++) {
		if (batch[i].status || !str_eq(batch[i].at.calendar, calendar->name))
			continue;
		for (size_t k = 0; k < found && !batch[i].row; k++)
			if (str_eq(rows[k].name, batch[i].at.object))
				batch[i].row = &rows[k];
	}
}

/* What of the batch lies in this calendar. */
static err_t look_up(struct multiget *g, const struct calendar *calendar, struct wanted *batch, size_t count)
{
	struct str *names = arena_array(g->m.cx->mem, struct str, count);
	struct object *rows = NULL;
	size_t name_count = 0, found = 0;
	for (size_t i = 0; i < count; i++)
		if (!batch[i].status && str_eq(batch[i].at.calendar, calendar->name))
			names[name_count++] = batch[i].at.object;
	if (!name_count)
		return OK;
	TRY(object_by_names(g->m.cx, g->m.context.actor, calendar->id, (struct str_list){ names, name_count },
		g->requested.wants_data ? OBJECT_WITH_DATA : OBJECT_PLAIN, &rows, &found));
	assign(batch, count, calendar, rows, found);
	return OK;
}

static const struct calendar *calendar_named(const struct multiget *g, struct str name)
{
	for (size_t i = 0; i < g->calendar_count; i++)
		if (str_eq(g->calendars[i].name, name))
			return &g->calendars[i];
	return NULL;
}

static void enter_zone(struct multiget *g, const struct calendar *calendar)
{
	if (g->zone_of != calendar)
		g->data.selection.zone = calendar_zone(g->m.cx, STR_ABSENT, calendar);
	g->zone_of = calendar;
}

static err_t write_batch(struct multiget *g, struct wanted *batch, size_t count)
{
	for (size_t i = 0; i < count && !g->m.gone; i++) {
		if (batch[i].row) {
			const struct calendar *calendar = calendar_named(g, batch[i].at.calendar);
			enter_zone(g, calendar);
			TRY(rows_respond(&g->m, calendar, batch[i].row, 1));
			continue;
		}
		struct str href = batch[i].status ? batch[i].href : href_text(g->m.cx->mem, batch[i].at);
		(void)rows_missing(&g->m, href, batch[i].status ? batch[i].status : 404);
	}
	return OK;
}

static err_t answer_batch(struct multiget *g, struct wanted *batch, size_t count)
{
	for (size_t i = 0; i < g->calendar_count; i++)
		TRY(look_up(g, &g->calendars[i], batch, count));
	TRY(write_batch(g, batch, count));
	g->zone_of = NULL; /* its name goes with the page */
	(void)rows_turn(&g->m);
	return OK;
}

static err_t calendars_load(struct ctx *cx, struct multiget *g)
{
	if (g->at.kind == RES_HOME)
		return calendar_list(cx, g->at.actor, &g->calendars, &g->calendar_count);
	g->calendars = arena_new(cx->mem, struct calendar);
	g->calendar_count = 1;
	return calendar_by_name(cx, g->at.actor, g->at.calendar, g->calendars);
}

static err_t multiget_read(struct dav_call *call, struct multiget *g)
{
	struct ctx *cx = &call->rq->cx;
	size_t hrefs = 0;
	g->at = call->at;
	TRY(requested_read(cx, call->root, &g->requested));
	TRY(calendar_data_read(cx, g->requested.calendar_data, &g->data));
	for (const struct xml_node *n = call->root->first; n; n = n->next)
		hrefs += xml_is(n, NS_DAV, "href");
	if (hrefs == 0)
		return REFUSE(cx, MALFORMED, "href", "A calendar-multiget needs at least one DAV:href.");
	if (hrefs > HREFS_MAX)
		return REFUSE(cx, DAV_LIMITS, "href", "At most %d hrefs can be asked at once.", HREFS_MAX);
	TRY(calendars_load(cx, g));
	g->batch = BATCH;
	for (size_t i = 0; i < g->calendar_count; i++)
		if (g->calendars[i].size > SMALL_CALENDAR)
			g->batch = BATCH_OF_LARGE;
	return OK;
}

err_t report_multiget(struct dav_call *call)
{
	struct multiget g = { .batch = BATCH };
	struct wanted *batch = arena_array(call->rq->cx.mem, struct wanted, BATCH);
	size_t count = 0;

	TRY(multiget_read(call, &g));
	rows_open(&g.m, call, &g.requested);
	g.m.context.data = &g.data;
	for (const struct xml_node *n = call->root->first; n && !g.m.gone; n = n->next) {
		if (!xml_is(n, NS_DAV, "href"))
			continue;
		resolve(&g, n, &batch[count++]);
		if (count < g.batch)
			continue;
		TRY(answer_batch(&g, batch, count));
		count = 0;
	}
	TRY(answer_batch(&g, batch, count));
	rows_close(&g.m);
	return OK;
}
