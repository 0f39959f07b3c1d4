/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/api/api.h"
#include "server/api/calendars.h"
#include "server/api/webhook_views.h"

#include "caldav/calendar/store/outcome.h"
#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/account/label.h"
#include "server/base/config.h"

#define AT(member) offsetof(struct calendar_view, member)
#define OPEN (JSON_READ_ONLY | JSON_OPEN)
#define JSON_MAX KIB(16)

/* clang-format off */
static const struct json_field fields[] = {
	/* name           kind       flags           offset           given                 min  max */
	{ "id",           JSON_STR,  OPEN,           AT(id),          0,                    0,   0,    NULL, NULL, 0, 0, "cal_…", "cal_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",       JSON_STR,  OPEN,           AT(object),      0,                    0,   0,    NULL, NULL, 0, 0, "calendar", "calendar" },
	{ "connection_id", JSON_STR, JSON_READ_ONLY, AT(connection_id), 0,                  0,   0,    NULL, NULL, 0, 0, "con_…: where it comes from, of `/v1/connections/:connection/calendars`. All calendars of an account are hosted here and have the same", "con_0355WHuCFfRpMfB53mC9Z6" },
	{ "name",         JSON_STR,  JSON_NEEDED,              AT(name),        AT(has_name),         1,   100,  NULL, NULL, 0, 0, "What people call it; keys only", "Team" },
	{ "description",  JSON_STR,  JSON_NULLABLE,  AT(description), AT(has_description),  0,   1000, NULL, NULL, 0, 0, "Keys only", "Where the team meets" },
	{ "color_hex",    JSON_STR,  JSON_NULLABLE,  AT(color_hex),   AT(has_color_hex),    0,   0,    "#RRGGBB", NULL, 0, 0, "Its colour", "#3366CC" },
	{ "timezone",     JSON_STR,  JSON_NULLABLE,  AT(timezone),    AT(has_timezone),     1,   64,   NULL, NULL, 0, 0, "IANA name; keys only", "Europe/Berlin" },
	{ "selected",     JSON_BOOL, 0,              AT(selected),    AT(has_selected),     0,   0,    NULL, NULL, 0, 0, "Whether lists and free/busy count it when no calendar is named", "true" },
	{ "writable",     JSON_BOOL, 0,              AT(writable),    AT(has_writable),     0,   0,    NULL, NULL, 0, 0, "false refuses every change of its events, on CalDAV too", "true" },
	{ "access_role",  JSON_WORD, JSON_READ_ONLY, AT(access_role), 0,                    0,   0,    "owner writer reader free_busy_reader", NULL, 0, 0, "What the credential may do with the events in it: owner, with the calendar itself, too; free_busy_reader sees when it is busy, and no event", "owner" },
	{ "is_public",    JSON_BOOL, 0,              AT(is_public),   AT(has_is_public),    0,   0,    NULL, NULL, 0, 0, "Whether the account's publishable keys may read when it is busy, and nothing else of it; keys only", "false" },
	{ "is_default",   JSON_BOOL, JSON_READ_ONLY, AT(is_default),  0,                    0,   0,    NULL, NULL, 0, 0, "Where events go that name no calendar; cannot be deleted", NULL },
	{ "event_count",  JSON_INT,  JSON_READ_ONLY, AT(event_count), 0,                    0,   0,    NULL, NULL, 0, 0, "Calendar objects in it", "12" },
	{ "livemode",     JSON_BOOL, OPEN,           AT(livemode),    0,                    0,   0,    NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "caldav_url",   JSON_STR,  JSON_READ_ONLY, AT(caldav_url),  0,                    0,   0,    NULL, NULL, 0, 0, "Its collection on CalDAV", "https://calends.example/dav/calendars/usr_0355WHuCFfRpMfB53mC9Z6/default/" },
	{ "sync_token",   JSON_STR,  JSON_READ_ONLY, AT(sync_token),  0,                    0,   0,    NULL, NULL, 0, 0, "Changes when an event in it does", "https://calends.example/sync/1" },
	{ "etag",         JSON_STR,  OPEN,           AT(etag),        0,                    0,   0,    NULL, NULL, 0, 0, "For If-Match", "\"1\"" },
	{ "created_at",   JSON_TIME, JSON_READ_ONLY, AT(created_at),  0,                    0,   0,    NULL, NULL, 0, 0, "When it was made", NULL },
	{ "updated_at",   JSON_TIME, JSON_READ_ONLY, AT(updated_at),  0,                    0,   0,    NULL, NULL, 0, 0, "When it was changed: itself, not what is in it", NULL },
};
/* clang-format on */

const struct json_resource calendar_resource = {
	.name = "calendar",
	JSON_FIELDS(fields),
	.size = sizeof(struct calendar_view),
	.reads = CALENDARS_READ,
	.doc = "A calendar. Its events are the objects of the collection at `caldav_url`.",
};

