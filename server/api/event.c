/* SPDX-License-Identifier: Apache-2.0 */
/* One event: read, made, changed, cancelled, deleted. */
#include <string.h>

#include "caldav/calendar/write.h"
#include "server/account/account.h"
#include "server/api/api.h"
#include "server/api/event_view.h"

#define TRIES 3 /* of a change against a concurrent one, when the caller set no condition */

/* What the path names. */
struct target {
	struct object object;         /* with data */
	struct str instance;          /* its recurrence id; absent: the event as a whole */
	struct event_changed changed; /* by this request */
};

static err_t target_read(struct request *rq, const struct principal *who, struct target *out)
{
	struct id id;
	struct target target = { .instance = STR_ABSENT };
	if (!event_id_parse(rq->args[0], &id, &target.instance))
		return FAIL(&rq->cx, NOT_FOUND, "not an event's id");
	const struct actor actor = actor_own(who);
	TRY(object_by_id(&rq->cx, &actor, id, &target.object));
	if (target.object.component != COMPONENT_VEVENT)
		return FAIL(&rq->cx, NOT_FOUND, "a task or a journal, no event");
	*out = target;
	return OK;
}

static err_t target_item(
	struct request *rq, const struct principal *who, const struct target *target, struct agenda_item *out)
{
	if (target->instance.ptr)
		return agenda_instance(&rq->cx, &target->object, target->instance, who->tz, out);
	return agenda_event(&rq->cx, &target->object, who->tz, out);
}

static err_t reply_event(
	struct request *rq, struct response *rs, int status, const struct principal *who, const struct target *target)
{
	struct agenda_item item;
	struct event_view view;
	TRY(target_item(rq, who, target, &item));
	event_view_of(rq->cx.mem, &item, !id_is_test(who->account), &view);
	view.dropped = event_view_dropped(rq->cx.mem, target->changed.dropped, target->changed.dropped_count);
	api_reply(rs, status, event_fields, event_field_count, &view);
	response_header(rs, "ETag", view.etag);
	return OK;
}

/* ---- conditions ---- */

/* The octets of an entity tag of ours, `"` + 32 hex + `"`. */
static bool tag_read(struct arena *mem, struct str text, struct bytes *out)
{
	return text.len == 34 && text.ptr[0] == '"' && text.ptr[33] == '"' && hex_to(mem, str_sub(text, 1, 33), out);
}

/* If-Match as the store takes it. Tags that are not ours are left out: they match nothing (RFC 9110 §13.1.1). */
static void read_if_match(struct request *rq, struct preconditions *out)
{
	struct str rest = request_header_list(rq, "If-Match"), tag;
	if (!rest.ptr)
		return;
	if (str_eq(str_trim(rest, STR_BLANK), STR("*"))) {
		out->match_any = true;
		return;
	}
	struct bytes *tags = arena_array(rq->cx.mem, struct bytes, rest.len / 2 + 2);
	size_t count = 0;
	while (str_cut(&rest, ',', &tag))
		count += tag_read(rq->cx.mem, str_trim(tag, STR_BLANK), &tags[count]);
	out->match = (struct bytes_list){ tags, count };
}

static bool has_condition(const struct preconditions *when)
{
	return when->match_any || when->match.items;
}

/* What the caller demands must hold of what was read, too: the change was made from it. */
static err_t check_condition(struct request *rq, const struct preconditions *when, struct bytes etag)
{
	if (!when->match.items)
		return OK;
	for (size_t i = 0; i < when->match.count; i++)
		if (bytes_same(when->match.items[i], etag))
			return OK;
	return FAIL(&rq->cx, PRECONDITION, "If-Match");
}

/* ---- read ---- */

err_t event_get(struct request *rq, struct response *rs)
{
	struct principal who;
	struct target target;
	TRY(api_caller(rq, &who));
	TRY(target_read(rq, &who, &target));
	struct str etag = etag_text(rq->cx.mem, target.object.etag);
	struct str none_match = request_header_list(rq, "If-None-Match");
	if (none_match.ptr && (str_eq(none_match, STR("*")) || str_find(none_match, etag) != SIZE_MAX)) {
		reply_empty(rs, 304);
		response_header(rs, "ETag", etag);
		return OK;
	}
	response_header(rs, "Vary", STR("Accept"));
	if (!target.instance.ptr && str_starts_nocase(request_header(rq, "Accept"), STR("text/calendar"))) {
		buf_add(reply(rs, 200, "text/calendar; charset=utf-8"), target.object.data);
		response_header(rs, "ETag", etag);
		return OK;
	}
	return reply_event(rq, rs, 200, &who, &target);
}

