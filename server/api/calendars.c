/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/api.h"

#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/account.h"
#include "server/account/label.h"
#include "server/base/config.h"

struct calendar_view {
	struct str id, object, name, description, color_hex, timezone, caldav_url, sync_token, etag;
	bool has_name, has_description, has_color_hex, has_timezone, has_selected, has_writable;
	bool selected, writable, is_default, livemode;
	int64_t event_count;
	struct instant created_at;
};

#define AT(member) offsetof(struct calendar_view, member)

/* clang-format off */
static const struct json_field fields[] = {
	/* name           kind       flags           offset           given                 min  max */
	{ "id",           JSON_STR,  JSON_READ_ONLY, AT(id),          0,                    0,   0,    NULL, NULL, 0, 0, "cal_…" },
	{ "object",       JSON_STR,  JSON_READ_ONLY, AT(object),      0,                    0,   0,    NULL, NULL, 0, 0, "calendar" },
	{ "name",         JSON_STR,  0,              AT(name),        AT(has_name),         1,   100,  NULL, NULL, 0, 0, "What people call it; keys only" },
	{ "description",  JSON_STR,  JSON_NULLABLE,  AT(description), AT(has_description),  0,   1000, NULL, NULL, 0, 0, "Keys only" },
	{ "color_hex",    JSON_STR,  JSON_NULLABLE,  AT(color_hex),   AT(has_color_hex),    7,   7,    NULL, NULL, 0, 0, "#RRGGBB" },
	{ "timezone",     JSON_STR,  JSON_NULLABLE,  AT(timezone),    AT(has_timezone),     1,   64,   NULL, NULL, 0, 0, "IANA name; keys only" },
	{ "selected",     JSON_BOOL, 0,              AT(selected),    AT(has_selected),     0,   0,    NULL, NULL, 0, 0, "Whether lists and free/busy count it when no calendar is named" },
	{ "writable",     JSON_BOOL, 0,              AT(writable),    AT(has_writable),     0,   0,    NULL, NULL, 0, 0, "false refuses every change of its events, on CalDAV too" },
	{ "is_default",   JSON_BOOL, JSON_READ_ONLY, AT(is_default),  0,                    0,   0,    NULL, NULL, 0, 0, "Where events go that name no calendar; cannot be deleted" },
	{ "event_count",  JSON_INT,  JSON_READ_ONLY, AT(event_count), 0,                    0,   0,    NULL, NULL, 0, 0, "Calendar objects in it" },
	{ "livemode",     JSON_BOOL, JSON_READ_ONLY, AT(livemode),    0,                    0,   0,    NULL, NULL, 0, 0, "false in test mode" },
	{ "caldav_url",   JSON_STR,  JSON_READ_ONLY, AT(caldav_url),  0,                    0,   0,    NULL, NULL, 0, 0, "Its collection on CalDAV" },
	{ "sync_token",   JSON_STR,  JSON_READ_ONLY, AT(sync_token),  0,                    0,   0,    NULL, NULL, 0, 0, "Changes when an event in it does" },
	{ "etag",         JSON_STR,  JSON_READ_ONLY, AT(etag),        0,                    0,   0,    NULL, NULL, 0, 0, "For If-Match" },
	{ "created_at",   JSON_TIME, JSON_READ_ONLY, AT(created_at),  0,                    0,   0,    NULL, NULL, 0, 0, "" },
};
/* clang-format on */

static struct str etag_of(struct arena *mem, const struct calendar *c)
{
	return str_fmt(mem, "\"%lld\"", (long long)c->prop_version);
}

static struct calendar_view view_of(struct request *rq, const struct calendar *c)
{
	struct arena *mem = rq->cx.mem;
	return (struct calendar_view){
		.id = id_text(mem, "cal", c->id),
		.object = STR("calendar"),
		.name = calendar_label(c),
		.description = c->description,
		.color_hex = calendar_rgb(c, STR_ABSENT),
		.timezone = c->tzid,
		.selected = c->selected,
		.writable = c->writable,
		.is_default = str_eq(c->name, STR(DEFAULT_CALENDAR)),
		.event_count = c->objects,
		.livemode = !id_is_test(c->account),
		.caldav_url = calendar_url(&rq->cx, c),
		.sync_token = sync_token_text(
			mem, rq->cx.config->public_url, (struct sync_token){ .calendar = c->id, .modseq = c->modseq }),
		.etag = etag_of(mem, c),
		.created_at = c->created_at,
	};
}

static err_t calendar_named(struct request *rq, const struct principal *who, struct calendar *out)
{
	struct id id;
	if (!id_parse(rq->args[0], "cal", &id))
		return FAIL(&rq->cx, NOT_FOUND, "not a calendar's id");
	const struct actor actor = actor_own(who);
	return calendar_by_id(&rq->cx, &actor, id, out);
}

static void reply_calendar(struct request *rq, struct response *rs, int status, const struct calendar *c)
{
	struct calendar_view view = view_of(rq, c);
	api_reply(rs, status, fields, ARRAY_LEN(fields), &view);
	response_header(rs, "ETag", view.etag);
}

