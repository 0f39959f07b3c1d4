/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/calendars/{id}/export: all of a calendar as one .ics file. */
#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/view/document.h"
#include "server/api/api.h"
#include "server/http/disposition.h"

struct export_params {
	struct id id;
};

static const struct json_field export_params[] = {
	{ .name = "calendar",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cal",
		.offset = offsetof(struct export_params, id),
		.doc = "Its `id`" },
};

static bool flush(void *rs)
{
	return response_flush_if_large(rs);
}

static err_t run_export(struct api_call *call, struct response *rs)
{
	const struct export_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	bool unchanged;
	TRY(calendar_by_id(cx, &call->actor, params->id, &calendar));
	struct str tag = calendar_etag(cx->mem, &calendar);
	TRY(api_unchanged(call, rs, tag, &unchanged));
	if (unchanged)
		return OK;
	struct buf *out = response_stream(rs, 200, "text/calendar; charset=utf-8");
	response_header(rs, "ETag", tag);
	response_attachment(rs, calendar_label(&calendar), ".ics");
	if (call->rq->method == METHOD_HEAD)
		return OK;
	document_begin(cx, &calendar, out);
	TRY(document_objects(cx, &call->actor, &calendar, &(struct document_out){ out, flush, rs }));
	BUF_LIT(out, DOCUMENT_END);
	return OK;
}

const struct contract export_calendar = {
	.id = "exportCalendar",
	.summary = "All events, tasks and journal entries of a calendar, with their time zones, as one iCalendar file.",
	PARAMS(export_params, struct export_params),
	.shape = ANSWER_TEXT,
	.status = 200,
	.also_as = "text/calendar",
	.flags = TAKES_IF_NONE_MATCH,
	ERRORS(NOT_FOUND),
	.run = run_export,
};
