/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/freebusy: times only, which is all that calendars:read may see of events. */
#include "caldav/calendar/view/freebusy.h"
#include "caldav/calendar/view/agenda.h"
#include "server/api/api.h"

#define FREEBUSY_RANGE_MAX_S (INT64_C(62) * 86400)
#define FREEBUSY_EVENTS_MAX 20000
#define CANDIDATES_AT_ONCE 500

struct freebusy_params {
	struct id calendar;
	bool has_calendar;
	struct instant from, to;
};

static const struct json_field freebusy_params[] = {
	{ .name = "calendar_id",
		.kind = JSON_ID,
		.of = "cal",
		.offset = offsetof(struct freebusy_params, calendar),
		.given = offsetof(struct freebusy_params, has_calendar),
		.doc = "One calendar; all selected ones unless said" },
	{ .name = "from",
		.kind = JSON_TIME,
		.flags = JSON_REQUIRED,
		.offset = offsetof(struct freebusy_params, from),
		.doc = "Start of the range",
		.example = "2026-11-24T00:00:00Z" },
	{ .name = "to",
		.kind = JSON_TIME,
		.flags = JSON_REQUIRED,
		.offset = offsetof(struct freebusy_params, to),
		.doc = "Its end, at most 62 days later",
		.example = "2026-12-01T00:00:00Z" },
};

/* ---- the answer ---- */

struct span_view {
	struct instant start, end;
	struct str status;
};

struct freebusy_view {
	struct str object;
	struct instant from, to;
	struct json_list busy; /* of struct span_view */
};

static const struct json_field span_fields[] = {
	{ .name = "start",
		.kind = JSON_TIME,
		.flags = JSON_READ_ONLY,
		.offset = offsetof(struct span_view, start),
		.doc = "When it begins" },
	{ .name = "end",
		.kind = JSON_TIME,
		.flags = JSON_READ_ONLY,
		.offset = offsetof(struct span_view, end),
		.doc = "The first instant that is free again" },
	{ .name = "status",
		.kind = JSON_WORD,
		.flags = JSON_READ_ONLY,
		.of = "busy tentative unavailable",
		.offset = offsetof(struct span_view, status),
		.doc = "How busy" },
};

static const struct json_field freebusy_fields[] = {
	{ .name = "object",
		.kind = JSON_STR,
		.flags = JSON_READ_ONLY,
		.offset = offsetof(struct freebusy_view, object),
		.doc = "freebusy",
		.example = "freebusy" },
	{ .name = "from",
		.kind = JSON_TIME,
		.flags = JSON_READ_ONLY,
		.offset = offsetof(struct freebusy_view, from),
		.doc = "The range that was asked for" },
	{ .name = "to",
		.kind = JSON_TIME,
		.flags = JSON_READ_ONLY,
		.offset = offsetof(struct freebusy_view, to),
		.doc = "Its end" },
	{ .name = "busy",
		.kind = JSON_OBJECTS,
		.flags = JSON_READ_ONLY,
		.offset = offsetof(struct freebusy_view, busy),
		.fields = span_fields,
		.field_count = ARRAY_LEN(span_fields),
		.size = sizeof(struct span_view),
		.doc = "In order, none touching another of its status" },
};

static const struct json_resource freebusy_resource = {
	.name = "freebusy",
	JSON_FIELDS(freebusy_fields),
	.size = sizeof(struct freebusy_view),
	.reads = CALENDARS_READ,
	.doc = "When the user is busy.",
};

static void reply_busy(struct api_call *call, struct response *rs, const struct freebusy *fb)
{
	static const char *const kinds[BUSY_KINDS] = {
		[BUSY] = "busy",
		[BUSY_TENTATIVE] = "tentative",
		[BUSY_UNAVAILABLE] = "unavailable",
	};
	struct span_view *spans = arena_array(call->rq->cx.mem, struct span_view, fb->count + 1);
	for (size_t i = 0; i < fb->count; i++)
		spans[i] = (struct span_view){ fb->spans[i].start, fb->spans[i].end, str_of(kinds[fb->spans[i].kind]) };
	const struct freebusy_view view = { STR("freebusy"), fb->start, fb->end, { spans, fb->count } };
	api_reply(call, rs, &view);
}

