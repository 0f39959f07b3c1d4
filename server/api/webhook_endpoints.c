/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of changes: endpoints of an account, of one of its connections, of a platform for all its connections. */
#include "server/api/api.h"
#include "server/api/page.h"
#include "server/api/webhooks.h"
#include "server/base/api_version.h"
#include "server/webhook/webhook.h"

struct endpoint_view {
	struct str id, object, url, description, status, disabled_reason, secret, api_version, connected_account_id;
	struct str_list events;
	struct instant old_secret_expires_at, failing_since, last_success_at, created_at, updated_at;
	bool connect_events, livemode;
	bool has_url, has_events, has_description, has_status, has_secret, has_connect_events;
};

#define V(member) offsetof(struct endpoint_view, member)
#define READ JSON_READ_ONLY
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field fields[] = {
	/* name                     kind       flags                 offset                    given                  min max */
	{ "id",                     JSON_STR,  READ,                 V(id),                    0,                     0, 0,    NULL, NULL, 0, 0, "wbk_…", "wbk_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",                 JSON_STR,  READ,                 V(object),                0,                     0, 0,    NULL, NULL, 0, 0, "webhook_endpoint", "webhook_endpoint" },
	{ "url",                    JSON_STR,  0,                    V(url),                   V(has_url),            1, 2048, NULL, NULL, 0, 0, "Where deliveries are sent: https, a host of the public internet, port 443 or one from 1024 on", "https://hooks.example.com/calendar" },
	{ "events",                 JSON_STRS, 0,                    V(events),                V(has_events),         1, 32,   NULL, NULL, 0, 0, "Types that it is told of: event.created, event.* for all that begin so, * for all", "event.*" },
	{ "description",            JSON_STR,  MAYBE,                V(description),           V(has_description),    0, 500,  NULL, NULL, 0, 0, "What its owner calls it", "Production" },
	{ "connect_events",         JSON_BOOL, 0,                    V(connect_events),        V(has_connect_events), 0, 0,    NULL, NULL, 0, 0, "Of a platform: it is told of all accounts that are connected to its apps, and not of the platform's own. Fixed when it is made", "false" },
	{ "status",                 JSON_WORD, 0,                    V(status),                V(has_status),         0, 0,    "enabled disabled", NULL, 0, 0, "Nothing is sent to one that is disabled, and nothing is kept for it", "enabled" },
	{ "disabled_reason",        JSON_STR,  READ | MAYBE,         V(disabled_reason),       0,                     0, 0,    NULL, NULL, 0, 0, "Why it was disabled by the server: gone (it answered 410) or failing (nothing but failure for 72 hours)", NULL },
	{ "secret",                 JSON_STR,  MAYBE | JSON_OPTIONAL, V(secret),                V(has_secret),         1, 128,  NULL, NULL, 0, 0, "What deliveries are signed with, whsec_…: made unless said; told once, when it is made or rotated", NULL },
	{ "old_secret_expires_at",  JSON_TIME, READ | MAYBE,         V(old_secret_expires_at), 0,                     0, 0,    NULL, NULL, 0, 0, "Until when deliveries are signed with the secret before this one, too", NULL },
	{ "connected_account_id",   JSON_STR,  READ | MAYBE,         V(connected_account_id),  0,                     0, 0,    NULL, NULL, 0, 0, "cpa_…: it is told of this connection alone, and goes with it; null: the account's own", NULL },
	{ "api_version",            JSON_STR,  READ,                 V(api_version),           0,                     0, 0,    NULL, NULL, 0, 0, "Of the bodies that it gets", "2026-11-28" },
	{ "livemode",               JSON_BOOL, READ,                 V(livemode),              0,                     0, 0,    NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "failing_since",          JSON_TIME, READ | MAYBE,         V(failing_since),         0,                     0, 0,    NULL, NULL, 0, 0, "Nothing but failure from then on; 72 hours later it is disabled", NULL },
	{ "last_success_at",        JSON_TIME, READ | MAYBE,         V(last_success_at),       0,                     0, 0,    NULL, NULL, 0, 0, "When it last answered 2xx, to the minute", NULL },
	{ "created_at",             JSON_TIME, READ,                 V(created_at),            0,                     0, 0,    NULL, NULL, 0, 0, "When it was made", NULL },
	{ "updated_at",             JSON_TIME, READ,                 V(updated_at),            0,                     0, 0,    NULL, NULL, 0, 0, "When it was changed", NULL },
};
/* clang-format on */