err_t calendar_list_get(struct request *rq, struct response *rs)
{
	struct principal who;
	const struct form *params;
	struct calendar *calendars;
	size_t count;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, NULL, 0, &params));
	const struct actor actor = actor_own(&who);
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	struct json j = api_list_begin(rs);
	for (size_t i = 0; i < count; i++) {
		struct calendar_view view = view_of(rq, &calendars[i]);
		json_object(&j, NULL);
		json_write(&j, rq->cx.mem, fields, ARRAY_LEN(fields), &view);
		json_object_end(&j);
	}
	api_list_end(&j, false, STR_ABSENT); /* CALENDARS_MAX bounds it */
	return OK;
}

err_t calendar_get(struct request *rq, struct response *rs)
{
	struct principal who;
	const struct form *params;
	struct calendar calendar;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, NULL, 0, &params));
	TRY(calendar_named(rq, &who, &calendar));
	reply_calendar(rq, rs, 200, &calendar);
	return OK;
}

/* What the body changes, judged; a field that was not sent changes nothing. */
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
		.set_displayname = view->has_name,
	};
	if (view->has_name)
		TRY(label_clean(&rq->cx, "name", view->name, &change.displayname));
	if (view->color_hex.ptr && !color_is_rgb(view->color_hex))
		return REFUSE(&rq->cx, INVALID_VALUE, "color_hex", "A colour is written as #RRGGBB.");
	if (view->timezone.ptr && !zone_by_name(view->timezone))
		return REFUSE(&rq->cx, INVALID_VALUE, "timezone",
			"This is not a time zone. Use an IANA name like Europe/Berlin.");
	*out = change;
	return OK;
}

static err_t answer_again(
	struct request *rq, struct response *rs, const struct principal *who, struct id id, int status)
{
	struct calendar calendar;
	const struct actor actor = actor_own(who);
	TRY(calendar_by_id(&rq->cx, &actor, id, &calendar));
	reply_calendar(rq, rs, status, &calendar);
	return OK;
}

err_t calendar_post(struct request *rq, struct response *rs)
{
	struct principal who;
	struct calendar_view view = { 0 };
	struct calendar_change change;
	struct id id;
	const struct form *params;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, NULL, 0, &params));
	TRY(json_read(&rq->cx, rq->body, fields, ARRAY_LEN(fields), &view));
	if (!view.has_name)
		return REFUSE(&rq->cx, MISSING_FIELD, "name", "A calendar needs a name.");
	TRY(change_of(rq, &view, &change));
	const struct actor actor = actor_own(&who);
	TRY(calendar_create(&rq->cx, &actor, id_uuid(rq->cx.mem, id_new(rq->cx.now)), COMPONENTS_ALL, &change, &id));
	TRY(answer_again(rq, rs, &who, id, 201));
	response_header(rs, "Location", str_cat(rq->cx.mem, STR("/v1/calendars/"), id_text(rq->cx.mem, "cal", id)));
	return OK;
}

/* The scope's wording names selected, colour and writable: nothing else is a token's to change. */
static err_t within_scope(struct request *rq, const struct principal *who, const struct calendar_view *view)
{
	bool beyond = view->has_name || view->has_description || view->has_timezone;
	if (!beyond || (who->scopes & OWNER))
		return OK;
	return REFUSE(&rq->cx, KEY_KIND_NOT_ALLOWED,
		view->has_name          ? "name"
		: view->has_description ? "description"
					: "timezone",
		"calendars:write changes selected, color_hex and writable. The rest needs a key of the account.");
}

err_t calendar_patch(struct request *rq, struct response *rs)
{
	struct principal who;
	struct calendar calendar;
	struct calendar_view view = { 0 };
	struct calendar_change change;
	struct str match = request_header_list(rq, "If-Match");
	const struct form *params;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, NULL, 0, &params));
	TRY(json_read(&rq->cx, rq->body, fields, ARRAY_LEN(fields), &view));
	TRY(calendar_named(rq, &who, &calendar));
	TRY(within_scope(rq, &who, &view));
	TRY(change_of(rq, &view, &change));
	if (match.ptr && !str_eq(match, STR("*"))) {
		if (!str_eq(match, etag_of(rq->cx.mem, &calendar)))
			return FAIL(&rq->cx, PRECONDITION, "If-Match");
		change.only_version = calendar.prop_version; /* judged again where it is written */
	}
	const struct actor actor = actor_own(&who);
	TRY(calendar_update(&rq->cx, &actor, calendar.name, &change));
	return answer_again(rq, rs, &who, calendar.id, 200);
}

err_t calendar_remove(struct request *rq, struct response *rs)
{
	struct principal who;
	struct calendar calendar;
	const struct form *params;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, NULL, 0, &params));
	TRY(calendar_named(rq, &who, &calendar));
	if (str_eq(calendar.name, STR(DEFAULT_CALENDAR)))
		return REFUSE(&rq->cx, CONFLICT, "", "The default calendar cannot be deleted.");
	const struct actor actor = actor_own(&who);
	TRY(calendar_delete(&rq->cx, &actor, calendar.name));
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_id(&j, "id", "cal", calendar.id);
	json_str(&j, "object", STR("calendar"));
	json_bool(&j, "deleted", true);
	json_object_end(&j);
	return OK;
}
