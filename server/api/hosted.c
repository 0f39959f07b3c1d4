/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosted calendars of /api/v1: the surface that the API keys page shows. The same calendars as /v1/calendars, with
 * camelCase members, success wrapped in `data`, and flat errors.
 */
#include "caldav/calendar/store/outcome.h"
#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/account.h"
#include "server/account/label.h"
#include "server/api/api.h"
#include "server/api/routes.h"
#include "server/http/head.h"
#include "server/http/refusal.h"

#define BODY_MAX KIB(64)

/* A calendar as /api/v1 has it. */
struct hosted {
	struct str id, name, timezone;
	bool has_name, has_timezone;
	struct instant created_at;
};

#define AT(member) offsetof(struct hosted, member)

/* clang-format off */
static const struct json_field fields[] = {
	/* name         kind       flags           offset          given             min max */
	{ "id",         JSON_STR,  JSON_READ_ONLY, AT(id),         0,                0, 0,   NULL, NULL, 0, 0, "UUID", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b" },
	{ "name",       JSON_STR,  JSON_NEEDED,              AT(name),       AT(has_name),     1, 100, NULL, NULL, 0, 0, "What people call it", "Team" },
	{ "timezone",   JSON_STR,  JSON_NULLABLE,  AT(timezone),   AT(has_timezone), 1, 64,  NULL, NULL, 0, 0, "IANA name", "Europe/Berlin" },
	{ "createdAt",  JSON_TIME, JSON_READ_ONLY, AT(created_at), 0,                0, 0,   NULL, NULL, 0, 0, "When it was made", NULL },
};
/* clang-format on */

static const struct json_resource hosted_resource = {
	.name = "hosted_calendar",
	JSON_FIELDS(fields),
	.size = sizeof(struct hosted),
	.doc = "A calendar on the surface of the API keys page.",
};

struct hosted_params {
	struct str id;
};

static const struct json_field hosted_params[] = {
	{ .name = "calendar",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.offset = offsetof(struct hosted_params, id),
		.doc = "Its `id`" },
};

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

static err_t reply_one(struct api_call *call, struct response *rs, struct id id)
{
	struct calendar calendar;
	TRY(calendar_by_id(&call->rq->cx, &call->actor, id, &calendar));
	struct hosted view = view_of(call->rq->cx.mem, &calendar);
	api_reply(call, rs, &view);
	return OK;
}

static err_t named(struct api_call *call, struct calendar *out)
{
	const struct hosted_params *params = call->params;
	struct id id;
	if (!uuid_parse(call->rq->cx.mem, params->id, &id))
		return FAIL(&call->rq->cx, NOT_FOUND, "not a calendar's id");
	return calendar_by_id(&call->rq->cx, &call->actor, id, out);
}

static err_t change_of(struct api_call *call, const struct hosted *view, struct calendar_change *out)
{
	struct ctx *cx = &call->rq->cx;
	struct calendar_change change = { 0 };
	if (view->has_name)
		TRY(label_clean(cx, "name", view->name, &change.displayname));
	if (view->timezone.ptr && !zone_by_name(view->timezone))
		return REFUSE(
			cx, INVALID_VALUE, "timezone", "This is not a time zone. Use an IANA name like Europe/Berlin.");
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
	size_t count;
	TRY(calendar_list(&call->rq->cx, &call->actor, &calendars, &count));
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct hosted view = view_of(call->rq->cx.mem, &calendars[i]);
		api_list_item(call, &j, &view);
	}
	api_list_end(call, &j, STR_ABSENT, STR_ABSENT);
	return OK;
}