/* ---- collecting ---- */

/* Those that flags and occurrences do not decide, batch by batch. */
static err_t add_data(struct api_call *call, struct freebusy *fb, const struct object *rows, size_t count)
{
	for (size_t from = 0; from < count;) {
		struct arena_mark mark = arena_mark(call->rq->cx.mem);
		size_t end = object_batch(rows, from, count), whole_count;
		struct id *ids = arena_array(call->rq->cx.mem, struct id, end - from);
		struct object *whole;
		bool again;
		for (size_t i = from; i < end; i++)
			ids[i - from] = rows[i].id;
		TRY(object_by_ids(
			&call->rq->cx, &call->actor, (struct id_list){ ids, end - from }, &whole, &whole_count));
		for (size_t i = 0; i < whole_count; i++)
			TRY(freebusy_add(&call->rq->cx, fb, &whole[i], &again));
		arena_rewind(call->rq->cx.mem, mark);
		from = end;
	}
	return OK;
}

static err_t add_busy(struct api_call *call, struct freebusy *fb, const struct object *objects, size_t count)
{
	struct object *open = arena_array(call->rq->cx.mem, struct object, count + 1);
	size_t open_count = 0;
	for (size_t i = 0; i < count; i++) {
		bool needs_data = false;
		TRY(freebusy_add(&call->rq->cx, fb, &objects[i], &needs_data));
		if (needs_data)
			open[open_count++] = objects[i];
	}
	return add_data(call, fb, open, open_count);
}

static err_t collect_busy(struct api_call *call, struct id_list calendars, struct freebusy *fb)
{
	struct range_position after = { 0 };
	struct object *objects;
	size_t count = CANDIDATES_AT_ONCE, seen = 0;
	while (calendars.count > 0 && count == CANDIDATES_AT_ONCE) {
		struct arena_mark mark = arena_mark(call->rq->cx.mem);
		TRY(object_in_range(&call->rq->cx, &call->actor, calendars, fb->start, fb->end, COMPONENT_VEVENT, after,
			CANDIDATES_AT_ONCE, &objects, &count));
		TRY(add_busy(call, fb, objects, count));
		if (count > 0)
			after = range_position(&objects[count - 1]);
		arena_rewind(call->rq->cx.mem, mark);
		seen += count;
		if (seen > FREEBUSY_EVENTS_MAX)
			return REFUSE(&call->rq->cx, RANGE_TOO_LARGE, "to",
				"Too many events touch this range. Ask for less.");
	}
	freebusy_merge(fb);
	return OK;
}

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct freebusy_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct id_list calendars;
	struct freebusy fb;
	if (!instant_before(params->from, params->to))
		return REFUSE(cx, INVALID_VALUE, "to", "The end of the range does not lie after its start.");
	if (instant_before(instant_add_s(params->from, FREEBUSY_RANGE_MAX_S), params->to))
		return REFUSE(cx, RANGE_TOO_LARGE, "to", "Free and busy time is told for 62 days at most.");
	freebusy_open(cx, params->from, params->to, call->who.tz, &fb);
	TRY(calendars_chosen(call, params->has_calendar ? &params->calendar : NULL, &calendars));
	TRY(collect_busy(call, calendars, &fb));
	reply_busy(call, rs, &fb);
	return OK;
}

const struct contract get_freebusy = {
	.id = "getFreeBusy",
	.summary = "When the user is busy, over one calendar or all selected ones.",
	PARAMS(freebusy_params, struct freebusy_params),
	.answer = &freebusy_resource,
	.status = 200,
	ERRORS(NOT_FOUND, RANGE_TOO_LARGE, TOO_COSTLY),
	.run = run_get,
};