/* ---- make ---- */

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

static err_t calendar_for(
	struct request *rq, const struct principal *who, const struct event_view *view, struct str *name_out)
{
	struct id id;
	struct calendar calendar;
	*name_out = STR(DEFAULT_CALENDAR);
	if (!view->has_calendar)
		return OK;
	if (!id_parse(view->calendar, "cal", &id))
		return REFUSE(&rq->cx, INVALID_VALUE, "calendar_id", "This is not the id of a calendar (cal_…).");
	const struct actor actor = actor_own(who);
	err_t e = calendar_by_id(&rq->cx, &actor, id, &calendar);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "calendar_id", "There is no such calendar.");
	TRY(e);
	*name_out = str_dup(rq->cx.mem, calendar.name);
	return OK;
}

static err_t in_words_of_rest(struct request *rq, err_t e)
{
	if (err_is(e, UID_CONFLICT))
		return REFUSE(&rq->cx, UID_CONFLICT, "client_uid", "There is an event with this client_uid already.");
	if (err_is(e, FORBIDDEN))
		return REFUSE(&rq->cx, FORBIDDEN, "calendar_id", "This calendar is not writable.");
	if (err_is(e, DAV_PARENT_MISSING))
		return REFUSE(&rq->cx, NOT_FOUND, "calendar_id", "There is no such calendar.");
	return e;
}

err_t event_post(struct request *rq, struct response *rs)
{
	struct principal who;
	struct event_view view = { .busy = true };
	struct event event = { 0 };
	struct target target = { .instance = STR_ABSENT };
	unsigned fields;
	enum put_outcome outcome;
	struct object_write write;
	TRY(api_caller(rq, &who));
	TRY(json_read(&rq->cx, rq->body, event_fields, event_field_count, &view));
	TRY(check_new(rq, &view));
	TRY(event_view_apply(&rq->cx, &view, who.tz, true, &event, &fields));
	event.uid = view.has_client_uid ? view.client_uid : STR_ABSENT;
	if (event.attendee_count > 0)
		event.organizer = who.email;
	write = (struct object_write){ .calendar_name = STR_ABSENT };
	write.when.none_match_any = true;
	write.name = str_cat(rq->cx.mem, id_uuid(rq->cx.mem, id_new(rq->cx.now)), STR(".ics"));
	TRY(calendar_for(rq, &who, &view, &write.calendar_name));
	TRY(event_write(&rq->cx, &event, &write.data));
	const struct actor actor = actor_own(&who);
	TRY(in_words_of_rest(rq, object_put(&rq->cx, &actor, &write, &outcome, &target.object)));
	target.object.data = write.data;
	TRY(reply_event(rq, rs, 201, &who, &target));
	response_header(
		rs, "Location", str_cat(rq->cx.mem, STR("/v1/events/"), id_text(rq->cx.mem, "evt", target.object.id)));
	return OK;
}

/* ---- change ---- */

/* From the data that is stored to the data that is to be. */
typedef err_t change(
	struct request *rq, const struct principal *who, const struct target *target, struct event_changed *out);

/* Write what `make` makes of the target, under the condition that nobody wrote meanwhile. */
static err_t write_change(struct request *rq, const struct principal *who, struct target *target, change *make)
{
	enum put_outcome outcome;
	struct object object;
	struct event_changed changed = { 0 };
	TRY(make(rq, who, target, &changed));
	struct object_write write = {
		.calendar_name = target->object.calendar_name,
		.name = target->object.name,
		.data = changed.data,
		.when.match = { &target->object.etag, 1 },
	};
	const struct actor actor = actor_own(who);
	TRY(in_words_of_rest(rq, object_put(&rq->cx, &actor, &write, &outcome, &object)));
	object.data = changed.data;
	object.calendar_name = target->object.calendar_name;
	target->object = object;
	target->changed = changed;
	return OK;
}

/* Read, change, write; again from the start when someone else was faster and the caller set no condition. */
static err_t change_target(struct request *rq, const struct principal *who, change *make, struct target *out)
{
	struct preconditions when = { 0 };
	err_t e = OK;
	read_if_match(rq, &when);
	for (int i = 0; i < TRIES; i++) {
		TRY(target_read(rq, who, out));
		TRY(check_condition(rq, &when, out->object.etag));
		e = write_change(rq, who, out, make);
		if (!err_is(e, PRECONDITION) || has_condition(&when))
			return e;
	}
	return REFUSE(&rq->cx, CONFLICT, "", "Others change this event at the same time. Try again.");
}

