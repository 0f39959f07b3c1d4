/* SPDX-License-Identifier: Apache-2.0 */
/* One event: read and changed. */
#include "server/api/api.h"
#include "server/api/event_mail.h"

struct event_params {
	struct str id;
};

static const struct json_field id_param[] = {
	{ .name = "event",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct event_params, id),
		.doc = "Its `id`; of one instance, that instance's",
		.example = "evt_0355WHuCFfRpMfB53mC9Z6" },
};

/* ---- read ---- */

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct event_target target;
	struct agenda_item item;
	struct str text;
	bool unchanged, as_ical;
	TRY(event_target_read(call, &target));
	text = target.object.data;
	TRY(event_target_item(call, &target, &item));
	TRY(api_wants_other(call, rs, &as_ical));
	if (as_ical && target.instance.ptr)
		TRY(event_extract(&call->rq->cx, text, target.instance, &text));
	struct str tag = event_tag(call->rq->cx.mem, &target.object, as_ical);
	TRY(api_unchanged(call, rs, tag, &unchanged));
	if (unchanged)
		return OK;
	if (!as_ical) {
		event_show(call, rs, &target, &item);
		return OK;
	}
	buf_add(reply(rs, 200, "text/calendar; charset=utf-8"), text);
	response_header(rs, "ETag", tag);
	return OK;
}

static void get_ahead(struct request *rq, struct id account, struct bytes key)
{
	struct id id;
	struct str instance;
	if (event_id_parse(rq->args[0], &id, &instance))
		object_shown_prefetch(&rq->cx, account, id, key);
}

const struct contract get_event = {
	.id = "getEvent",
	.summary = "One event, or one instance of it.",
	PARAMS(id_param, struct event_params),
	.answer = &event_resource,
	.status = 200,
	.also_as = "text/calendar",
	.flags = TAKES_IF_MATCH | TAKES_IF_NONE_MATCH,
	ERRORS(NOT_FOUND, NOT_ACCEPTABLE, TOO_COSTLY),
	.run = run_get,
	.ahead = get_ahead,
};

/* ---- change ---- */

/* Whoever may not read an event could learn its start from which ends are refused. */
static err_t check_unread(struct api_call *call, const struct event_view *view)
{
	if (api_reads(call) || !view->has_end || view->has_start)
		return OK;
	return REFUSE(&call->rq->cx, MISSING_FIELD, "start_time",
		"Without the scope events:read, an end is changed together with its start.");
}

static err_t read_change(const struct event_changing *c, struct event_view *out)
{
	struct api_call *call = c->call;
	struct ctx *cx = &call->rq->cx;
	struct event_view present, view = { 0 };
	event_view_of(cx->mem, &c->item, !id_is_test(call->actor.owner), &present);
	present.dropped = (struct json_list){ NULL, 0 };
	TRY(api_read_change(call, &present, &view));
	if (view.has_client_uid)
		return REFUSE(cx, INVALID_VALUE, "client_uid", "This is fixed when the event is made.");
	if (view.has_title && view.title.len == 0)
		return REFUSE(cx, INVALID_VALUE, "title", "An event needs a title.");
	if (c->scope == SCOPE_THIS && view.has_recurrence)
		return REFUSE(cx, INVALID_VALUE, "recurrence",
			"One instance has no recurrence of its own. Change the event itself.");
	view.recurrence_is_null = view.has_recurrence && !view.recurrence.has_rule && !view.recurrence.has_exdates &&
				  !view.recurrence.has_rdates && json_is_null(cx, call->rq->body, "recurrence");
	*out = view;
	return check_unread(call, &view);
}

/* Where it goes; NULL: it stays. One UID is in one calendar, so that a series goes whole (RFC 4791 §4.1). */
static err_t read_calendar(const struct event_changing *c, const struct event_view *view, const struct calendar **out)
{
	struct ctx *cx = &c->call->rq->cx;
	struct calendar *to = arena_new(cx->mem, struct calendar);
	*out = NULL;
	if (!view->has_calendar)
		return OK;
	TRY(event_calendar(c->call, view->calendar, to));
	if (id_eq(to->id, c->target.object.calendar))
		return OK;
	if (c->scope != SCOPE_ALL)
		return REFUSE(cx, INVALID_VALUE, "calendar_id",
			"A series is moved to another calendar as a whole. Send scope=all, or the id of the event "
			"itself.");
	*out = to;
	return OK;
}

/* A cancelled instance is brought back by its status; else it is not there to be changed. */
static err_t check_cancelled(const struct event_changing *c, unsigned fields)
{
	bool cancelled = c->target.instance.ptr && c->item.event.status == EVENT_CANCELLED;
	if (!cancelled || !fields || (fields & EVENT_STATUS))
		return OK;
	return REFUSE(&c->call->rq->cx, CONFLICT, "status",
		"This instance is cancelled. Send a status of confirmed or tentative to have it again.");
}

/* Those that follow become an event of their own, which is changed. */
static err_t change_following(struct event_changing *c, const struct event_change *edit, struct object_plan *out)
{
	struct ctx *cx = &c->call->rq->cx;
	struct event_parts parts;
	TRY(event_cut(c, &parts));
	TRY(event_patch_series(cx, parts.after, edit, &c->target.changed));
	*out = (struct object_plan){ .data = c->target.changed.data, .beside = STR_ABSENT };
	if (parts.before.ptr)
		*out = (struct object_plan){ .data = parts.before, .beside = c->target.changed.data };
	else
		c->scope = SCOPE_ALL;
	return OK;
}

static err_t make_change(struct event_changing *c, struct object_plan *out)
{
	struct api_call *call = c->call;
	struct ctx *cx = &call->rq->cx;
	struct event_view view;
	struct event to = c->item.event;
	const struct calendar *calendar;
	unsigned fields;
	TRY(read_change(c, &view));
	TRY(read_calendar(c, &view, &calendar));
	TRY(event_view_apply(cx, &view, call->who.tz, false, &to, &fields));
	TRY(check_cancelled(c, fields));
	if ((fields & EVENT_ATTENDEES) && to.attendee_count > 0 && !to.organizer.ptr)
		to.organizer = call->who.email;
	const struct event_change edit = { c->target.instance, &to, fields, call->who.tz };
	*out = (struct object_plan){ .data = c->target.object.data, .beside = STR_ABSENT, .to = calendar };
	if (c->scope == SCOPE_FOLLOWING)
		return fields ? change_following(c, &edit, out) : OK;
	return event_change_write(c, &edit, out);
}

static err_t run_update(struct api_call *call, struct response *rs)
{
	const struct change_params *params = call->params;
	struct event_changing c = { .call = call, .make = make_change };
	TRY(event_change_telling(&c, params->notify ? TELLS_CHANGE : TELLS_NOBODY));
	return event_reply(call, rs, &c.target);
}

static const struct json_field update_params[] = { CHANGE_ID_PARAM, CHANGE_SCOPE_PARAM,
	NOTIFY_PARAM(struct change_params) };

const struct contract update_event = {
	.id = "updateEvent",
	.summary = "Change what is sent; all else stays. Of an instance's id `scope` says what of its series changes.",
	PARAMS(update_params, struct change_params),
	.body = &event_resource,
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_IS_CHANGE | SETTLES_ITSELF,
	ERRORS(NOT_FOUND, EVENT_WRITING, TELLING),
	.run = run_update,
};
