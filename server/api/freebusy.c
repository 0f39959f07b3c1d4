/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /v1/freebusy: times only, which is all that calendars:read may see of events; and the same of one calendar that
 * its owner made public, for publishable keys.
 */
#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/busy.h"
#include "server/api/api.h"
#include "server/api/participants.h"

#define IDS_MAX (CALENDARS_MAX * 27) /* octets: "cal_", 22 digits, a comma */

struct freebusy_params {
	struct str calendars;
	struct instant from, to;
};

static const struct json_field freebusy_params[] = {
	{ .name = "calendar_ids",
		.kind = JSON_STR,
		.min = 1,
		.max = IDS_MAX,
		.offset = offsetof(struct freebusy_params, calendars),
		.doc = "The `id` of one calendar, or of several with commas between; all selected ones unless said",
		.example = "cal_0355WHuCFfRpMfB53mC9Z6" },
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

/* Which calendars are named; NOT_FOUND where one of them is not the actor's. */
static err_t calendars_named(struct api_call *call, struct str text, struct id_list *out)
{
	struct ctx *cx = &call->rq->cx;
	struct id *ids = arena_array(cx->mem, struct id, text.len + 1);
	struct id_list named = { ids, 0 };
	struct str rest = text, item;
	while (str_cut(&rest, ',', &item))
		if (!id_parse(item, "cal", &ids[named.count++]))
			return REFUSE(cx, INVALID_VALUE, "calendar_ids",
				"Each must be the id of a calendar, cal_…, with a comma and no blank between two.");
	return calendars_chosen(call, &named, "calendar_ids", out);
}

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct freebusy_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct busy_person person = { .actor = call->actor, .zone = call->who.tz, .email = call->who.email };
	TRY(busy_range_check(cx, params->from, params->to, "to"));
	if (params->calendars.ptr)
		TRY(calendars_named(call, params->calendars, &person.calendars));
	else
		TRY(calendars_chosen(call, NULL, NULL, &person.calendars));
	TRY(busy_collect(cx, &person, 1, params->from, params->to));
	reply_busy(call, rs, &person.busy);
	return OK;
}

static void get_ahead(struct request *rq, struct id account, struct bytes key)
{
	calendar_choices_prefetch(&rq->cx, account, key);
}

const struct contract get_freebusy = {
	.id = "getFreeBusy",
	.summary = "When the user is busy, over the calendars that are named, or all selected ones.",
	PARAMS(freebusy_params, struct freebusy_params),
	.answer = &freebusy_resource,
	.status = 200,
	ERRORS(NOT_FOUND, RANGE_TOO_LARGE, TOO_COSTLY),
	.run = run_get,
	.ahead = get_ahead,
};

/* ---- public ---- */

struct public_params {
	struct id calendar;
	struct instant from, to;
};

static const struct json_field public_params[] = {
	{ .name = "calendar",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cal",
		.offset = offsetof(struct public_params, calendar),
		.doc = "Its `id`" },
	{ .name = "from",
		.kind = JSON_TIME,
		.flags = JSON_REQUIRED,
		.offset = offsetof(struct public_params, from),
		.doc = "Start of the range",
		.example = "2026-11-24T00:00:00Z" },
	{ .name = "to",
		.kind = JSON_TIME,
		.flags = JSON_REQUIRED,
		.offset = offsetof(struct public_params, to),
		.doc = "Its end, at most 62 days later",
		.example = "2026-12-01T00:00:00Z" },
};

static const struct json_resource public_freebusy_resource = {
	.name = "public_freebusy",
	JSON_FIELDS(freebusy_fields),
	.size = sizeof(struct freebusy_view),
	.doc = "When a public calendar is busy.",
};

/* Another's calendar, and one that is not public, are not there. */
static err_t run_public(struct api_call *call, struct response *rs)
{
	const struct public_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	struct busy_person person = { .actor = call->actor, .zone = call->who.tz, .email = call->who.email };
	TRY(calendar_by_id(cx, &call->actor, params->calendar, &calendar));
	if (!calendar.is_public)
		return FAIL(cx, NOT_FOUND, "a calendar that is not public");
	TRY(busy_range_check(cx, params->from, params->to, "to"));
	person.calendars = (struct id_list){ &calendar.id, 1 };
	TRY(busy_collect(cx, &person, 1, params->from, params->to));
	reply_busy(call, rs, &person.busy);
	return OK;
}

const struct contract get_public_freebusy = {
	.id = "getPublicFreeBusy",
	.summary =
		"When a calendar is busy that its owner made public: for pages, with a publishable key of the owner.",
	PARAMS(public_params, struct public_params),
	.answer = &public_freebusy_resource,
	.status = 200,
	ERRORS(NOT_FOUND, RANGE_TOO_LARGE, TOO_COSTLY),
	.run = run_public,
};