static const struct json_resource endpoint_resource = {
	.name = "webhook_endpoint",
	JSON_FIELDS(fields),
	.size = sizeof(struct endpoint_view),
	.doc = "A URL that is told of changes.",
};

static const struct json_field path[] = { { .name = "endpoint",
	.kind = JSON_ID,
	.flags = JSON_IN_PATH,
	.of = "wbk",
	.offset = offsetof(struct endpoint_params, endpoint),
	.doc = "Its `id`" } };

static struct endpoint_view view_of(struct arena *mem, const struct webhook_endpoint *e, struct str secret)
{
	return (struct endpoint_view){
		.id = id_text(mem, "wbk", e->id),
		.object = STR("webhook_endpoint"),
		.url = e->url,
		.events = e->events,
		.description = e->description,
		.connect_events = e->connect,
		.status = instant_is_none(e->disabled_at) ? STR("enabled") : STR("disabled"),
		.disabled_reason = e->disabled_reason,
		.secret = secret,
		.old_secret_expires_at = e->old_until,
		.connected_account_id = id_is_zero(e->connection) ? STR_ABSENT : id_text(mem, "cpa", e->connection),
		.api_version = str_of(api_version_newest()->name),
		.livemode = !id_is_test(e->account),
		.failing_since = e->failing_since,
		.last_success_at = e->last_success_at,
		.created_at = e->created_at,
		.updated_at = e->updated_at,
	};
}

static void reply_endpoint(
	struct api_call *call, struct response *rs, const struct webhook_endpoint *endpoint, struct str secret)
{
	struct endpoint_view view = view_of(call->rq->cx.mem, endpoint, secret);
	api_reply(call, rs, &view);
}

err_t endpoint_named(struct api_call *call, struct webhook_endpoint *out)
{
	const struct endpoint_params *params = call->params;
	struct webhook_owner owner = webhook_owner_of(&call->who);
	return webhook_endpoint_get(&call->rq->cx, &owner, params->endpoint, out);
}

/* ---- list, get ---- */

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct webhook_owner owner = webhook_owner_of(&call->who);
	struct webhook_endpoint *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(webhook_endpoint_page(&call->rq->cx, &owner, bound, page.back, page.limit + 1, &rows, &count));
	PAGE_CUT_ROWS(&page, rows, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, rows[page_row(&page, count, i)].created_at))
			continue;
		struct endpoint_view view = view_of(call->rq->cx.mem, &rows[page_row(&page, count, i)], STR_ABSENT);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_webhook_endpoints = {
	.id = "listWebhookEndpoints",
	.summary = "The endpoints of the account in the key's mode, or of the connected account; newest first.",
	.answer = &endpoint_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	.run = run_list,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct webhook_endpoint endpoint;
	TRY(endpoint_named(call, &endpoint));
	reply_endpoint(call, rs, &endpoint, STR_ABSENT);
	return OK;
}

