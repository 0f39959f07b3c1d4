/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations in a hosted calendar: events of another organizer, with the account's own address among the attendees. */
#include "server/api/event_mail.h"
#include "server/api/hosted.h"
#include "server/api/page.h"

struct invitation_view {
	struct str uid, title, start_at, end_at, timezone, organizer, status;
};

#define I(member) offsetof(struct invitation_view, member)

/* clang-format off */
static const struct json_field fields[] = {
	{ .name = "uid", .kind = JSON_STR, .flags = JSON_READ_ONLY, .offset = I(uid), .doc = "The iCalendar UID", .example = "visit-7@example.org" },
	{ .name = "title", .kind = JSON_STR, .flags = JSON_READ_ONLY | JSON_NULLABLE, .offset = I(title), .doc = "What it is", .example = "Visit" },
	{ .name = "start_at", .kind = JSON_STR, .flags = JSON_READ_ONLY, .offset = I(start_at), .doc = "RFC 3339; of an all-day event the date", .example = "2026-11-24T09:00:00Z" },
	{ .name = "end_at", .kind = JSON_STR, .flags = JSON_READ_ONLY, .offset = I(end_at), .doc = "As start_at", .example = "2026-11-24T10:00:00Z" },
	{ .name = "timezone", .kind = JSON_STR, .flags = JSON_READ_ONLY | JSON_NULLABLE, .offset = I(timezone), .doc = "IANA name", .example = "Europe/Berlin" },
	{ .name = "organizer", .kind = JSON_STR, .flags = JSON_READ_ONLY, .offset = I(organizer), .doc = "Who invites: an e-mail address", .example = "bob@example.org" },
	{ .name = "status", .kind = JSON_STR, .flags = JSON_READ_ONLY, .offset = I(status), .doc = "What was answered: needs_action, accepted, declined, tentative; other", .example = "needs_action" },
};
/* clang-format on */

static const struct json_resource invitation_resource = {
	.name = "hosted_invitation",
	JSON_FIELDS(fields),
	.size = sizeof(struct invitation_view),
	.doc = "An event to which somebody else invites the account's owner. Of a series: its first.",
};

struct invitation_params {
	struct str calendar, uid;
};

static const struct json_field list_params[] = { HOSTED_ID_PARAM(struct hosted_params) };
static const struct json_field one_params[] = {
	{ .name = "calendar",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct invitation_params, calendar),
		.doc = "Its `id`",
		.example = "019ac1e3-5b7c-7d20-9f3a-1c52b7d4e6a8" },
	{ .name = "uid",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct invitation_params, uid),
		.doc = "The event's `uid`",
		.example = "visit-4711@shop.example" },
};

static struct invitation_view shown(const struct api_call *call, const struct agenda_item *item)
{
	struct event_view view;
	event_view_of(call->rq->cx.mem, item, true, &view);
	struct invitation_view out = {
		.uid = view.client_uid,
		.title = view.title,
		.start_at = view.start_time,
		.end_at = view.end_time,
		.timezone = view.timezone,
		.organizer = view.organizer,
	};
	const struct attendee_view *attendees = view.attendees.items;
	for (size_t i = 0; i < view.attendees.count; i++)
		if (str_eq_nocase(attendees[i].email, call->who.email))
			out.status = attendees[i].status;
	return out;
}

static err_t list_invitations(struct api_call *call, struct response *rs)
{
	const struct hosted_params *params = call->params;
	const struct agenda_sieve sieve = { .changed_since = INSTANT_BEFORE, .invited = call->who.email };
	struct agenda_newest_query q = { .actor = &call->actor, .zone = call->who.tz, .sieve = &sieve };
	struct agenda_newest_list list;
	struct calendar calendar;
	struct page page;
	TRY(hosted_named(call, params->id, &calendar));
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &q.bound));
	q.back = page.back;
	q.limit = page.limit;
	q.calendars = (struct id_list){ &calendar.id, 1 };
	TRY(agenda_newest(&call->rq->cx, &q, &list));
	page.more = list.more;
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < list.count; i++) {
		const struct invitation_view view = shown(call, &list.items[i]);
		api_list_item(call, &j, &view);
	}
	page_end_newest(&page, &j, list.stands, list.first, list.last);
	return OK;
}

const struct contract hosted_invitation_list = {
	.id = "listHostedInvitations",
	.summary = "Events in a hosted calendar to which somebody else invites its owner, the newest first.",
	PARAMS(list_params, struct hosted_params),
	.answer = &invitation_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	ERRORS(NOT_FOUND, TOO_COSTLY),
	.run = list_invitations,
};

static const struct json_field response_fields[] = {
	EVENT_RESPONSE_STATUS,
	{ .name = "notifyOrganizer",
		.kind = JSON_BOOL,
		.offset = offsetof(struct event_response, notify),
		.doc = "true: the organizer is told by mail, in the same transaction",
		.example = "false" },
};

static const struct json_resource hosted_response = {
	.name = "invitation_response",
	JSON_FIELDS(response_fields),
	.size = sizeof(struct event_response),
	.doc = "The user's answer to an invitation.",
};

static err_t answer_and_tell(struct event_changing *c, struct id object)
{
	const struct event_response *view = c->call->body;
	TRY(hosted_event_words(c->call, event_change_of(c, object, STR_ABSENT)));
	return view->notify ? event_tell_organizer(c) : OK;
}

static err_t respond(struct api_call *call, struct response *rs)
{
	const struct invitation_params *params = call->params;
	struct event_changing c = { .call = call, .make = event_answer, .scope_sent = STR("all") };
	struct event_target target;
	struct agenda_item item;
	struct calendar calendar;
	TRY(hosted_named(call, params->calendar, &calendar));
	TRY(hosted_event_named(call, calendar.id, params->uid, &target));
	TRY(event_target_item(call, &target, &item));
	if (!event_invites(&item.event, call->who.email))
		return FAIL(&call->rq->cx, NOT_FOUND, "an event, and no invitation");
	TRY(answer_and_tell(&c, target.object.id));
	TRY(event_target_item(call, &c.target, &item));
	const struct invitation_view view = shown(call, &item);
	api_reply(call, rs, &view);
	response_header(rs, "ETag", etag_text(call->rq->cx.mem, c.target.object.etag));
	return OK;
}

const struct contract hosted_invitation_respond = {
	.id = "respondToHostedInvitation",
	.summary = "Answer an invitation; of a series all of it.",
	PARAMS(one_params, struct invitation_params),
	.body = &hosted_response,
	.answer = &invitation_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = TAKES_IF_MATCH,
	ERRORS(NOT_FOUND, NOT_ATTENDEE, EVENT_WRITING, ANSWERING),
	.run = respond,
};
