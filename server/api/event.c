/* SPDX-License-Identifier: Apache-2.0 */
/* One event: read, changed, cancelled, deleted. */
#include "caldav/calendar/write.h"
#include "server/api/api.h"
#include "server/api/event_target.h"

struct event_params {
	struct str id, mode;
};

static const struct json_field id_param[] = {
	{ .name = "event",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct event_params, id),
		.doc = "Its `id`; of one instance, that instance's" },
};

static err_t target_read(struct api_call *call, struct event_target *out)
{
	struct id id;
	struct event_target target = { .instance = STR_ABSENT };
	if (!event_id_parse(call->rq->args[0], &id, &target.instance))
		return FAIL(&call->rq->cx, NOT_FOUND, "not an event's id");
	TRY(object_by_id(&call->rq->cx, &call->actor, id, &target.object));
	if (target.object.component != COMPONENT_VEVENT)
		return FAIL(&call->rq->cx, NOT_FOUND, "a task or a journal, no event");
	*out = target;
	return OK;
}

/* ---- conditions ---- */

/*
 * The tags of a list as the store takes them, of either representation. Those that are not ours are left out: they
 * match nothing (RFC 9110 §13.1.1).
 */
static struct bytes_list tags_of(struct arena *mem, const struct etag_list *list, bool weak_counts)
{
	struct bytes_list out = { NULL, 0 };
	if (!list->items)
		return out;
	struct bytes *tags = arena_array(mem, struct bytes, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct etag *tag = &list->items[i];
		struct str hex = tag->opaque;
		if (str_ends(hex, STR(ICAL_TAG)))
			hex.len -= sizeof ICAL_TAG - 1;
		if ((weak_counts || !tag->weak) && hex.len == (size_t)2 * ETAG_OCTETS &&
			hex_to(mem, hex, &tags[out.count]))
			out.count++;
	}
	out.items = tags;
	return out;
}

static struct preconditions conditions_of(const struct api_call *call)
{
	struct arena *mem = call->rq->cx.mem;
	return (struct preconditions){
		.match_any = call->if_match.any,
		.match = tags_of(mem, &call->if_match, false),
		.none_match_any = call->if_none_match.any,
		.none_match = tags_of(mem, &call->if_none_match, true),
	};
}

/* ---- read ---- */

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct event_target target;
	struct agenda_item item;
	bool unchanged;
	TRY(target_read(call, &target));
	bool as_ical =
		!target.instance.ptr && str_starts_nocase(request_header(call->rq, "Accept"), STR("text/calendar"));
	if (!as_ical)
		TRY(event_target_item(call, &target, &item));
	struct str tag = event_tag(call->rq->cx.mem, &target.object, as_ical);
	response_header(rs, "Vary", STR("Accept"));
	TRY(api_unchanged(call, rs, tag, &unchanged));
	if (unchanged)
		return OK;
	if (!as_ical) {
		event_show(call, rs, &target, &item);
		return OK;
	}
	buf_add(reply(rs, 200, "text/calendar; charset=utf-8"), target.object.data);
	response_header(rs, "ETag", tag);
	return OK;
}

const struct contract get_event = {
	.id = "getEvent",
	.summary = "One event, or one instance of it.",
	PARAMS(id_param, struct event_params),
	.answer = &event_resource,
	.status = 200,
	.also_as = "text/calendar",
	.flags = TAKES_IF_MATCH | TAKES_IF_NONE_MATCH,
	ERRORS(NOT_FOUND, TOO_COSTLY),
	.run = run_get,
};

/* ---- change ---- */

/* From the data that is stored to the data that is to be; `item` is what the target is now. */
typedef err_t change(
	struct api_call *call, const struct event_target *target, struct agenda_item *item, struct event_changed *out);

struct changing {
	struct api_call *call;
	change *make;
	struct event_target *target;
	struct agenda_item item;
};

static err_t find_target(void *to, const struct object *now)
{
	struct changing *c = to;
	if (now->component != COMPONENT_VEVENT)
		return FAIL(&c->call->rq->cx, NOT_FOUND, "a task or a journal, no event");
	c->target->object = *now;
	return event_target_item(c->call, c->target, &c->item);
}

static err_t plan_change(void *to, const struct object *now, struct str *data_out)
{
	struct changing *c = to;
	(void)now;
	c->target->changed = (struct event_changed){ 0 };
	TRY(c->make(c->call, c->target, &c->item, &c->target->changed));
	*data_out = c->target->changed.data;
	return OK;
}

static err_t change_target(struct api_call *call, change *make, struct event_target *out)
{
	struct ctx *cx = &call->rq->cx;
	const struct preconditions when = conditions_of(call);
	struct event_target target = { .instance = STR_ABSENT };
	struct changing changing = { .call = call, .make = make, .target = &target };
	const struct object_edit edit = { find_target, plan_change, &changing };
	struct object object;
	struct id id;
	if (!event_id_parse(call->rq->args[0], &id, &target.instance))
		return FAIL(cx, NOT_FOUND, "not an event's id");
	TRY(event_words(call->rq, object_edit(cx, &call->actor, id, &when, &edit, &object)));
	target.object = object;
	*out = target;
	return OK;
}

