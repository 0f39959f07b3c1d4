/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /v1/events/changes: what became of a calendar's events since a sync token. The counter, and so the token, is that
 * of CalDAV's sync-collection (RFC 6578): either side takes the other's.
 */
#include "caldav/calendar/view/agenda.h"
#include "server/api/api.h"
#include "server/api/event_view.h"
#include "server/base/config.h"

struct changes_params {
	struct id calendar;
	bool has_calendar;
	struct str sync_token;
	int64_t limit;
};

#define P(member) offsetof(struct changes_params, member)

/* clang-format off */
static const struct json_field changes_params[] = {
	/* name         kind      flags offset         given            min max of */
	{ "calendar_id", JSON_ID,  JSON_NEEDED, P(calendar),   P(has_calendar), 0,  0,              "cal", NULL, 0, 0, "Whose events; needed where no sync_token says it", NULL },
	{ "sync_token",  JSON_STR, 0,   P(sync_token), 0,               1,  500,            NULL,  NULL, 0, 0, "What changed since: `next_sync_token` of an answer, or `sync_token` of a calendar. Without one all events are told", "https://calends.example/dav/sync/cal_0355WHuCFfRpMfB53mC9Z6/7" },
	{ "limit",       JSON_INT, 0,   P(limit),      0,               1,  PAGE_LIMIT_MAX, NULL,  NULL, 0, 0, "Changes in an answer; 100 unless said, a few more where one change has several", "100" },
};
/* clang-format on */

static err_t token_read(struct api_call *call, const struct changes_params *params, struct sync_token *out)
{
	struct ctx *cx = &call->rq->cx;
	struct sync_token token = { 0 };
	if (params->sync_token.ptr && !sync_token_parse(params->sync_token, &token))
		return REFUSE(cx, INVALID_VALUE, "sync_token",
			"This is not a sync token. Send next_sync_token as it came, percent-encoded.");
	if (!params->sync_token.ptr && !params->has_calendar)
		return REFUSE(cx, MISSING_FIELD, "calendar_id", "Say whose events: send calendar_id, or a sync_token.");
	if (params->sync_token.ptr && params->has_calendar && !id_eq(token.calendar, params->calendar))
		return REFUSE(cx, INVALID_VALUE, "sync_token", "This sync token is of another calendar.");
	if (!params->sync_token.ptr)
		token.calendar = params->calendar;
	*out = token;
	return OK;
}

/* What went or moved since the rows were read has a later number: the next answer tells. */
static err_t write_changes(struct api_call *call, struct json *j, const struct object *rows, size_t count)
{
	struct ctx *cx = &call->rq->cx;
	struct id *ids = arena_array(cx->mem, struct id, count + 1);
	struct object *objects = NULL;
	size_t live = 0, found = 0;
	for (size_t i = 0; i < count; i++)
		if (!rows[i].deleted && rows[i].component == COMPONENT_VEVENT)
			ids[live++] = rows[i].id;
	if (live)
		TRY(object_by_ids(cx, &call->actor, (struct id_list){ ids, live }, &objects, &found));
	for (size_t i = 0; i < count; i++) {
		const struct object *now = object_of_id(objects, found, rows[i].id);
		struct agenda_item item;
		struct event_view view;
		if (rows[i].component != COMPONENT_VEVENT)
			continue;
		if (rows[i].deleted) {
			api_list_deleted(call, j, "evt", rows[i].id);
		} else if (now && id_eq(now->calendar, rows[i].calendar) && now->component == COMPONENT_VEVENT) {
			TRY(agenda_event(cx, now, call->who.tz, &item));
			event_view_of(cx->mem, &item, !id_is_test(call->actor.owner), &view);
			api_list_item(call, j, &view);
		}
	}
	return OK;
}

static err_t run_changes(struct api_call *call, struct response *rs)
{
	const struct changes_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct changes_query q = { .limit = params->limit ? (int32_t)params->limit : PAGE_LIMIT_MAX };
	struct calendar calendar;
	struct changes got;
	TRY(token_read(call, params, &q.since));
	q.calendar = q.since.calendar;
	err_t e = calendar_by_id(cx, &call->actor, q.calendar, &calendar);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, params->sync_token.ptr ? "sync_token" : "calendar_id",
			"There is no such calendar.");
	TRY(e);
	e = object_changes_by_id(cx, &call->actor, &q, &got);
	if (err_is(e, DAV_SYNC_TOKEN))
		return REFUSE(cx, SYNC_TOKEN, "sync_token", "%s", err_row(SYNC_TOKEN)->text);
	TRY(e);
	struct json j = api_list_begin(call, rs);
	TRY(write_changes(call, &j, got.rows, got.count));
	int64_t last = got.count ? got.rows[got.count - 1].modseq : 0;
	struct sync_token next = sync_token_next(q.since, got.state, last, got.more);
	api_changes_end(&j, got.more, sync_token_text(cx->mem, cx->config->public_url, next));
	return OK;
}

const struct contract list_event_changes = {
	.id = "listEventChanges",
	.summary = "What became of a calendar's events since a sync token; without one all that there are.",
	PARAMS(changes_params, struct changes_params),
	.answer = &event_resource,
	.shape = ANSWER_CHANGES,
	.status = 200,
	ERRORS(NOT_FOUND, SYNC_TOKEN, TOO_COSTLY),
	.run = run_changes,
};
