/* SPDX-License-Identifier: Apache-2.0 */
/* A new event: what it needs, where it goes, and what is written. */
#include "caldav/calendar/write.h"
#include "server/account/account.h"
#include "server/api/api.h"
#include "server/api/event_mail.h"
#include "server/db/query.h"

static err_t check_new(struct request *rq, const struct event_view *view)
{
	if (!view->has_title || view->title.len == 0)
		return REFUSE(&rq->cx, MISSING_FIELD, "title", "An event needs a title.");
	if (!view->has_start)
		return REFUSE(&rq->cx, MISSING_FIELD, "start_time", "An event needs a start.");
	if (!view->has_end && !view->all_day)
		return REFUSE(&rq->cx, MISSING_FIELD, "end_time", "An event that is not all-day needs an end.");
	return OK;
}

/* "cal_…, cal_…", all that a credential is limited to. */
static struct str granted_text(struct arena *mem, const struct id_list *granted)
{
	struct buf out = buf_new(mem, 16384);
	for (size_t i = 0; i < granted->count; i++)
		buf_fmt(&out, "%s%.*s", i ? ", " : "", STR_ARG(id_text(mem, "cal", granted->items[i])));
	return buf_str(&out);
}

/*
 * Where an event goes that names no calendar: to the default one if the credential may use it, else to the only one
 * that it may use. Among several others the caller chooses.
 */
static err_t calendar_unsaid(struct api_call *call, struct str *name_out)
{
	struct calendar *granted;
	size_t count;
	*name_out = STR(DEFAULT_CALENDAR);
	if (!call->actor.calendars.items)
		return OK;
	TRY(calendar_list(&call->rq->cx, &call->actor, &granted, &count));
	for (size_t i = 0; i < count; i++)
		if (str_eq(granted[i].name, STR(DEFAULT_CALENDAR)))
			return OK;
	if (count == 0)
		return REFUSE(&call->rq->cx, NOT_FOUND, "calendar_id",
			"None of the calendars that this credential is limited to is there any more.");
	if (count > 1)
		return REFUSE(&call->rq->cx, MISSING_FIELD, "calendar_id",
			"The default calendar is not among those that this credential may use. Send the calendar_id of "
			"one that is: %.*s.",
			STR_ARG(granted_text(call->rq->cx.mem, &call->actor.calendars)));
	*name_out = str_dup(call->rq->cx.mem, granted[0].name);
	return OK;
}

static err_t calendar_for(struct api_call *call, const struct event_view *view, struct str *name_out)
{
	struct calendar calendar;
	if (!view->has_calendar)
		return calendar_unsaid(call, name_out);
	TRY(event_calendar(call, view->calendar, &calendar));
	*name_out = str_dup(call->rq->cx.mem, calendar.name);
	return OK;
}

err_t event_make(
	struct api_call *call, const struct event_view *view, const struct calendar *calendar, struct event_target *out)
{
	struct event event = { 0 };
	struct event_target target = { .instance = STR_ABSENT };
	unsigned fields;
	enum put_outcome outcome;
	struct object_write write;
	TRY(check_new(call->rq, view));
	TRY(event_view_apply(&call->rq->cx, view, call->who.tz, true, &event, &fields));
	event.uid = view->has_client_uid ? view->client_uid : STR_ABSENT;
	if (event.attendee_count > 0)
		event.organizer = call->who.email;
	event.organizer_name = event.organizer.ptr && calendar ? calendar->organizer_name : STR_ABSENT;
	write = (struct object_write){ .calendar_name = calendar ? calendar->name : STR_ABSENT };
	write.when.none_match_any = true;
	write.is_fresh = !view->has_client_uid;
	write.name = str_cat(call->rq->cx.mem, id_uuid(call->rq->cx.mem, id_new(call->rq->cx.now)), STR(".ics"));
	if (!calendar)
		TRY(calendar_for(call, view, &write.calendar_name));
	TRY(event_write(&call->rq->cx, &event, &write.data));
	TRY(event_words(call->rq, object_put(&call->rq->cx, &call->actor, &write, &outcome, &target.object)));
	target.object.data = write.data;
	*out = target;
	return OK;
}

struct create_params {
	bool notify;
};

static const struct json_field create_params[] = { NOTIFY_PARAM(struct create_params) };

static err_t make(struct api_call *call, bool notify, struct event_target *out)
{
	struct told_person *people;
	size_t count;
	TRY(event_make(call, call->body, NULL, out));
	const struct event_telling what = {
		.method = ITIP_REQUEST, .object = out->object.id, .data = out->object.data
	};
	return notify ? event_tell(call, &what, &people, &count) : OK;
}

static err_t run_create(struct api_call *call, struct response *rs)
{
	const struct create_params *params = call->params;
	struct event_target target;
	bool own = false;
	if (params->notify)
		TRY(db_join(&call->rq->cx, &own));
	TRY(db_settle(&call->rq->cx, own, make(call, params->notify, &target)));
	TRY(event_reply(call, rs, &target));
	api_location(rs, "/v1/events/", id_text(call->rq->cx.mem, "evt", target.object.id));
	return OK;
}

const struct contract create_event = {
	.id = "createEvent",
	.summary = "Make an event. Needs `title`, `start_time`, and `end_time` unless `all_day`.",
	PARAMS(create_params, struct create_params),
	.body = &event_resource,
	.answer = &event_resource,
	.status = 201,
	ERRORS(NOT_FOUND, EVENT_WRITING, TELLING),
	.flags = SETTLES_ITSELF,
	.run = run_create,
};
