/* SPDX-License-Identifier: Apache-2.0 */
/* Attendees are told: by a call of its own, and as a part of others. */
#include "server/api/event_mail.h"

#include "server/account/label.h"
#include "server/api/api.h"
#include "server/db/query.h"

err_t event_tell(struct api_call *call, const struct event_telling *what, struct told_person **out, size_t *count_out)
{
	const struct principal *who = &call->who;
	struct ctx *cx = &call->rq->cx;
	const struct invitation invitation = {
		.method = what->method,
		.account = call->actor.owner,
		.object = what->object,
		.data = what->data,
		.sender = { who->email, who->name },
		.message = what->message,
		.only = what->only,
		.must_tell = what->must_tell,
	};
	TRY(scopes_require(cx, call->actor.rights, EVENTS_READ));
	return invitation_send(cx, &invitation, out, count_out);
}

/* ---- as a part of a change ---- */

static bool comes(const struct event *event, struct str email)
{
	for (size_t i = 0; i < event->attendee_count; i++)
		if (str_eq_nocase(event->attendees[i].email, email))
			return true;
	return false;
}

/* Those who were invited before and are not any more; items never NULL. */
static struct str_list taken_off(struct arena *mem, const struct event *was, const struct event *is)
{
	struct str *out = arena_array(mem, struct str, was->attendee_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < was->attendee_count; i++)
		if (!comes(is, was->attendees[i].email))
			out[count++] = was->attendees[i].email;
	return (struct str_list){ out, count };
}

/* The object, or the instance that the change named. */
static err_t part_of(const struct event_changing *c, struct str data, struct str *out)
{
	*out = data;
	if (!c->target.instance.ptr)
		return OK;
	return event_extract(&c->call->rq->cx, data, c->target.instance, out);
}

static err_t tell(const struct event_changing *c, enum itip_method method, struct str data, const struct str_list *only)
{
	const struct event_telling what = {
		.method = method,
		.object = c->target.object.id,
		.data = data,
		.only = only ? *only : (struct str_list){ NULL, 0 },
	};
	struct told_person *people;
	size_t count;
	return event_tell(c->call, &what, &people, &count);
}

/* A deleted one is told of as it would stand there cancelled. */
static err_t tell_gone(const struct event_changing *c)
{
	struct str data;
	if (c->scope == SCOPE_FOLLOWING)
		return tell(c, ITIP_REQUEST, c->target.object.data, NULL);
	struct str instance = c->scope == SCOPE_THIS ? c->target.instance : STR_ABSENT;
	TRY(event_cancel(&c->call->rq->cx, c->was, instance, STR_ABSENT, &data));
	if (instance.ptr)
		TRY(event_extract(&c->call->rq->cx, data, instance, &data));
	return tell(c, ITIP_CANCEL, data, NULL);
}

static err_t tell_taken_off(const struct event_changing *c, const struct event *is)
{
	const struct str_list off = taken_off(c->call->rq->cx.mem, &c->item.event, is);
	struct str data;
	if (!off.count)
		return OK;
	TRY(part_of(c, c->was, &data));
	return tell(c, ITIP_UNINVITE, data, &off);
}

/*
 * What a change did, to those whom it concerns: the event or the instance as it is then, both halves of a series that
 * was cut in two, and to those who were taken off that they were. gone: there is nothing left of what was named.
 */
static err_t tell_change(const struct event_changing *c, bool gone)
{
	struct agenda_item now;
	struct str data;
	if (gone)
		return tell_gone(c);
	TRY(event_target_item(c->call, &c->target, &now));
	bool cancelled = now.event.status == EVENT_CANCELLED;
	if (c->earlier.data.ptr)
		TRY(tell(c, ITIP_REQUEST, c->earlier.data, NULL));
	if (c->earlier.data.ptr && cancelled) /* of the later half nobody has heard: it is new */
		return OK;
	TRY(part_of(c, c->target.object.data, &data));
	TRY(tell(c, cancelled ? ITIP_CANCEL : ITIP_REQUEST, data, NULL));
	return c->earlier.data.ptr ? OK : tell_taken_off(c, &now.event);
}

err_t event_tell_organizer(const struct event_changing *c)
{
	struct str data;
	TRY(part_of(c, c->target.object.data, &data));
	return tell(c, ITIP_REPLY, data, NULL);
}

static err_t change_and_tell(struct event_changing *c, enum event_tells tells)
{
	TRY(event_change(c));
	return tells == TELLS_ORGANIZER ? event_tell_organizer(c) : tell_change(c, tells == TELLS_GONE);
}

err_t event_change_telling(struct event_changing *c, enum event_tells tells)
{
	struct ctx *cx = &c->call->rq->cx;
	bool own = false;
	if (tells == TELLS_NOBODY)
		return event_change(c);
	TRY(db_join(cx, &own));
	return db_settle(cx, own, change_and_tell(c, tells));
}

/* ---- notify ---- */

struct notify_view {
	struct str message;
	struct str_list attendees;
};