/* Whoever may not read an event could learn its start from which ends are refused. */
static err_t check_unread(struct api_call *call, const struct event_view *view)
{
	if (api_reads(call) || !view->has_end || view->has_start)
		return OK;
	return REFUSE(&call->rq->cx, MISSING_FIELD, "start_time",
		"Without the scope events:read, an end is changed together with its start.");
}

static err_t read_change(struct api_call *call, const struct event_target *target, const struct agenda_item *item,
	struct event_view *out)
{
	struct ctx *cx = &call->rq->cx;
	struct event_view present, view = { 0 };
	event_view_of(cx->mem, item, !id_is_test(call->actor.owner), &present);
	present.dropped = (struct json_list){ NULL, 0 };
	TRY(api_read_change(call, &present, &view));
	if (view.has_calendar || view.has_client_uid)
		return REFUSE(cx, INVALID_VALUE, view.has_calendar ? "calendar_id" : "client_uid",
			"This is fixed when the event is made.");
	if (view.has_title && view.title.len == 0)
		return REFUSE(cx, INVALID_VALUE, "title", "An event needs a title.");
	if (target->instance.ptr && view.has_recurrence)
		return REFUSE(cx, INVALID_VALUE, "recurrence",
			"One instance has no recurrence of its own. Change the event itself.");
	view.recurrence_is_null = view.has_recurrence && !view.recurrence.has_rule && !view.recurrence.has_exdates &&
				  !view.recurrence.has_rdates && json_is_null(cx, call->rq->body, "recurrence");
	*out = view;
	return check_unread(call, &view);
}

static err_t apply_view(
	struct api_call *call, const struct event_target *target, struct agenda_item *item, struct event_changed *out)
{
	struct event_view view;
	unsigned fields;
	TRY(read_change(call, target, item, &view));
	TRY(event_view_apply(&call->rq->cx, &view, call->who.tz, false, &item->event, &fields));
	if ((fields & EVENT_ATTENDEES) && item->event.attendee_count > 0 && !item->event.organizer.ptr)
		item->event.organizer = call->who.email;
	const struct event_change edit = { target->instance, &item->event, fields, call->who.tz };
	return event_patch(&call->rq->cx, target->object.data, &edit, out);
}

static err_t run_update(struct api_call *call, struct response *rs)
{
	struct event_target target;
	TRY(change_target(call, apply_view, &target));
	return event_reply(call, rs, &target);
}

const struct contract update_event = {
	.id = "updateEvent",
	.summary = "Change what is sent; all else stays. The id of an instance changes that instance alone.",
	PARAMS(id_param, struct event_params),
	.body = &event_resource,
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_IS_CHANGE,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = run_update,
};

/* ---- cancel, delete ---- */

static err_t apply_cancel(
	struct api_call *call, const struct event_target *target, struct agenda_item *item, struct event_changed *out)
{
	(void)item;
	return event_cancel(&call->rq->cx, target->object.data, target->instance, &out->data);
}

static err_t apply_removal(
	struct api_call *call, const struct event_target *target, struct agenda_item *item, struct event_changed *out)
{
	(void)item;
	return event_remove_instance(&call->rq->cx, target->object.data, target->instance, &out->data);
}

static err_t cancel(struct api_call *call, struct response *rs)
{
	struct event_target target;
	TRY(change_target(call, apply_cancel, &target));
	return event_reply(call, rs, &target);
}

static err_t delete_target(struct api_call *call, struct response *rs)
{
	struct event_target target;
	const struct preconditions when = conditions_of(call);
	TRY(target_read(call, &target));
	if (target.instance.ptr)
		TRY(change_target(call, apply_removal, &target));
	else
		TRY(event_words(call->rq,
			object_delete(&call->rq->cx, &call->actor,
				(struct object_path){ target.object.calendar_name, target.object.name }, &when)));
	reply_empty(rs, 204);
	return OK;
}

/* Cancelled and still to be seen by default, since that is what the scope's wording says; gone with mode=delete. */
static err_t run_delete(struct api_call *call, struct response *rs)
{
	const struct event_params *params = call->params;
	return str_eq(params->mode, STR("delete")) ? delete_target(call, rs) : cancel(call, rs);
}

static const struct json_field delete_params[] = {
	{ .name = "event",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct event_params, id),
		.doc = "Its `id`; of one instance, that instance's" },
	{ .name = "mode",
		.kind = JSON_WORD,
		.of = "cancel delete",
		.offset = offsetof(struct event_params, mode),
		.doc = "cancel, the default: it stays to be seen, cancelled; delete: it is gone, the answer is 204" },
};

const struct contract delete_event = {
	.id = "deleteEvent",
	.summary = "Cancel an event, or delete it.",
	PARAMS(delete_params, struct event_params),
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | MAY_BE_EMPTY,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = run_delete,
};

/* Nothing can be said with it yet, and what is said must not be lost. */
static const struct json_field no_fields[1];
static const struct json_resource nothing = { .name = "nothing", .fields = no_fields, .doc = "An empty object." };

static err_t run_cancel(struct api_call *call, struct response *rs)
{
	return cancel(call, rs);
}

const struct contract cancel_event = {
	.id = "cancelEvent",
	.summary = "Cancel an event: it stays to be seen, cancelled. Twice is the same.",
	PARAMS(id_param, struct event_params),
	.body = &nothing,
	.answer = &event_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_OPTIONAL,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = run_cancel,
};
