/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1 and /feed: which paths there are, and the flat errors of both. */
#include "server/api/feed.h"
#include "server/api/hosted.h"
#include "server/api/routes.h"
#include "server/http/head.h"
#include "server/http/refusal.h"

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

static void show_flat_refusal(struct json *j, int status, struct str message, struct str request_id)
{
	(void)request_id;
	write_flat(j, NULL, status, message, STR_ABSENT);
}

#define KEYS (ACCOUNT_KEY | SECRET_KEY)
#define BODY_MAX KIB(64)
#define EVENT_MAX KIB(256)
#define PAGE "API keys page"
#define HOSTED "hosted calendars"

/* clang-format off */
#define ROUTES(ROW) \
	/*  method         path                                  who   scope  body          at most   contract       source flags */ \
	ROW(METHOD_GET,    "/api/v1/hosted-calendars",           KEYS, OWNER, BODY_IGNORED, 0,        &hosted_list,   PAGE, CORS_KEYS) \
	ROW(METHOD_POST,   "/api/v1/hosted-calendars",           KEYS, OWNER, BODY_JSON,    BODY_MAX, &hosted_create, PAGE, CORS_KEYS) \
	ROW(METHOD_GET,    "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_IGNORED, 0,        &hosted_read,   PAGE, CORS_KEYS) \
	ROW(METHOD_PATCH,  "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_JSON,    BODY_MAX, &hosted_change, PAGE, CORS_KEYS) \
	ROW(METHOD_DELETE, "/api/v1/hosted-calendars/:calendar", KEYS, OWNER, BODY_IGNORED, 0,        &hosted_delete, PAGE, CORS_KEYS | HEAVY) \
	ROW(METHOD_POST,   "/api/v1/hosted-calendars/:calendar/regenerate-feed-token", KEYS, OWNER, BODY_IGNORED, 0, &hosted_regenerate, HOSTED, CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/api/v1/calendars/:calendar/events",      KEYS, OWNER, BODY_IGNORED, 0,       &hosted_event_list,   HOSTED, CORS_KEYS | HEAVY) \
	ROW(METHOD_POST,   "/api/v1/calendars/:calendar/events",      KEYS, OWNER, BODY_JSON,    EVENT_MAX, &hosted_event_create, HOSTED, CORS_KEYS) \
	ROW(METHOD_GET,    "/api/v1/calendars/:calendar/events/:uid", KEYS, OWNER, BODY_IGNORED, 0,       &hosted_event_read,   HOSTED, CORS_KEYS) \
	ROW(METHOD_PATCH,  "/api/v1/calendars/:calendar/events/:uid", KEYS, OWNER, BODY_JSON,    EVENT_MAX, &hosted_event_change, HOSTED, CORS_KEYS) \
	ROW(METHOD_DELETE, "/api/v1/calendars/:calendar/events/:uid", KEYS, OWNER, BODY_IGNORED, 0,       &hosted_event_delete, HOSTED, CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/api/v1/hosted-calendars/:calendar/invitations", KEYS, OWNER, BODY_IGNORED, 0, &hosted_invitation_list, HOSTED, CORS_KEYS | HEAVY) \
	ROW(METHOD_POST,   "/api/v1/hosted-calendars/:calendar/invitations/:uid/respond", KEYS, OWNER, BODY_JSON, BODY_MAX, &hosted_invitation_respond, HOSTED, CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/api/v1/hosted-calendars/:calendar/webhook", KEYS, OWNER, BODY_IGNORED, 0,     &hosted_webhook_read,   HOSTED, CORS_KEYS) \
	ROW(METHOD_PUT,    "/api/v1/hosted-calendars/:calendar/webhook", KEYS, OWNER, BODY_JSON,    BODY_MAX, &hosted_webhook_put, HOSTED, CORS_KEYS) \
	ROW(METHOD_DELETE, "/api/v1/hosted-calendars/:calendar/webhook", KEYS, OWNER, BODY_IGNORED, 0,     &hosted_webhook_delete, HOSTED, CORS_KEYS)
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
	.show_refusal = show_flat_refusal,
	.error = &flat_errors,
};

/* ---- feeds ---- */

static const struct route feed_routes[] = {
	{ METHOD_GET, "/feed/:token", ANYONE, 0, BODY_IGNORED, 0, feed_get, HOSTED, CORS_ANY | HEAVY },
};

const struct module feed_module = {
	.name = "Feeds",
	.prefix = "/feed/",
	.routes = feed_routes,
	.route_count = ARRAY_LEN(feed_routes),
	.secret_paths = true,
	.rate_limited = true,
	.show_error = show_flat,
	.show_refusal = show_flat_refusal,
	.every_answer = feed_every_answer,
	.error = &flat_errors,
};
