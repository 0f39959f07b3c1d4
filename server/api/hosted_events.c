/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a hosted calendar: those of /v1/events under the names of /api/v1, each named by its UID. What they may
 * be and how they are written is said there.
 */
#include "caldav/calendar/zone/zone.h"
#include "server/api/event_change.h"
#include "server/api/hosted.h"
#include "server/api/page.h"
#include "server/data/uri.h"

#define HOSTED "hosted:"
#define DATE_LEN 10 /* 2026-11-24 */

struct hosted_event {
	struct str uid, title, start_at, end_at, timezone;
	struct json_list attendees; /* of struct attendee_view */
	bool has_uid, has_title, has_start, has_end, has_timezone, has_attendees;
};

#define A(member) offsetof(struct attendee_view, member)
#define E(member) offsetof(struct hosted_event, member)

/* clang-format off */
static const struct json_field attendee_fields[] = {
	/* name          kind          flags          offset        given             min max */
	{ "email",       JSON_STR,     JSON_REQUIRED, A(email),     0,                1, 1000, NULL, NULL, 0, 0, "Who is invited", "bob@example.org" },
	{ "displayName", JSON_STR,     JSON_NULLABLE, A(name),      0,                0, 1000, NULL, NULL, 0, 0, "What they are called", "Bob" },
};
static const struct json_field fields[] = {
	{ "uid",         JSON_STR,     0,             E(uid),       E(has_uid),       1, 255,  NULL, NULL, 0, 0, "The iCalendar UID; made unless said; cannot be changed", "visit-7@example.org" },
	{ "title",       JSON_STR,     JSON_NULLABLE | JSON_NEEDED, E(title), E(has_title), 0, 1000, NULL, NULL, 0, 0, "One line; may not be empty", "Visit" },
	{ "start_at",    JSON_STR,     JSON_NEEDED,   E(start_at),  E(has_start),     1, 40,   NULL, NULL, 0, 0, "RFC 3339 with an offset; a date alone: all day", "2026-11-24T09:00:00+01:00" },
	{ "end_at",      JSON_STR,     0,             E(end_at),    E(has_end),       1, 40,   NULL, NULL, 0, 0, "As start_at; of an all-day event the day after the last, by default one day", "2026-11-24T10:00:00+01:00" },
	{ "timezone",    JSON_STR,     JSON_NULLABLE, E(timezone),  E(has_timezone),  1, 64,   NULL, NULL, 0, 0, "IANA name; the calendar's, or else the user's, unless said", "Europe/Berlin" },
	{ "attendees",   JSON_OBJECTS, 0,             E(attendees), E(has_attendees), 0, ICAL_ATTENDEES_MAX, NULL, attendee_fields, ARRAY_LEN(attendee_fields), sizeof(struct attendee_view), "Whom it is with; their answers stay", NULL },
};
/* clang-format on */

static const struct json_resource event_of_hosted = {
	.name = "hosted_event",
	JSON_FIELDS(fields),
	.size = sizeof(struct hosted_event),
	.doc = "An event on the surface of the API keys page. Of a series: its first.",
};

struct event_params {
	struct str calendar, uid;
};

#define CALENDAR_PARAM                                                                                                 \
	{                                                                                                              \
		.name = "calendar", .kind = JSON_STR, .flags = JSON_IN_PATH,                                           \
		.offset = offsetof(struct event_params, calendar),                                                     \
		.doc = "`hosted:` and the `id` of a hosted calendar",                                                  \
		.example = "hosted:019ac1e3-5b7c-7d20-9f3a-1c52b7d4e6a8"                                               \
	}

static const struct json_field calendar_params[] = { CALENDAR_PARAM };
static const struct json_field event_params[] = {
	CALENDAR_PARAM,
	{ .name = "uid",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct event_params, uid),
		.doc = "Its `uid`",
		.example = "visit-4711@shop.example" },
};

/* ---- what is named ---- */

static err_t named(struct api_call *call, struct calendar *out)
{
	const struct event_params *params = call->params;
	if (!str_starts(params->calendar, STR(HOSTED)))
		return FAIL(&call->rq->cx, NOT_FOUND, "not hosted:…");
	return hosted_named(call, str_from(params->calendar, sizeof HOSTED - 1), out);
}

err_t hosted_event_named(struct api_call *call, struct id calendar, struct str uid, struct event_target *out)
{
	struct event_target target = { .instance = STR_ABSENT };
	TRY(object_by_uid(&call->rq->cx, &call->actor, calendar, uid, &target.object));
	if (target.object.component != COMPONENT_VEVENT)
		return FAIL(&call->rq->cx, NOT_FOUND, "a task or a journal, no event");
	*out = target;
	return OK;
}