static const struct contract hosted_list = {
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

static const struct contract hosted_read = {
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

static const struct contract hosted_create = {
	.id = "createHostedCalendar",
	.summary = "Make a calendar.",
	.body = &hosted_resource,
	.answer = &hosted_resource,
	.shape = ANSWER_DATA,
	.status = 201,
	ERRORS(DAV_QUOTA),
	.run = create_hosted,
};

static err_t change_hosted(struct api_call *call, struct response *rs)
{
	struct calendar calendar;
	struct hosted view = { 0 };
	struct calendar_change change;
	TRY(named(call, &calendar));
	const struct hosted present = view_of(call->rq->cx.mem, &calendar);
	TRY(api_read_change(call, &present, &view));
	TRY(change_of(call, &view, &change));
	TRY(api_may_change(call, STR_ABSENT));
	TRY(calendar_update(&call->rq->cx, &call->actor, calendar.name, &change));
	return reply_one(call, rs, calendar.id);
}

static const struct contract hosted_change = {
	.id = "updateHostedCalendar",
	.summary = "Change what is sent; all else stays.",
	PARAMS(hosted_params, struct hosted_params),
	.body = &hosted_resource,
	.answer = &hosted_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = HAS_NO_TAG | BODY_IS_CHANGE,
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

static const struct contract hosted_delete = {
	.id = "deleteHostedCalendar",
	.summary = "Delete a calendar with all that is in it.",
	PARAMS(hosted_params, struct hosted_params),
	.shape = ANSWER_NONE,
	.status = 204,
	.flags = HAS_NO_TAG,
	ERRORS(NOT_FOUND, CONFLICT, FORBIDDEN),
	.run = delete_hosted,
};

/* ---- errors ---- */

struct flat_details {
	struct str field;
};

struct flat_error {
	struct str error, message;
	struct flat_details details;
	bool has_details;
};

#define F(member) offsetof(struct flat_error, member)

/* clang-format off */
static const struct json_field detail_fields[] = {
	{ .name = "field", .kind = JSON_STR, .offset = offsetof(struct flat_details, field), .doc = "The field at fault, as a dotted path", .example = "name" },
};
static const struct json_field flat_fields[] = {
	{ .name = "error",   .kind = JSON_STR, .offset = F(error), .doc = "What the status is called", .example = "Bad Request" },
	{ .name = "message", .kind = JSON_STR, .offset = F(message), .doc = "What happened and how to mend it", .example = "A calendar needs a name." },
	{ .name = "details", .kind = JSON_OBJECT, .flags = JSON_OPTIONAL, .offset = F(details), .given = F(has_details), .fields = detail_fields, .field_count = ARRAY_LEN(detail_fields), .size = sizeof(struct flat_details), .doc = "Where" },
};
/* clang-format on */

static const struct json_resource flat_error = {
	.name = "hosted_error",
	JSON_FIELDS(flat_fields),
	.size = sizeof(struct flat_error),
	.doc = "A failure, on the surface of the API keys page.",
};

static void write_flat(struct json *j, const char *key, int status, struct str message, struct str field)
{
	const struct flat_error answer = {
		.error = str_of(status_phrase(status)),
		/* one text for every credential that is none, as published */
		.message = status == 401 ? str_of(err_row(CREDENTIALS_INVALID)->text) : message,
		.details = { field },
		.has_details = field.len > 0,
	};
	json_object(j, key);
	json_write(j, j->out->mem, flat_fields, ARRAY_LEN(flat_fields), &answer);
	json_object_end(j);
}

static void flat_example(struct json *j, const char *key, const struct err_row *row)
{
	write_flat(j, key, row->api_status, str_of(row->text), STR_ABSENT);
}

static const struct error_form flat_errors = { &flat_error, flat_example };

static void show_flat(struct request *rq, struct response *rs, err_t e)
{
	int status = err_row(e->kind)->api_status;
	struct json j = json_begin(reply(rs, status, "application/json"));
	write_flat(&j, NULL, status, err_text(e), e->param);
	auth_challenge(rq, rs, e);
}

#define KEYS (ACCOUNT_KEY | SECRET_KEY)
#define PAGE "API keys page"

/* clang-format off */
#define ROUTES(ROW) \
	/*  method         path                                  who   scope  body          at most   contract       source flags */ \
	ROW(METHOD_GET,    "/api/v1/hosted-calendars",           KEYS, OWNER, BODY_IGNORED, 0,        &hosted_list,   PAGE, CORS_KEYS) \
	ROW(METHOD_POST,   "/api/v1/hosted-calendars",           KEYS, OWNER, BODY_JSON,    BODY_MAX, &hosted_create, PAGE, CORS_KEYS) \
	ROW(METHOD_GET,    "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_IGNORED, 0,        &hosted_read,   PAGE, CORS_KEYS) \
	ROW(METHOD_PATCH,  "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_JSON,    BODY_MAX, &hosted_change, PAGE, CORS_KEYS) \
	ROW(METHOD_DELETE, "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_IGNORED, 0,        &hosted_delete, PAGE, CORS_KEYS | HEAVY)
/* clang-format on */
static const struct route routes[] = { ROUTES(API_ROUTE) };
static const struct contract *const contracts[] = { ROUTES(API_CONTRACT) };

const struct module hosted_module = {
	.name = "Hosted calendars",
	.prefix = "/api/v1/",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.contracts = contracts,
	.rate_limited = true,
	.show_error = show_flat,
	.error = &flat_errors,
};