static const struct json_field calendar_params[] = {
	{ .name = "calendar",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cal",
		.offset = offsetof(struct calendar_params, id),
		.doc = "Its `id`" },
};

static struct str etag_of(struct arena *mem, const struct calendar *c)
{
	return str_fmt(mem, "\"%lld\"", (long long)c->prop_version);
}

/* Calendars are not shared between accounts: it is the credential that is given less. Whoever may let writing in again
 * stays the owner. */
static struct str role_of(uint64_t rights, const struct calendar *c)
{
	if (rights & OWNER)
		return STR("owner");
	if (rights & EVENTS_WRITE && c->writable)
		return STR("writer");
	return rights & EVENTS_READ ? STR("reader") : STR("free_busy_reader");
}

struct calendar_view calendar_view_of(struct ctx *cx, uint64_t rights, const struct calendar *c)
{
	struct arena *mem = cx->mem;
	return (struct calendar_view){
		.id = id_text(mem, "cal", c->id),
		.object = STR("calendar"),
		.connection_id = id_text(mem, "con", c->account),
		.name = calendar_label(c),
		.description = c->description,
		.color_hex = calendar_rgb(c, STR_ABSENT),
		.timezone = c->tzid,
		.selected = c->selected,
		.writable = c->writable,
		.access_role = role_of(rights, c),
		.is_public = c->is_public,
		.is_default = str_eq(c->name, STR(DEFAULT_CALENDAR)),
		.event_count = c->objects,
		.livemode = !id_is_test(c->account),
		.caldav_url = calendar_url(cx, c),
		.sync_token = sync_token_text(
			mem, cx->config->public_url, (struct sync_token){ .calendar = c->id, .modseq = c->modseq }),
		.etag = etag_of(mem, c),
		.created_at = c->created_at,
		.updated_at = c->updated_at,
	};
}

static err_t calendar_named(struct api_call *call, struct calendar *out)
{
	const struct calendar_params *params = call->params;
	return calendar_by_id(&call->rq->cx, &call->actor, params->id, out);
}

err_t calendar_as_json(struct ctx *cx, const struct calendar *c, uint64_t rights, struct str *out)
{
	struct buf text = buf_new(cx->mem, JSON_MAX);
	struct json j = json_begin(&text);
	struct calendar_view view = calendar_view_of(cx, rights, c);
	json_object(&j, NULL);
	json_write(&j, cx->mem, fields, ARRAY_LEN(fields), &view);
	json_object_end(&j);
	if (text.full)
		return FAIL(cx, TOO_LARGE, "a calendar as JSON");
	*out = buf_str(&text);
	return OK;
}

static void reply_calendar(struct api_call *call, struct response *rs, const struct calendar *c)
{
	struct calendar_view view = calendar_view_of(&call->rq->cx, call->actor.rights, c);
	api_reply(call, rs, &view);
	response_header(rs, "ETag", view.etag);
}

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct calendar calendar;
	bool unchanged;
	TRY(calendar_named(call, &calendar));
	TRY(api_unchanged(call, rs, etag_of(call->rq->cx.mem, &calendar), &unchanged));
	if (!unchanged)
		reply_calendar(call, rs, &calendar);
	return OK;
}