static err_t event_named(struct api_call *call, struct event_target *out)
{
	const struct event_params *params = call->params;
	struct calendar calendar;
	TRY(named(call, &calendar));
	return hosted_event_named(call, calendar.id, params->uid, out);
}

/* The names of /v1/events are not those of here. */
err_t hosted_event_words(struct api_call *call, err_t e)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = { { "start_time", "start_at" }, { "end_time", "end_at" }, { "calendar_id", "" } };
	if (!e)
		return OK;
	if (e->kind == UID_CONFLICT)
		return REFUSE(&call->rq->cx, UID_CONFLICT, "uid", "There is an event with this uid already.");
	struct err *renamed = arena_new(call->rq->cx.mem, struct err);
	*renamed = *e;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(e->param, str_of(names[i].theirs)))
			renamed->param = str_of(names[i].ours);
	return renamed;
}

/* ---- to and from /v1/events ---- */

static struct hosted_event shown(struct arena *mem, const struct agenda_item *item, struct str *etag_out)
{
	struct event_view view;
	event_view_of(mem, item, true, &view);
	if (etag_out)
		*etag_out = view.etag;
	return (struct hosted_event){
		.uid = view.client_uid,
		.title = view.title,
		.start_at = view.start_time,
		.end_at = view.end_time,
		.timezone = view.timezone,
		.attendees = view.attendees,
	};
}

void hosted_event_write(struct json *j, const char *key, const struct agenda_item *item)
{
	const struct hosted_event view = shown(j->out->mem, item, NULL);
	json_object(j, key);
	json_write(j, j->out->mem, fields, ARRAY_LEN(fields), &view);
	json_object_end(j);
}

/* A start that is a date makes an event all-day. */
static struct event_view view_of(const struct hosted_event *in)
{
	return (struct event_view){
		.client_uid = in->uid,
		.has_client_uid = in->has_uid,
		.title = in->title,
		.has_title = in->has_title,
		.start_time = in->start_at,
		.has_start = in->has_start,
		.all_day = in->start_at.len == DATE_LEN,
		.has_all_day = in->has_start,
		.end_time = in->end_at,
		.has_end = in->has_end,
		.timezone = in->timezone,
		.has_timezone = in->has_timezone,
		.attendees = in->attendees,
		.has_attendees = in->has_attendees,
	};
}

static err_t reply_event(struct api_call *call, struct response *rs, const struct event_target *target)
{
	struct agenda_item item;
	struct str etag;
	TRY(event_target_item(call, target, &item));
	const struct hosted_event view = shown(call->rq->cx.mem, &item, &etag);
	api_reply(call, rs, &view);
	response_header(rs, "ETag", etag);
	return OK;
}

/* ---- list ---- */

static err_t list_events_of(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct agenda_newest_query q = { .actor = &call->actor, .zone = call->who.tz };
	struct agenda_newest_list list;
	struct calendar calendar;
	struct page page;
	TRY(named(call, &calendar));
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &q.bound));
	q.back = page.back;
	q.limit = page.limit;
	q.calendars = (struct id_list){ &calendar.id, 1 };
	TRY(agenda_newest(cx, &q, &list));
	page.more = list.more;
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < list.count; i++) {
		const struct hosted_event view = shown(cx->mem, &list.items[i], NULL);
		api_list_item(call, &j, &view);
	}
	page_end_newest(&page, &j, list.stands, list.first, list.last);
	return OK;
}

const struct contract hosted_event_list = {
	.id = "listHostedEvents",
	.summary = "The events of a hosted calendar, the newest first.",
	PARAMS(calendar_params, struct event_params),
	.answer = &event_of_hosted,
	.shape = ANSWER_LIST,
	.status = 200,
	ERRORS(NOT_FOUND, TOO_COSTLY),
	.run = list_events_of,
};

/* ---- one ---- */

static err_t read_event(struct api_call *call, struct response *rs)
{
	struct event_target target;
	bool unchanged;
	TRY(event_named(call, &target));
	TRY(api_unchanged(call, rs, etag_text(call->rq->cx.mem, target.object.etag), &unchanged));
	return unchanged ? OK : reply_event(call, rs, &target);
}

const struct contract hosted_event_read = {
	.id = "getHostedEvent",
	.summary = "One event of a hosted calendar.",
	PARAMS(event_params, struct event_params),
	.answer = &event_of_hosted,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = TAKES_IF_MATCH | TAKES_IF_NONE_MATCH,
	ERRORS(NOT_FOUND, TOO_COSTLY),
	.run = read_event,
};

static struct str location_of(struct arena *mem, struct id calendar, struct str uid)
{
	struct buf out = buf_new(mem, 4096);
	buf_fmt(&out, HOSTED "%.*s/events/", STR_ARG(id_uuid(mem, calendar)));
	path_segment_add(&out, uid);
	return buf_str(&out);
}

