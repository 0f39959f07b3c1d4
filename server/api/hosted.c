/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosted calendars of /api/v1: the surface that the API keys page shows. The same calendars as /v1/calendars, with
 * camelCase members, success wrapped in `data`, and flat errors.
 */
#include "caldav/calendar/feed.h"
#include "caldav/calendar/store/outcome.h"
#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/account.h"
#include "server/account/label.h"
#include "server/api/hosted.h"

/* A calendar as /api/v1 has it. */
struct hosted {
	struct str id, name, timezone, feed_token, organizer_name, email;
	bool has_name, has_timezone, has_organizer_name;
	struct instant created_at, updated_at;
};

#define AT(member) offsetof(struct hosted, member)

/* clang-format off */
static const struct json_field fields[] = {
	/* name         kind       flags           offset          given             min max */
	{ "id",         JSON_STR,  JSON_READ_ONLY, AT(id),         0,                0, 0,   NULL, NULL, 0, 0, "UUID", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b" },
	{ "name",       JSON_STR,  JSON_NEEDED,    AT(name),       AT(has_name),     1, 100, NULL, NULL, 0, 0, "What people call it", "Team" },
	{ "timezone",   JSON_STR,  JSON_NULLABLE,  AT(timezone),   AT(has_timezone), 1, 64,  NULL, NULL, 0, 0, "IANA name", "Europe/Berlin" },
	{ "feedToken",  JSON_STR,  JSON_READ_ONLY, AT(feed_token), 0,                0, 0,   NULL, NULL, 0, 0, "Opens /feed/{feedToken}, which needs no other credential: a secret", "cft_…" },
	{ "organizerDisplayName", JSON_STR, JSON_NULLABLE, AT(organizer_name), AT(has_organizer_name), 1, 100, NULL, NULL, 0, 0, "What the organizer of events with attendees is called that are made in it here, from then on", "Scheduling Bot" },
	{ "calendarEmail", JSON_STR, JSON_READ_ONLY | JSON_NULLABLE, AT(email), 0, 0, 0, NULL, NULL, 0, 0, "The address that takes invitations by mail: null, this server takes none", NULL },
	{ "createdAt",  JSON_TIME, JSON_READ_ONLY, AT(created_at), 0,                0, 0,   NULL, NULL, 0, 0, "When it was made", NULL },
	{ "updatedAt",  JSON_TIME, JSON_READ_ONLY, AT(updated_at), 0,                0, 0,   NULL, NULL, 0, 0, "When it was changed: itself, not what is in it", NULL },
};
/* clang-format on */

static const struct json_resource hosted_resource = {
	.name = "hosted_calendar",
	JSON_FIELDS(fields),
	.size = sizeof(struct hosted),
	.doc = "A calendar on the surface of the API keys page.",
};

static const struct json_field hosted_params[] = { HOSTED_ID_PARAM(struct hosted_params) };

/* 8-4-4-4-12 hex in lower case, as id_uuid() writes it. */
static bool uuid_parse(struct arena *mem, struct str text, struct id *out)
{
	struct buf hex = buf_new(mem, 32);
	struct bytes octets;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '-')
			buf_char(&hex, text.ptr[i]);
	if (hex.full || !hex_to(mem, buf_str(&hex), &octets) || octets.len != sizeof out->octets)
		return false;
	struct id id;
	for (size_t i = 0; i < octets.len; i++)
		id.octets[i] = octets.ptr[i];
	*out = id;
	return str_eq(id_uuid(mem, id), text);
}

static struct hosted view_of(struct arena *mem, const struct calendar *c, const struct feed_list *feeds)
{
	const struct feed *feed = feed_of(feeds, c->id);
	return (struct hosted){
		.id = id_uuid(mem, c->id),
		.name = calendar_label(c),
		.timezone = c->tzid,
		.feed_token = feed ? feed->token : STR_ABSENT,
		.organizer_name = c->organizer_name,
		.created_at = c->created_at,
		.updated_at = c->updated_at,
	};
}

static err_t reply_one(struct api_call *call, struct response *rs, struct id id)
{
	struct calendar calendar;
	struct feed_list feeds;
	TRY(calendar_by_id(&call->rq->cx, &call->actor, id, &calendar));
	TRY(feeds_list(&call->rq->cx, &call->actor, &feeds));
	struct hosted view = view_of(call->rq->cx.mem, &calendar, &feeds);
	api_reply(call, rs, &view);
	return OK;
}

err_t hosted_named(struct api_call *call, struct str text, struct calendar *out)
{
	struct id id;
	if (!uuid_parse(call->rq->cx.mem, text, &id))
		return FAIL(&call->rq->cx, NOT_FOUND, "not a calendar's id");
	return calendar_by_id(&call->rq->cx, &call->actor, id, out);
}

static err_t named(struct api_call *call, struct calendar *out)
{
	const struct hosted_params *params = call->params;
	return hosted_named(call, params->id, out);
}

static err_t change_of(struct api_call *call, const struct hosted *view, struct calendar_change *out)
{
	struct ctx *cx = &call->rq->cx;
	struct calendar_change change = { 0 };
	if (view->has_name)
		TRY(label_clean(cx, "name", view->name, &change.displayname));
	if (view->organizer_name.ptr)
		TRY(label_clean(cx, "organizerDisplayName", view->organizer_name, &change.organizer_name));
	if (view->timezone.ptr && !zone_by_name(view->timezone))
		return REFUSE(
			cx, INVALID_VALUE, "timezone", "This is not a time zone. Use an IANA name like Europe/Berlin.");
	change.set_organizer_name = view->has_organizer_name;
	change.set_displayname = view->has_name;
	change.tzid = view->timezone;
	change.set_tzid = view->has_timezone;
	change.set_timezone = view->has_timezone; /* the VTIMEZONE that a CalDAV client set is not this zone's */
	*out = change;
	return OK;
}

