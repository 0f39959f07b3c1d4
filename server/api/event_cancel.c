/* SPDX-License-Identifier: Apache-2.0 */
/* One event: cancelled, deleted, answered. */
#include "server/api/api.h"
#include "server/api/event_mail.h"

/* ---- cancel ---- */

struct cancel_view {
	struct str comment;
	bool notify;
};

static const struct json_field cancel_fields[] = {
	{ .name = "comment",
		.kind = JSON_STR,
		.flags = JSON_NULLABLE,
		.offset = offsetof(struct cancel_view, comment),
		.min = 1,
		.max = 1000,
		.doc = "Why, for those who come; kept as the event's COMMENT",
		.example = "The room is taken." },
	{ .name = "notify_attendees",
		.kind = JSON_BOOL,
		.offset = offsetof(struct cancel_view, notify),
		.doc = "true: attendees are told by mail, in the same transaction; needs events:read, too",
		.example = "false" },
};

static const struct json_resource cancellation = {
	.name = "cancellation",
	JSON_FIELDS(cancel_fields),
	.size = sizeof(struct cancel_view),
	.doc = "What is said of a cancelled event.",
};

static struct str comment_of(const struct api_call *call)
{
	const struct cancel_view *view = call->body;
	return view && view->comment.len ? view->comment : STR_ABSENT;
}

static err_t make_cancelled(struct event_changing *c, struct object_plan *out)
{
	struct ctx *cx = &c->call->rq->cx;
	struct event_parts parts = { .before = STR_ABSENT, .after = c->target.object.data };
	struct str comment = comment_of(c->call), cancelled;
	if (c->scope == SCOPE_THIS)
		return event_cancel(cx, parts.after, c->target.instance, comment, &out->data);
	if (c->scope == SCOPE_FOLLOWING)
		TRY(event_cut(c, &parts));
	TRY(event_cancel(cx, parts.after, STR_ABSENT, comment, &cancelled));
	c->scope = parts.before.ptr ? c->scope : SCOPE_ALL;
	out->data = parts.before.ptr ? parts.before : cancelled;
	out->beside = parts.before.ptr ? cancelled : STR_ABSENT;
	return OK;
}

static err_t run_cancel(struct api_call *call, struct response *rs)
{
	const struct cancel_view *view = call->body;
	const struct change_params *params = call->params;
	struct event_changing c = { .call = call, .make = make_cancelled };
	bool notify = params->notify || (view && view->notify);
	TRY(event_change_telling(&c, notify ? TELLS_CHANGE : TELLS_NOBODY));
	return event_reply(call, rs, &c.target);
}

static const struct json_field cancel_params[] = { CHANGE_ID_PARAM, CHANGE_SCOPE_PARAM };

const struct contract cancel_event = {
	.id = "cancelEvent",
	.summary = "Cancel an event: it stays to be seen, cancelled. Twice is the same.",
	PARAMS(cancel_params, struct change_params),
	.body = &cancellation,
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_OPTIONAL | SETTLES_ITSELF,
	ERRORS(NOT_FOUND, EVENT_WRITING, TELLING),
	.run = run_cancel,
};

/* ---- delete ---- */

static err_t make_gone(struct event_changing *c, struct object_plan *out)
{
	struct event_parts parts;
	*out = (struct object_plan){ .data = STR_ABSENT, .beside = STR_ABSENT };
	if (c->scope == SCOPE_THIS)
		return event_remove_instance(&c->call->rq->cx, c->target.object.data, c->target.instance, &out->data);
	if (c->scope == SCOPE_FOLLOWING) {
		TRY(event_cut(c, &parts));
		c->scope = parts.before.ptr ? c->scope : SCOPE_ALL;
		out->data = parts.before;
	}
	return OK;
}

/* Cancelled and still to be seen by default, since that is what the scope's wording says; gone with mode=delete. */
static err_t run_delete(struct api_call *call, struct response *rs)
{
	const struct change_params *params = call->params;
	struct event_changing c = { .call = call, .make = make_gone };
	if (!str_eq(params->mode, STR("delete")))
		return run_cancel(call, rs);
	TRY(event_change_telling(&c, params->notify ? TELLS_GONE : TELLS_NOBODY));
	reply_empty(rs, 204);
	return OK;
}