static err_t create_event_of(struct api_call *call, struct response *rs)
{
	struct arena *mem = call->rq->cx.mem;
	struct event_view view = view_of(call->body);
	struct event_target target;
	struct agenda_item item;
	struct calendar calendar;
	TRY(named(call, &calendar));
	if (!view.timezone.ptr && zone_by_name(calendar.tzid))
		view.timezone = str_dup(mem, calendar.tzid);
	TRY(hosted_event_words(call, event_make(call, &view, &calendar, &target)));
	TRY(event_target_item(call, &target, &item));
	TRY(reply_event(call, rs, &target));
	api_location(rs, "/api/v1/calendars/", location_of(mem, calendar.id, item.event.uid));
	return OK;
}

const struct contract hosted_event_create = {
	.id = "createHostedEvent",
	.summary = "Make an event. Needs `title`, `start_at`, and `end_at` unless `start_at` is a date.",
	PARAMS(calendar_params, struct event_params),
	.body = &event_of_hosted,
	.answer = &event_of_hosted,
	.shape = ANSWER_DATA,
	.status = 201,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = create_event_of,
};

/* ---- change ---- */

/* Who stays has answered already: there is no word for that here. */
static void keep_answers(const struct event *was, struct arena *mem, struct event *to)
{
	struct event_attendee *attendees = arena_array(mem, struct event_attendee, to->attendee_count + 1);
	for (size_t i = 0; i < to->attendee_count; i++) {
		attendees[i] = to->attendees[i];
		for (size_t k = 0; k < was->attendee_count; k++)
			if (str_eq_nocase(was->attendees[k].email, attendees[i].email))
				attendees[i].status = was->attendees[k].status;
	}
	to->attendees = attendees;
}

static err_t make_change(struct event_changing *c, struct object_plan *out)
{
	struct api_call *call = c->call;
	struct ctx *cx = &call->rq->cx;
	const struct hosted_event present = shown(cx->mem, &c->item, NULL);
	struct hosted_event in = { 0 };
	struct calendar calendar;
	struct event to = c->item.event;
	unsigned changed;
	TRY(api_read_change(call, &present, &in));
	if (in.has_uid)
		return REFUSE(cx, INVALID_VALUE, "uid", "This is fixed when the event is made.");
	if (in.has_title && in.title.len == 0)
		return REFUSE(cx, INVALID_VALUE, "title", "An event needs a title.");
	const struct event_view view = view_of(&in);
	TRY(event_view_apply(cx, &view, call->who.tz, false, &to, &changed));
	if (changed & EVENT_ATTENDEES)
		keep_answers(&c->item.event, cx->mem, &to);
	if ((changed & EVENT_ATTENDEES) && to.attendee_count > 0 && !to.organizer.ptr) {
		to.organizer = call->who.email;
		TRY(calendar_by_id(cx, &call->actor, c->target.object.calendar, &calendar));
		to.organizer_name = calendar.organizer_name;
	}
	const struct event_change edit = { STR_ABSENT, &to, changed, call->who.tz };
	TRY(event_patch(cx, c->target.object.data, &edit, &c->target.changed));
	*out = (struct object_plan){ .data = c->target.changed.data, .beside = STR_ABSENT };
	return OK;
}

static err_t change_by(struct api_call *call, event_changer *make, struct event_target *out)
{
	struct event_changing c = { .call = call, .make = make, .scope_sent = STR("all") };
	struct event_target target;
	TRY(event_named(call, &target));
	TRY(hosted_event_words(call, event_change_of(&c, target.object.id, STR_ABSENT)));
	*out = c.target;
	return OK;
}

static err_t change_event_of(struct api_call *call, struct response *rs)
{
	struct event_target target;
	TRY(change_by(call, make_change, &target));
	return reply_event(call, rs, &target);
}

const struct contract hosted_event_change = {
	.id = "updateHostedEvent",
	.summary = "Change what is sent; all else stays. Of a series all of it changes.",
	PARAMS(event_params, struct event_params),
	.body = &event_of_hosted,
	.answer = &event_of_hosted,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_IS_CHANGE,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = change_event_of,
};

static err_t make_gone(struct event_changing *c, struct object_plan *out)
{
	(void)c;
	*out = (struct object_plan){ .data = STR_ABSENT, .beside = STR_ABSENT };
	return OK;
}

static err_t delete_event_of(struct api_call *call, struct response *rs)
{
	struct event_target target;
	TRY(change_by(call, make_gone, &target));
	reply_empty(rs, 204);
	return OK;
}

const struct contract hosted_event_delete = {
	.id = "deleteHostedEvent",
	.summary = "Delete an event. Of a series all of it goes.",
	PARAMS(event_params, struct event_params),
	.shape = ANSWER_NONE,
	.status = 204,
	.flags = TAKES_IF_MATCH,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = delete_event_of,
};