/* What has its present value already is not judged: whoever sends back what they read changes nothing. */
static err_t apply_view(
	struct request *rq, const struct principal *who, const struct target *target, struct event_changed *out)
{
	struct agenda_item item;
	struct event_view present, view = { 0 };
	unsigned fields;
	TRY(target_item(rq, who, target, &item));
	event_view_of(rq->cx.mem, &item, !id_is_test(who->account), &present);
	present.dropped = (struct json_list){ NULL, 0 };
	TRY(json_read_change(&rq->cx, rq->body, event_fields, event_field_count, &present, &view));
	if (view.has_calendar || view.has_client_uid)
		return REFUSE(&rq->cx, INVALID_VALUE, view.has_calendar ? "calendar_id" : "client_uid",
			"This is fixed when the event is made.");
	if (view.has_title && view.title.len == 0)
		return REFUSE(&rq->cx, INVALID_VALUE, "title", "An event needs a title.");
	if (target->instance.ptr && view.has_recurrence)
		return REFUSE(&rq->cx, INVALID_VALUE, "recurrence",
			"One instance has no recurrence of its own. Change the event itself.");
	view.recurrence_is_null = view.has_recurrence && !view.recurrence.has_rule && !view.recurrence.has_exdates &&
				  !view.recurrence.has_rdates && json_is_null(&rq->cx, rq->body, "recurrence");
	TRY(event_view_apply(&rq->cx, &view, who->tz, false, &item.event, &fields));
	if ((fields & EVENT_ATTENDEES) && item.event.attendee_count > 0 && !item.event.organizer.ptr)
		item.event.organizer = who->email;
	const struct event_change edit = { target->instance, &item.event, fields, who->tz };
	return event_patch(&rq->cx, target->object.data, &edit, out);
}

err_t event_change(struct request *rq, struct response *rs)
{
	struct principal who;
	struct target target;
	TRY(api_caller(rq, &who));
	TRY(change_target(rq, &who, apply_view, &target));
	return reply_event(rq, rs, 200, &who, &target);
}

/* ---- cancel, delete ---- */

static err_t apply_cancel(
	struct request *rq, const struct principal *who, const struct target *target, struct event_changed *out)
{
	struct agenda_item item;
	TRY(target_item(rq, who, target, &item)); /* an instance must be there to be cancelled */
	return event_cancel(&rq->cx, target->object.data, target->instance, &out->data);
}

static err_t apply_removal(
	struct request *rq, const struct principal *who, const struct target *target, struct event_changed *out)
{
	struct agenda_item item;
	TRY(target_item(rq, who, target, &item));
	return event_remove_instance(&rq->cx, target->object.data, target->instance, &out->data);
}

static err_t cancel(struct request *rq, struct response *rs, const struct principal *who)
{
	struct target target;
	TRY(change_target(rq, who, apply_cancel, &target));
	return reply_event(rq, rs, 200, who, &target);
}

static err_t delete_target(struct request *rq, struct response *rs, const struct principal *who)
{
	struct target target;
	struct preconditions when = { 0 };
	read_if_match(rq, &when);
	TRY(target_read(rq, who, &target));
	const struct actor actor = actor_own(who);
	if (target.instance.ptr)
		TRY(change_target(rq, who, apply_removal, &target));
	else
		TRY(in_words_of_rest(
			rq, object_delete(&rq->cx, &actor, target.object.calendar_name, target.object.name, &when)));
	reply_empty(rs, 204);
	return OK;
}

/* Cancelled and still to be seen by default, since that is what the scope's wording says; gone with mode=delete. */
err_t event_remove(struct request *rq, struct response *rs)
{
	static const char *const known[] = { "mode" };
	struct principal who;
	const struct form *params;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, known, ARRAY_LEN(known), &params));
	struct str mode = form_get(params, "mode");
	if (!mode.ptr || str_eq(mode, STR("cancel")))
		return cancel(rq, rs, &who);
	if (str_eq(mode, STR("delete")))
		return delete_target(rq, rs, &who);
	return REFUSE(&rq->cx, INVALID_VALUE, "mode", "The mode is cancel or delete.");
}

err_t event_cancel_post(struct request *rq, struct response *rs)
{
	static const struct json_field none[1];
	struct principal who;
	char unused;
	TRY(api_caller(rq, &who));
	if (rq->body.len > 0) /* nothing can be said with it yet, and what is said must not be lost */
		TRY(json_read(&rq->cx, rq->body, none, 0, &unused));
	return cancel(rq, rs, &who);
}
