/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosted calendars of /api/v1: the surface that the API keys page shows. The same calendars as /v1/calendars, with
 * camelCase members, success wrapped in `data`, and flat errors.
 */
#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/account.h"
#include "server/account/label.h"
#include "server/api/api.h"
#include "server/api/routes.h"
#include "server/http/head.h"
#include "server/http/refusal.h"

#define BODY_MAX KIB(64)
struct hosted {
	struct str id, name, timezone;
	bool has_name, has_timezone;
	struct instant created_at;
};

#define AT(member) offsetof(struct hosted, member)

/* clang-format off */
static const struct json_field fields[] = {
	/* name         kind       flags           offset          given             min max */
	{ "id",         JSON_STR,  JSON_READ_ONLY, AT(id),         0,                0, 0,   NULL, NULL, 0, 0, "UUID" },
	{ "name",       JSON_STR,  0,              AT(name),       AT(has_name),     1, 100, NULL, NULL, 0, 0, "" },
	{ "timezone",   JSON_STR,  JSON_NULLABLE,  AT(timezone),   AT(has_timezone), 1, 64,  NULL, NULL, 0, 0, "IANA name" },
	{ "createdAt",  JSON_TIME, JSON_READ_ONLY, AT(created_at), 0,                0, 0,   NULL, NULL, 0, 0, "" },
};
/* clang-format on */

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

static struct hosted view_of(struct arena *mem, const struct calendar *c)
{
	return (struct hosted){
		.id = id_uuid(mem, c->id),
		.name = calendar_label(c),
		.timezone = c->tzid,
		.created_at = c->created_at,
	};
}

static void write_one(struct request *rq, struct json *j, const char *key, const struct calendar *c)
{
	struct hosted view = view_of(rq->cx.mem, c);
	json_object(j, key);
	json_write(j, rq->cx.mem, fields, ARRAY_LEN(fields), &view);
	json_object_end(j);
}

static err_t reply_one(struct request *rq, struct response *rs, int status, struct id id)
{
	struct calendar calendar;
	const struct actor actor = actor_own(rq->principal);
	TRY(calendar_by_id(&rq->cx, &actor, id, &calendar));
	struct json j = json_begin(reply(rs, status, "application/json"));
	json_object(&j, NULL);
	write_one(rq, &j, "data", &calendar);
	json_object_end(&j);
	return OK;
}

static err_t named(struct request *rq, struct calendar *out)
{
	struct id id;
	if (!uuid_parse(rq->cx.mem, rq->args[0], &id))
		return FAIL(&rq->cx, NOT_FOUND, "not a calendar's id");
	const struct actor actor = actor_own(rq->principal);
	return calendar_by_id(&rq->cx, &actor, id, out);
}

static err_t change_of(struct request *rq, struct hosted *view, struct calendar_change *out)
{
	struct calendar_change change = { 0 };
	TRY(json_read(&rq->cx, rq->body, fields, ARRAY_LEN(fields), view));
	if (view->has_name)
		TRY(label_clean(&rq->cx, "name", view->name, &change.displayname));
	if (view->timezone.ptr && !zone_by_name(view->timezone))
		return REFUSE(&rq->cx, INVALID_VALUE, "timezone",
			"This is not a time zone. Use an IANA name like Europe/Berlin.");
	change.set_displayname = view->has_name;
	change.tzid = view->timezone;
	change.set_tzid = view->has_timezone;
	change.set_timezone = view->has_timezone; /* the VTIMEZONE that a CalDAV client set is not this zone's */
	*out = change;
	return OK;
}

static err_t hosted_list(struct request *rq, struct response *rs)
{
	struct calendar *calendars;
	size_t count;
	const struct actor actor = actor_own(rq->principal);
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_array(&j, "data");
	for (size_t i = 0; i < count; i++)
		write_one(rq, &j, NULL, &calendars[i]);
	json_array_end(&j);
	json_object_end(&j);
	return OK;
}

static err_t hosted_get(struct request *rq, struct response *rs)
{
	struct calendar calendar;
	TRY(named(rq, &calendar));
	return reply_one(rq, rs, 200, calendar.id);
}

static err_t hosted_post(struct request *rq, struct response *rs)
{
	struct hosted view = { 0 };
	struct calendar_change change;
	struct id id;
	TRY(change_of(rq, &view, &change));
	if (!view.has_name)
		return REFUSE(&rq->cx, MISSING_FIELD, "name", "A calendar needs a name.");
	const struct actor actor = actor_own(rq->principal);
	TRY(calendar_create(&rq->cx, &actor, id_uuid(rq->cx.mem, id_new(rq->cx.now)), COMPONENTS_ALL, &change, &id));
	return reply_one(rq, rs, 201, id);
}

static err_t hosted_patch(struct request *rq, struct response *rs)
{
	struct calendar calendar;
	struct hosted view = { 0 };
	struct calendar_change change;
	TRY(named(rq, &calendar));
	TRY(change_of(rq, &view, &change));
	const struct actor actor = actor_own(rq->principal);
	TRY(calendar_update(&rq->cx, &actor, calendar.name, &change));
	return reply_one(rq, rs, 200, calendar.id);
}

static err_t hosted_delete(struct request *rq, struct response *rs)
{
	struct calendar calendar;
	TRY(named(rq, &calendar));
	if (str_eq(calendar.name, STR(DEFAULT_CALENDAR)))
		return REFUSE(&rq->cx, CONFLICT, "", "The default calendar cannot be deleted.");
	const struct actor actor = actor_own(rq->principal);
	TRY(calendar_delete(&rq->cx, &actor, calendar.name));
	reply_empty(rs, 204);
	return OK;
}

/* ---- errors ---- */

static void show_flat(struct request *rq, struct response *rs, err_t e)
{
	int status = err_row(e->kind)->api_status;
	struct json j = json_begin(reply(rs, status, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "error", str_of(status_phrase(status)));
	/* one text for every credential that is none, as published */
	json_str(&j, "message", status == 401 ? str_of(err_row(CREDENTIALS_INVALID)->text) : err_text(e));
	if (e->param.len > 0) {
		json_object(&j, "details");
		json_str(&j, "field", e->param);
		json_object_end(&j);
	}
	json_object_end(&j);
	auth_challenge(rq, rs, e);
}

#define KEYS (ACCOUNT_KEY | SECRET_KEY)

/* clang-format off */
static const struct route routes[] = {
	/* method        path                                who   scope  body       at most   handler        source */
	{ METHOD_GET,    "/api/v1/hosted-calendars",           KEYS, OWNER, NO_BODY,   0,        hosted_list,   "API keys page", CORS_KEYS },
	{ METHOD_POST,   "/api/v1/hosted-calendars",           KEYS, OWNER, BODY_JSON, BODY_MAX, hosted_post,   "API keys page", CORS_KEYS },
	{ METHOD_GET,    "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, NO_BODY,   0,        hosted_get,    "API keys page", CORS_KEYS },
	{ METHOD_PATCH,  "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_JSON, BODY_MAX, hosted_patch,  "API keys page", CORS_KEYS },
	{ METHOD_DELETE, "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, NO_BODY,   0,        hosted_delete, "API keys page", CORS_KEYS | HEAVY },
};
/* clang-format on */

const struct module hosted_module = {
	.name = "Hosted calendars",
	.prefix = "/api/v1/",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.rate_limited = true,
	.show_error = show_flat,
};
