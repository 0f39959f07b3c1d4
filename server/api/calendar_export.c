/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/calendars/{id}/export: all of a calendar as one .ics file. */
#include "server/api/api.h"
#include "server/files/calendar_file.h"

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

static err_t run_export(struct api_call *call, struct response *rs)
{
	const struct export_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	bool unchanged;
	TRY(calendar_by_id(cx, &call->actor, params->id, &calendar));
	TRY(api_unchanged(call, rs, calendar_etag(cx->mem, &calendar), &unchanged));
	return unchanged ? OK : calendar_send(call->rq, rs, &call->actor, &calendar);
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