const struct contract get_webhook_endpoint = {
	.id = "getWebhookEndpoint",
	.summary = "One endpoint.",
	PARAMS(path, struct endpoint_params),
	.answer = &endpoint_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* ---- create, change ---- */

static err_t run_create(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	const struct endpoint_view *view = call->body;
	struct webhook_owner owner = webhook_owner_of(&call->who);
	struct webhook_endpoint_new in = {
		.url = view->url,
		.description = view->description,
		.events = view->events,
		.secret = view->secret,
		.connect = view->connect_events,
		.disabled = view->has_status && str_eq(view->status, STR("disabled")),
	};
	struct webhook_endpoint endpoint;
	struct str secret;
	if (!view->has_url)
		return REFUSE(cx, MISSING_FIELD, "url", "Where are deliveries to be sent?");
	if (!view->has_events)
		return REFUSE(cx, MISSING_FIELD, "events",
			"What is it to be told of? [\"event.*\"] is every change of events.");
	TRY(webhook_endpoint_create(cx, &owner, &in, &endpoint, &secret));
	reply_endpoint(call, rs, &endpoint, secret);
	api_location(rs, "/v1/webhook_endpoints/", id_text(cx->mem, "wbk", endpoint.id));
	return OK;
}

const struct contract create_webhook_endpoint = {
	.id = "createWebhookEndpoint",
	.summary = "Make an endpoint. Its secret is in this answer alone. A ping is sent to it, whose delivery is in "
		   "its log.",
	.body = &endpoint_resource,
	.answer = &endpoint_resource,
	.status = 201,
	.flags = TELLS_SECRET,
	ERRORS(FORBIDDEN, URL_NOT_ALLOWED, KEY_ALREADY_SHOWN, CONFLICT),
	.run = run_create,
};

static err_t run_update(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct webhook_owner owner = webhook_owner_of(&call->who);
	struct webhook_endpoint present, endpoint;
	struct endpoint_view view = { 0 };
	TRY(endpoint_named(call, &present));
	const struct endpoint_view shown = view_of(cx->mem, &present, STR_ABSENT);
	TRY(api_read_change(call, &shown, &view));
	if (view.has_secret)
		return REFUSE(cx, INVALID_VALUE, "secret",
			"Secrets are replaced by rotate_secret, which keeps the old one for a day.");
	if (view.has_connect_events)
		return REFUSE(
			cx, INVALID_VALUE, "connect_events", "This is fixed when an endpoint is made. Make another.");
	const struct webhook_endpoint_change change = {
		.url = view.has_url ? view.url : STR_ABSENT,
		.events = view.has_events ? view.events : (struct str_list){ NULL, 0 },
		.description = view.description,
		.set_description = view.has_description,
		.enable = view.has_status && str_eq(view.status, STR("enabled")),
		.disable = view.has_status && str_eq(view.status, STR("disabled")),
	};
	TRY(webhook_endpoint_change(cx, &owner, &present, &change, &endpoint));
	reply_endpoint(call, rs, &endpoint, STR_ABSENT);
	return OK;
}

const struct contract update_webhook_endpoint = {
	.id = "updateWebhookEndpoint",
	.summary = "Change an endpoint. Enabled again, it is told of what happens from then on.",
	PARAMS(path, struct endpoint_params),
	.body = &endpoint_resource,
	.answer = &endpoint_resource,
	.status = 200,
	.flags = BODY_IS_CHANGE,
	ERRORS(NOT_FOUND, URL_NOT_ALLOWED),
	.run = run_update,
};

static err_t run_rotate(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct webhook_owner owner = webhook_owner_of(&call->who);
	struct webhook_endpoint present, endpoint;
	struct str secret;
	TRY(endpoint_named(call, &present));
	TRY(webhook_endpoint_rotate(cx, &owner, &present, STR_ABSENT, &endpoint, &secret));
	reply_endpoint(call, rs, &endpoint, secret);
	return OK;
}

const struct contract rotate_webhook_secret = {
	.id = "rotateWebhookSecret",
	.summary = "A new secret. For 24 hours deliveries carry signatures of both.",
	PARAMS(path, struct endpoint_params),
	.answer = &endpoint_resource,
	.status = 200,
	.flags = TELLS_SECRET,
	ERRORS(NOT_FOUND, KEY_ALREADY_SHOWN),
	.run = run_rotate,
};

static err_t run_delete(struct api_call *call, struct response *rs)
{
	struct webhook_endpoint endpoint;
	TRY(endpoint_named(call, &endpoint));
	TRY(webhook_endpoint_delete(&call->rq->cx, &endpoint));
	api_reply_deleted(call, rs, "wbk", endpoint.id);
	return OK;
}

const struct contract delete_webhook_endpoint = {
	.id = "deleteWebhookEndpoint",
	.summary = "Delete an endpoint. What was not sent yet is not sent.",
	PARAMS(path, struct endpoint_params),
	.answer = &endpoint_resource,
	.shape = ANSWER_DELETED,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_delete,
};