static const struct json_field notify_fields[] = {
	{ .name = "message",
		.kind = JSON_STR,
		.flags = JSON_NULLABLE,
		.offset = offsetof(struct notify_view, message),
		.min = 1,
		.max = INVITATION_MESSAGE_MAX,
		.doc = "What is said to them, above the event's own text",
		.example = "Please bring the figures." },
	{ .name = "attendees",
		.kind = JSON_STRS,
		.offset = offsetof(struct notify_view, attendees),
		.min = 1,
		.max = ICAL_ATTENDEES_MAX,
		.doc = "These alone, by their addresses; all unless said" },
};

static const struct json_resource notification = {
	.name = "notification",
	JSON_FIELDS(notify_fields),
	.size = sizeof(struct notify_view),
	.doc = "Whom to tell of an event, and what.",
};

struct recipient_view {
	struct str email, status;
};

#define READ .flags = JSON_READ_ONLY
static const struct json_field recipient_fields[] = {
	{ .name = "email",
		.kind = JSON_STR,
		READ,
		.offset = offsetof(struct recipient_view, email),
		.doc = "As the event has it",
		.example = "bob@example.org" },
	{ .name = "status",
		.kind = JSON_STR,
		READ,
		.offset = offsetof(struct recipient_view, status),
		.doc = "queued: it will be sent; delivered: of test mode, nothing leaves; unreachable: mail cannot go "
		       "to "
		       "an address like this",
		.example = "queued" },
};

struct told_view {
	struct str object, event, method;
	int64_t count;
	struct json_list recipients;
	bool livemode;
};

#define T(member) offsetof(struct told_view, member)
static const struct json_field told_fields[] = {
	{ .name = "object",
		.kind = JSON_STR,
		READ,
		.offset = T(object),
		.doc = "attendee_notification",
		.example = "attendee_notification" },
	{ .name = "event_id",
		.kind = JSON_STR,
		READ,
		.offset = T(event),
		.doc = "As in the path",
		.example = "evt_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "method",
		.kind = JSON_STR,
		READ,
		.offset = T(method),
		.doc = "request: an invitation, or an update; cancel: of a cancelled event",
		.example = "request" },
	{ .name = "count", .kind = JSON_INT, READ, .offset = T(count), .doc = "How many messages these are" },
	{ .name = "recipients",
		.kind = JSON_OBJECTS,
		READ,
		.offset = T(recipients),
		.fields = recipient_fields,
		.field_count = ARRAY_LEN(recipient_fields),
		.size = sizeof(struct recipient_view),
		.doc = "Who is told" },
	{ .name = "livemode", .kind = JSON_BOOL, READ, .offset = T(livemode), .doc = "false in test mode" },
};

static const struct json_resource told_resource = {
	.name = "attendee_notification",
	JSON_FIELDS(told_fields),
	.size = sizeof(struct told_view),
	.reads = EVENTS_READ,
	.doc = "What goes to the attendees of an event.",
};

static struct recipient_view recipient_of(struct told_person person)
{
	static const char *const words[] = {
		[TOLD_QUEUED] = "queued", [TOLD_DELIVERED] = "delivered", [TOLD_UNREACHABLE] = "unreachable"
	};
	return (struct recipient_view){ person.email, str_of(words[person.how]) };
}

static void reply_told(struct api_call *call, struct response *rs, enum itip_method method,
	const struct told_person *people, size_t count)
{
	struct recipient_view *views = arena_array(call->rq->cx.mem, struct recipient_view, count + 1);
	struct told_view view = {
		.object = STR("attendee_notification"),
		.event = call->rq->args[0],
		.method = str_lower(call->rq->cx.mem, itip_method_name(method)),
		.recipients = { views, count },
		.livemode = !id_is_test(call->actor.owner),
	};
	for (size_t i = 0; i < count; i++) {
		views[i] = recipient_of(people[i]);
		view.count += people[i].how != TOLD_UNREACHABLE;
	}
	api_reply(call, rs, &view);
}

static err_t run_notify(struct api_call *call, struct response *rs)
{
	const struct notify_view *view = call->body;
	struct ctx *cx = &call->rq->cx;
	struct event_target target;
	struct agenda_item item;
	struct told_person *people;
	size_t count;
	TRY(text_clean(cx, "message", view->message));
	TRY(event_target_read(call, &target));
	TRY(event_target_item(call, &target, &item));
	struct event_telling what = {
		.method = item.event.status == EVENT_CANCELLED ? ITIP_CANCEL : ITIP_REQUEST,
		.object = target.object.id,
		.data = target.object.data,
		.message = view->message,
		.only = view->attendees,
		.must_tell = true,
	};
	if (target.instance.ptr)
		TRY(event_extract(cx, target.object.data, target.instance, &what.data));
	TRY(event_tell(call, &what, &people, &count));
	reply_told(call, rs, what.method, people, count);
	return OK;
}

static const struct json_field notify_params[] = { CHANGE_ID_PARAM };

const struct contract notify_attendees = {
	.id = "notifyAttendees",
	.summary = "Mail an event's attendees an invitation, or what it is now; of a cancelled one that it is.",
	PARAMS(notify_params, struct change_params),
	.body = &notification,
	.answer = &told_resource,
	.status = 202,
	.flags = BODY_OPTIONAL,
	ERRORS(NOT_FOUND, NO_ATTENDEES, TOO_COSTLY, ICAL_DATA, ICAL_OBJECT, ICAL_TIMEZONE, ICAL_SIZE, TELLING),
	.run = run_notify,
};