const struct contract get_calendar = {
	.id = "getCalendar",
	.summary = "One calendar.",
	PARAMS(calendar_params, struct calendar_params),
	.answer = &calendar_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | TAKES_IF_NONE_MATCH,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* What the body changes, checked; a field that was not sent changes nothing. */
static err_t change_of(struct request *rq, const struct calendar_view *view, struct calendar_change *out)
{
	struct calendar_change change = {
		.description = view->description,
		.set_description = view->has_description,
		.color = view->color_hex,
		.set_color = view->has_color_hex,
		.tzid = view->timezone,
		.set_tzid = view->has_timezone,
		.set_timezone = view->has_timezone, /* the VTIMEZONE that a CalDAV client set is not this zone's */
		.selected = view->selected,
		.set_selected = view->has_selected,
		.writable = view->writable,
		.set_writable = view->has_writable,
		.is_public = view->is_public,
		.set_is_public = view->has_is_public,
		.set_displayname = view->has_name,
	};
	if (view->has_name)
		TRY(label_clean(&rq->cx, "name", view->name, &change.displayname));
	if (view->timezone.ptr && !zone_by_name(view->timezone))
		return REFUSE(&rq->cx, INVALID_VALUE, "timezone",
			"This is not a time zone. Use an IANA name like Europe/Berlin.");
	*out = change;
	return OK;
}

static err_t answer_again(struct api_call *call, struct response *rs, struct id id)
{
	struct calendar calendar;
	TRY(calendar_by_id(&call->rq->cx, &call->actor, id, &calendar));
	reply_calendar(call, rs, &calendar);
	return OK;
}

/* What the public sees is the owner's to say. */
static err_t may_publish(const struct api_call *call)
{
	if (call->actor.rights & OWNER)
		return OK;
	return REFUSE(&call->rq->cx, KEY_KIND_NOT_ALLOWED, "is_public",
		"Whether a calendar is public is its owner's to say: it needs a key of full access.");
}

static err_t run_create(struct api_call *call, struct response *rs)
{
	struct request *rq = call->rq;
	const struct calendar_view *view = call->body;
	struct calendar_change change;
	struct id id;
	if (!view->has_name)
		return REFUSE(&rq->cx, MISSING_FIELD, "name", "A calendar needs a name.");
	if (view->is_public)
		TRY(may_publish(call));
	TRY(change_of(rq, view, &change));
	TRY(calendar_create(
		&rq->cx, &call->actor, id_uuid(rq->cx.mem, id_new(rq->cx.now)), COMPONENTS_ALL, &change, &id));
	TRY(answer_again(call, rs, id));
	TRY(audit_public(&rq->cx, call->actor.owner, AUDIT_CALENDAR, id, change.displayname, false, change.is_public));
	api_location(rs, "/v1/calendars/", id_text(rq->cx.mem, "cal", id));
	return OK;
}

const struct contract create_calendar = {
	.id = "createCalendar",
	.summary = "Make a calendar. A credential that is limited to single calendars makes none.",
	.body = &calendar_resource,
	.answer = &calendar_resource,
	.status = 201,
	ERRORS(DAV_QUOTA, FORBIDDEN),
	.run = run_create,
};

/* The wording of calendars:write names selected, colour and writable. */
static err_t within_scope(const struct api_call *call, const struct calendar_view *view)
{
	bool beyond = view->has_name || view->has_description || view->has_timezone;
	if (beyond)
		TRY(scopes_require(&call->rq->cx, call->actor.rights, CALENDARS_MANAGE | call->rq->route->scopes));
	return view->has_is_public ? may_publish(call) : OK;
}

err_t calendar_change(struct api_call *call, struct response *rs)
{
	struct request *rq = call->rq;
	struct calendar calendar;
	struct calendar_view view = { 0 };
	struct calendar_change change;
	TRY(calendar_named(call, &calendar));
	const struct calendar_view present = calendar_view_of(&rq->cx, call->actor.rights, &calendar);
	TRY(api_read_change(call, &present, &view));
	TRY(within_scope(call, &view));
	TRY(change_of(rq, &view, &change));
	TRY(api_may_change(call, etag_of(rq->cx.mem, &calendar)));
	if (call->if_match.items) /* and again where it is written, since others may be faster */
		change.only_version = calendar.prop_version;
	TRY(calendar_update(&rq->cx, &call->actor, calendar.name, &change));
	TRY(answer_again(call, rs, calendar.id));
	return audit_public(&rq->cx, calendar.account, AUDIT_CALENDAR, calendar.id, calendar_label(&calendar),
		calendar.is_public, change.set_is_public ? change.is_public : calendar.is_public);
}

const struct contract update_calendar = {
	.id = "updateCalendar",
	.summary = "Change what is sent; all else stays. `calendars:write` is for `selected`, `color_hex` and "
		   "`writable`; names, "
		   "descriptions and time zones need `calendars:manage` besides, `is_public` a key of full access.",
	PARAMS(calendar_params, struct calendar_params),
	.body = &calendar_resource,
	.answer = &calendar_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_IS_CHANGE,
	ERRORS(NOT_FOUND),
	.run = calendar_change,
};

/* RFC 9110 §13.1.1. What changes between the look and the deletion is not seen: a calendar's tag is of its settings. */
static err_t run_delete(struct api_call *call, struct response *rs)
{
	struct request *rq = call->rq;
	struct calendar calendar;
	TRY(calendar_named(call, &calendar));
	if (str_eq(calendar.name, STR(DEFAULT_CALENDAR)))
		return REFUSE(&rq->cx, CONFLICT, "", "The default calendar cannot be deleted.");
	if (!calendar.writable)
		return outcome_refusal(&rq->cx, OUTCOME_NOT_WRITABLE, STR_ABSENT);
	TRY(api_may_change(call, etag_of(rq->cx.mem, &calendar)));
	TRY(calendar_delete(&rq->cx, &call->actor, calendar.name));
	api_reply_deleted(call, rs, "cal", calendar.id);
	return OK;
}

const struct contract delete_calendar = {
	.id = "deleteCalendar",
	.summary = "Delete a calendar with all that is in it.",
	PARAMS(calendar_params, struct calendar_params),
	.answer = &calendar_resource,
	.shape = ANSWER_DELETED,
	.status = 200,
	.flags = TAKES_IF_MATCH,
	ERRORS(NOT_FOUND, CONFLICT, FORBIDDEN),
	.run = run_delete,
};