static const struct json_field delete_params[] = {
	CHANGE_ID_PARAM,
	{ .name = "mode",
		.kind = JSON_WORD,
		.of = "cancel delete",
		.offset = offsetof(struct change_params, mode),
		.doc = "cancel, the default: it stays to be seen, cancelled; delete: it is gone, the answer is 204" },
	CHANGE_SCOPE_PARAM,
	NOTIFY_PARAM(struct change_params),
};

const struct contract delete_event = {
	.id = "deleteEvent",
	.summary = "Cancel an event, or delete it.",
	PARAMS(delete_params, struct change_params),
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | MAY_BE_EMPTY | SETTLES_ITSELF,
	ERRORS(NOT_FOUND, EVENT_WRITING, TELLING),
	.run = run_delete,
};

/* ---- respond ---- */

static const struct json_field respond_fields[] = {
	EVENT_RESPONSE_STATUS,
	{ .name = "notify_organizer",
		.kind = JSON_BOOL,
		.offset = offsetof(struct event_response, notify),
		.doc = "true: the organizer is told by mail, in the same transaction; needs events:read, too",
		.example = "false" },
};

const struct json_resource event_response = {
	.name = "event_response",
	JSON_FIELDS(respond_fields),
	.size = sizeof(struct event_response),
	.doc = "An attendee's answer to an invitation.",
};

static enum event_partstat partstat_of(struct str status)
{
	return str_eq(status, STR("accepted"))   ? PARTSTAT_ACCEPTED
	       : str_eq(status, STR("declined")) ? PARTSTAT_DECLINED
						 : PARTSTAT_TENTATIVE;
}

/* The user's own line, by their e-mail address. Nobody answers for others. */
static err_t answer_as(struct event_changing *c, struct event *event)
{
	struct ctx *cx = &c->call->rq->cx;
	const struct event_response *view = c->call->body;
	struct event_attendee *attendees = arena_array(cx->mem, struct event_attendee, event->attendee_count + 1);
	bool found = false;
	for (size_t i = 0; i < event->attendee_count; i++) {
		attendees[i] = event->attendees[i];
		if (!str_eq_nocase(attendees[i].email, c->call->who.email))
			continue;
		attendees[i].status = partstat_of(view->status);
		found = true;
	}
	event->attendees = attendees;
	if (found)
		return OK;
	return REFUSE(cx, NOT_ATTENDEE, "", "%s", err_row(NOT_ATTENDEE)->text);
}

err_t event_answer(struct event_changing *c, struct object_plan *out)
{
	struct ctx *cx = &c->call->rq->cx;
	struct event to = c->item.event;
	const struct event_change edit = { c->target.instance, &to, EVENT_ATTENDEES, c->call->who.tz };
	if (to.status == EVENT_CANCELLED)
		return REFUSE(cx, CONFLICT, "", "This event is cancelled: there is nothing to answer.");
	TRY(answer_as(c, &to));
	return event_change_write(c, &edit, out);
}

static err_t run_respond(struct api_call *call, struct response *rs)
{
	const struct event_response *view = call->body;
	struct event_changing c = { .call = call, .make = event_answer };
	TRY(event_change_telling(&c, view->notify ? TELLS_ORGANIZER : TELLS_NOBODY));
	return event_reply(call, rs, &c.target);
}

static const struct json_field respond_params[] = {
	CHANGE_ID_PARAM,
	{ .name = "scope",
		.kind = JSON_WORD,
		.of = "this all",
		.offset = offsetof(struct change_params, scope),
		.doc = "Of an instance's id: this one, the default, or the whole series" },
};

const struct contract respond_to_event = {
	.id = "respondToEvent",
	.summary = "Answer an invitation: the user's own entry among the attendees, by their e-mail address.",
	PARAMS(respond_params, struct change_params),
	.body = &event_response,
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | SETTLES_ITSELF,
	ERRORS(NOT_FOUND, NOT_ATTENDEE, EVENT_WRITING, ANSWERING),
	.run = run_respond,
};
