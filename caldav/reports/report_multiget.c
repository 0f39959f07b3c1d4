/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALDAV:calendar-multiget (RFC 4791 §7.9). Answers come in the order of the hrefs: 404 for what is not there, 403 for
 * what is another's. Any equivalent spelling of an href will do. What is named twice is answered once, since no href
 * may be twice in a multistatus (RFC 4918 §14.24). Depth is ignored, as the RFC says.
 */
#include <stdlib.h>

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
	bool again; /* was named before */
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

static void resolve(const struct dav_call *call, const struct xml_node *node, struct wanted *out)
{
	*out = (struct wanted){ .href = xml_text(node) };
	err_t e = href_resolve(call->rq, node->text, &out->at);
	if (e)
		out->status = status_of(e);
	else if (!within(call->at, out->at))
		out->status = 404;
}

static int wanted_cmp(const void *a, const void *b)
{
	const struct wanted *x = *(const struct wanted *const *)a, *y = *(const struct wanted *const *)b;
	int order = (x->status > y->status) - (x->status < y->status);
	if (!order && x->status)
		order = str_cmp(x->href, y->href);
	if (!order && !x->status)
		order = str_cmp(x->at.calendar, y->at.calendar);
	if (!order && !x->status)
		order = str_cmp(x->at.object, y->at.object);
	return order;
}

static int place_cmp(const void *a, const void *b)
{
	const struct wanted *x = *(const struct wanted *const *)a, *y = *(const struct wanted *const *)b;
	int order = wanted_cmp(a, b);
	return order ? order : (x > y) - (x < y);
}

/* Only the first of what is the same stays; returns how many that are. */
static size_t keep_first(struct arena *mem, struct wanted *all, size_t count)
{
	struct wanted **sorted = arena_array(mem, struct wanted *, count);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &all[i];
	qsort(sorted, count, sizeof(struct wanted *), place_cmp);
	for (size_t i = 1; i < count; i++)
		sorted[i]->again = wanted_cmp(&sorted[i - 1], &sorted[i]) == 0;
	for (size_t i = 0; i < count; i++)
		if (!all[i].again)
			all[kept++] = all[i];
	return kept;
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
	g->at = call->at;
	TRY(requested_read(cx, call->root, &g->requested));
	TRY(calendar_data_read(cx, g->requested.calendar_data, &g->data));
	TRY(calendars_load(cx, g));
	g->batch = BATCH;
	for (size_t i = 0; i < g->calendar_count; i++)
		if (g->calendars[i].size > SMALL_CALENDAR)
			g->batch = BATCH_OF_LARGE;
	return OK;
}

static err_t hrefs_read(const struct dav_call *call, struct wanted **out, size_t *count_out)
{
	struct ctx *cx = &call->rq->cx;
	size_t hrefs = 0;
	for (const struct xml_node *n = call->root->first; n; n = n->next)
		hrefs += xml_is(n, NS_DAV, "href");
	if (hrefs == 0)
		return REFUSE(cx, MALFORMED, "href", "A calendar-multiget needs at least one DAV:href.");
	if (hrefs > HREFS_MAX)
		return REFUSE(cx, DAV_LIMITS, "href", "At most %d hrefs can be asked at once.", HREFS_MAX);
	*out = arena_array(cx->mem, struct wanted, hrefs);
	hrefs = 0;
	for (const struct xml_node *n = call->root->first; n; n = n->next)
		if (xml_is(n, NS_DAV, "href"))
			resolve(call, n, &(*out)[hrefs++]);
	*count_out = keep_first(cx->mem, *out, hrefs);
	return OK;
}

err_t report_multiget(struct dav_call *call)
{
	struct multiget g = { .batch = BATCH };
	struct wanted *all = NULL;
	size_t count = 0;

	TRY(multiget_read(call, &g));
	TRY(hrefs_read(call, &all, &count));
	rows_open(&g.m, call, &g.requested);
	g.m.context.data = &g.data;
	for (size_t from = 0; from < count && !g.m.gone; from += g.batch)
		TRY(answer_batch(&g, all + from, count - from < g.batch ? count - from : g.batch));
	rows_close(&g.m);
	return OK;
}
