/* SPDX-License-Identifier: Apache-2.0 */
/* The one webhook of a hosted calendar, and what it is told: somebody else invites the calendar's owner. */
#include "server/api/hosted.h"
#include "server/api/webhook_views.h"
#include "server/base/config.h"
#include "server/data/uri.h"
#include "server/webhook/body.h"
#include "server/webhook/webhook.h"

#define JSON_MAX MIB(2)

struct hosted_webhook {
	struct str url, secret, status, disabled_reason;
	bool has_url, has_secret;
	struct instant old_secret_expires_at, failing_since, last_success_at, created_at, updated_at;
};

#define W(member) offsetof(struct hosted_webhook, member)
#define READ JSON_READ_ONLY
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field fields[] = {
	/* name                   kind       flags                  offset                    given          min max */
	{ "url",                  JSON_STR,  JSON_NEEDED,           W(url),                   W(has_url),    1, 2048, NULL, NULL, 0, 0, "Where deliveries are sent: https, a host of the public internet", "https://agent.example.com/webhook" },
	{ "secret",               JSON_STR,  MAYBE | JSON_OPTIONAL, W(secret),                W(has_secret), 1, 134,  NULL, NULL, 0, 0, "What deliveries are signed with: whsec_ and 16 to 128 visible characters. Left out, the present one stays, and the first is made; told once, when it is made or replaced", NULL },
	{ "status",               JSON_STR,  READ,                  W(status),                0,             0, 0,    NULL, NULL, 0, 0, "enabled or disabled; PUT enables it", "enabled" },
	{ "disabledReason",       JSON_STR,  READ | MAYBE,          W(disabled_reason),       0,             0, 0,    NULL, NULL, 0, 0, "gone (it answered 410) or failing (nothing but failure for 72 hours)", NULL },
	{ "oldSecretExpiresAt",   JSON_TIME, READ | MAYBE,          W(old_secret_expires_at), 0,             0, 0,    NULL, NULL, 0, 0, "Until when deliveries are signed with the secret before this one, too", NULL },
	{ "failingSince",         JSON_TIME, READ | MAYBE,          W(failing_since),         0,             0, 0,    NULL, NULL, 0, 0, "Nothing but failure from then on", NULL },
	{ "lastSuccessAt",        JSON_TIME, READ | MAYBE,          W(last_success_at),       0,             0, 0,    NULL, NULL, 0, 0, "When it last answered 2xx, to the minute", NULL },
	{ "createdAt",            JSON_TIME, READ,                  W(created_at),            0,             0, 0,    NULL, NULL, 0, 0, "When it was made", NULL },
	{ "updatedAt",            JSON_TIME, READ,                  W(updated_at),            0,             0, 0,    NULL, NULL, 0, 0, "When it was changed", NULL },
};
/* clang-format on */

static const struct json_resource webhook_resource = {
	.name = "hosted_webhook",
	JSON_FIELDS(fields),
	.size = sizeof(struct hosted_webhook),
	.doc = "Who is told of invitations in a hosted calendar.",
};

static const struct json_field path[] = { HOSTED_ID_PARAM(struct hosted_params) };

static err_t owner_of(struct api_call *call, struct webhook_owner *out)
{
	const struct hosted_params *params = call->params;
	struct calendar calendar;
	TRY(hosted_named(call, params->id, &calendar));
	*out = webhook_owner_of(&call->who);
	out->hosted = calendar.id;
	return OK;
}

static void reply_webhook(
	struct api_call *call, struct response *rs, const struct webhook_endpoint *e, struct str secret)
{
	const struct hosted_webhook view = {
		.url = e->url,
		.secret = secret,
		.status = instant_is_none(e->disabled_at) ? STR("enabled") : STR("disabled"),
		.disabled_reason = e->disabled_reason,
		.old_secret_expires_at = e->old_until,
		.failing_since = e->failing_since,
		.last_success_at = e->last_success_at,
		.created_at = e->created_at,
		.updated_at = e->updated_at,
	};
	api_reply(call, rs, &view);
}

/* ---- get, put, delete ---- */

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct webhook_owner owner;
	struct webhook_endpoint endpoint;
	TRY(owner_of(call, &owner));
	TRY(webhook_endpoint_hosted(&call->rq->cx, &owner, &endpoint));
	reply_webhook(call, rs, &endpoint, STR_ABSENT);
	return OK;
}