static err_t list_hosted(struct api_call *call, struct response *rs)
{
	struct calendar *calendars;
	struct feed_list feeds;
	size_t count;
	TRY(feeds_list(&call->rq->cx, &call->actor, &feeds));
	TRY(calendar_list(&call->rq->cx, &call->actor, &calendars, &count));
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct hosted view = view_of(call->rq->cx.mem, &calendars[i], &feeds);
		api_list_item(call, &j, &view);
	}
	api_list_end(call, &j, STR_ABSENT, STR_ABSENT);
	return OK;
}

const struct contract hosted_list = {
	.id = "listHostedCalendars",
	.summary = "All calendars of the account.",
	.answer = &hosted_resource,
	.shape = ANSWER_DATA_LIST,
	.status = 200,
	.run = list_hosted,
};

static err_t read_hosted(struct api_call *call, struct response *rs)
{
	struct calendar calendar;
	TRY(named(call, &calendar));
	return reply_one(call, rs, calendar.id);
}

const struct contract hosted_read = {
	.id = "getHostedCalendar",
	.summary = "One calendar.",
	PARAMS(hosted_params, struct hosted_params),
	.answer = &hosted_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = read_hosted,
};

static err_t create_hosted(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	const struct hosted *view = call->body;
	struct calendar_change change;
	struct id id;
	TRY(change_of(call, view, &change));
	if (!view->has_name)
		return REFUSE(cx, MISSING_FIELD, "name", "A calendar needs a name.");
	TRY(calendar_create(cx, &call->actor, id_uuid(cx->mem, id_new(cx->now)), COMPONENTS_ALL, &change, &id));
	TRY(reply_one(call, rs, id));
	api_location(rs, "/api/v1/hosted-calendars/", id_uuid(cx->mem, id));
	return OK;
}

const struct contract hosted_create = {
	.id = "createHostedCalendar",
	.summary = "Make a calendar.",
	.body = &hosted_resource,
	.answer = &hosted_resource,
	.shape = ANSWER_DATA,
	.status = 201,
	.flags = SHOWS_SECRET,
	ERRORS(DAV_QUOTA),
	.run = create_hosted,
};

static err_t change_hosted(struct api_call *call, struct response *rs)
{
	struct calendar calendar;
	struct hosted view = { 0 };
	struct calendar_change change;
	struct feed_list feeds;
	TRY(named(call, &calendar));
	TRY(feeds_list(&call->rq->cx, &call->actor, &feeds));
	const struct hosted present = view_of(call->rq->cx.mem, &calendar, &feeds);
	TRY(api_read_change(call, &present, &view));
	TRY(change_of(call, &view, &change));
	TRY(api_may_change(call, STR_ABSENT));
	TRY(calendar_update(&call->rq->cx, &call->actor, calendar.name, &change));
	return reply_one(call, rs, calendar.id);
}

const struct contract hosted_change = {
	.id = "updateHostedCalendar",
	.summary = "Change what is sent; all else stays.",
	PARAMS(hosted_params, struct hosted_params),
	.body = &hosted_resource,
	.answer = &hosted_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = HAS_NO_TAG | BODY_IS_CHANGE | SHOWS_SECRET,
	ERRORS(NOT_FOUND),
	.run = change_hosted,
};

static err_t delete_hosted(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	TRY(named(call, &calendar));
	if (str_eq(calendar.name, STR(DEFAULT_CALENDAR)))
		return REFUSE(cx, CONFLICT, "", "The default calendar cannot be deleted.");
	if (!calendar.writable)
		return outcome_refusal(cx, OUTCOME_NOT_WRITABLE, STR_ABSENT);
	TRY(api_may_change(call, STR_ABSENT));
	TRY(calendar_delete(cx, &call->actor, calendar.name));
	reply_empty(rs, 204);
	return OK;
}

const struct contract hosted_delete = {
	.id = "deleteHostedCalendar",
	.summary = "Delete a calendar with all that is in it.",
	PARAMS(hosted_params, struct hosted_params),
	.shape = ANSWER_NONE,
	.status = 204,
	.flags = HAS_NO_TAG,
	ERRORS(NOT_FOUND, CONFLICT, FORBIDDEN),
	.run = delete_hosted,
};

/* ---- feeds ---- */

static err_t regenerate(struct api_call *call, struct response *rs)
{
	struct calendar calendar;
	TRY(named(call, &calendar));
	TRY(api_may_change(call, STR_ABSENT));
	TRY(feed_change(&call->rq->cx, &call->actor, calendar.id, FEED_REGENERATED));
	return reply_one(call, rs, calendar.id);
}

const struct contract hosted_regenerate = {
	.id = "regenerateHostedFeedToken",
	.summary = "A new `feedToken`; the feed of the old one is 404 from now on.",
	PARAMS(hosted_params, struct hosted_params),
	.answer = &hosted_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = HAS_NO_TAG | SHOWS_SECRET,
	ERRORS(NOT_FOUND),
	.run = regenerate,
};