const struct contract hosted_webhook_read = {
	.id = "getHostedWebhook",
	.summary = "The webhook of a hosted calendar; 404 without one.",
	PARAMS(path, struct hosted_params),
	.answer = &webhook_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

static err_t make(
	struct api_call *call, const struct webhook_owner *owner, struct webhook_endpoint *out, struct str *secret_out)
{
	static const struct str types[] = { STR_INIT("invitation.received") };
	const struct hosted_webhook *view = call->body;
	const struct webhook_endpoint_new in = {
		.url = view->url,
		.description = STR_ABSENT,
		.events = { types, ARRAY_LEN(types) },
		.secret = view->secret,
	};
	return webhook_endpoint_create(&call->rq->cx, owner, &in, out, secret_out);
}

/* What is the same already stays untouched: a PUT may be sent again. */
static err_t replace(struct api_call *call, const struct webhook_owner *owner, struct webhook_endpoint *endpoint,
	struct str *secret_out)
{
	struct ctx *cx = &call->rq->cx;
	const struct hosted_webhook *view = call->body;
	const struct webhook_endpoint present = *endpoint;
	const struct webhook_endpoint_change change = { .url = view->url, .description = STR_ABSENT, .enable = true };
	bool same_secret = true;
	if (view->secret.ptr)
		TRY(webhook_endpoint_has_secret(cx, &present, view->secret, &same_secret));
	if (!same_secret)
		TRY(webhook_endpoint_rotate(cx, owner, &present, view->secret, endpoint, secret_out));
	if (!str_eq(present.url, view->url) || !instant_is_none(present.disabled_at))
		return webhook_endpoint_change(cx, owner, &present, &change, endpoint);
	return OK;
}

static err_t run_put(struct api_call *call, struct response *rs)
{
	struct webhook_owner owner;
	struct webhook_endpoint endpoint;
	const struct hosted_webhook *view = call->body;
	struct str secret = STR_ABSENT;
	TRY(owner_of(call, &owner));
	TRY(api_may_change(call, STR_ABSENT));
	if (!view->has_url)
		return REFUSE(&call->rq->cx, MISSING_FIELD, "url", "Where are deliveries to be sent?");
	err_t e = webhook_endpoint_hosted(&call->rq->cx, &owner, &endpoint);
	if (err_is(e, NOT_FOUND))
		TRY(make(call, &owner, &endpoint, &secret));
	else
		TRY(e ? e : replace(call, &owner, &endpoint, &secret));
	reply_webhook(call, rs, &endpoint, secret);
	return OK;
}

const struct contract hosted_webhook_put = {
	.id = "putHostedWebhook",
	.summary =
		"Make the webhook of a hosted calendar, or replace its URL and secret. A new secret is in this answer "
		"alone, and for 24 hours the one before it signs too.",
	PARAMS(path, struct hosted_params),
	.body = &webhook_resource,
	.answer = &webhook_resource,
	.shape = ANSWER_DATA,
	.status = 200,
	.flags = HAS_NO_TAG | TELLS_SECRET,
	ERRORS(NOT_FOUND, URL_NOT_ALLOWED, KEY_ALREADY_SHOWN, CONFLICT),
	.run = run_put,
};

static err_t run_delete(struct api_call *call, struct response *rs)
{
	struct webhook_owner owner;
	struct webhook_endpoint endpoint;
	TRY(owner_of(call, &owner));
	TRY(webhook_endpoint_hosted(&call->rq->cx, &owner, &endpoint));
	TRY(api_may_change(call, STR_ABSENT));
	TRY(webhook_endpoint_delete(&call->rq->cx, &endpoint));
	reply_empty(rs, 204);
	return OK;
}

const struct contract hosted_webhook_delete = {
	.id = "deleteHostedWebhook",
	.summary = "Remove the webhook of a hosted calendar. What was not sent yet is not sent.",
	PARAMS(path, struct hosted_params),
	.shape = ANSWER_NONE,
	.status = 204,
	.flags = HAS_NO_TAG,
	ERRORS(NOT_FOUND),
	.run = run_delete,
};

/* ---- what is told ---- */

static struct str respond_url(struct ctx *cx, const struct webhook_invitation *invitation)
{
	struct buf out = buf_new(cx->mem, JSON_MAX);
	buf_fmt(&out, "%.*s/api/v1/hosted-calendars/%.*s/invitations/", STR_ARG(cx->config->public_url),
		STR_ARG(id_uuid(cx->mem, invitation->calendar)));
	path_segment_add(&out, invitation->item->event.uid);
	BUF_LIT(&out, "/respond");
	return buf_str(&out);
}

/* The members that are published; `id`, `createdAt`, `livemode` and `truncated` are ours. */
static struct str written(struct ctx *cx, const struct webhook_invitation *invitation, bool whole)
{
	const struct event *event = &invitation->item->event;
	struct buf out = buf_new(cx->mem, JSON_MAX);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_str(&j, "type", STR("invitation.received"));
	json_id(&j, "id", "whe", invitation->id);
	json_str(&j, "calendarId", id_uuid(cx->mem, invitation->calendar));
	json_str(&j, "organizerEmail", event->organizer);
	json_str(&j, "organizerName", event->organizer_name);
	json_str(&j, "respondUrl", respond_url(cx, invitation));
	json_time(&j, "createdAt", cx->now);
	json_bool(&j, "livemode", invitation->live);
	if (whole) {
		hosted_event_write(&j, "event", invitation->item);
	} else {
		json_bool(&j, "truncated", true);
		json_object(&j, "event");
		json_str(&j, "uid", event->uid);
		json_object_end(&j);
	}
	json_object_end(&j);
	return buf_str(&out);
}

err_t invitation_as_json(struct ctx *cx, const struct webhook_invitation *invitation, struct str *out)
{
	struct str text = written(cx, invitation, true);
	*out = text.len <= WEBHOOK_BODY_MAX ? text : written(cx, invitation, false);
	return OK;
}
