/* SPDX-License-Identifier: Apache-2.0 */
/* The log: what was told to an endpoint, what it answered, and telling it again. */
#include <assert.h>

#include "server/api/api.h"
#include "server/api/page.h"
#include "server/api/webhooks.h"

struct attempt_view {
	int64_t number, response_status, duration_ms;
	struct str error, response_body;
	struct str_list request_headers;
	struct instant at;
};

struct delivery_view {
	struct str id, object, endpoint_id, event_id, type, url, status, error;
	int64_t attempt_count, response_status;
	struct instant next_attempt_at, created_at, finished_at;
	struct json_list attempts; /* of struct attempt_view */
};

#define T(member) offsetof(struct attempt_view, member)
#define D(member) offsetof(struct delivery_view, member)
#define READ JSON_READ_ONLY
#define MAYBE (JSON_READ_ONLY | JSON_NULLABLE)

/* clang-format off */
static const struct json_field attempt_fields[] = {
	{ "number",          JSON_INT,  READ,  T(number),          0, 0, 0, NULL, NULL, 0, 0, "1 is the first try", "1" },
	{ "at",              JSON_TIME, READ,  T(at),              0, 0, 0, NULL, NULL, 0, 0, "When it began", NULL },
	{ "duration_ms",     JSON_INT,  READ,  T(duration_ms),     0, 0, 0, NULL, NULL, 0, 0, "How long it took", "118" },
	{ "request_headers", JSON_STRS, READ,  T(request_headers), 0, 0, 0, NULL, NULL, 0, 0, "What went with the body, besides Host, Accept and Content-Length; as it was signed then", "webhook-id: whe_0355WHuCFfRpMfB53mC9Z6" },
	{ "response_status", JSON_INT,  MAYBE, T(response_status), 0, 0, 0, NULL, NULL, 0, 0, "Of the answer; null: none came", "200" },
	{ "error",           JSON_STR,  MAYBE, T(error),           0, 0, 0, NULL, NULL, 0, 0, "Why there was no whole answer: timeout, dns, connect, tls, address_refused, connection_lost, head_too_large, protocol", "timeout" },
	{ "response_body",   JSON_STR,  READ,  T(response_body),   0, 0, 0, NULL, NULL, 0, 0, "How the answer began, up to 2 KiB; what is no text of it is shown as ?", "ok" },
};
static const struct json_field fields[] = {
	{ "id",              JSON_STR,  READ,  D(id),              0, 0, 0, NULL, NULL, 0, 0, "whd_…", "whd_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",          JSON_STR,  READ,  D(object),          0, 0, 0, NULL, NULL, 0, 0, "webhook_delivery", "webhook_delivery" },
	{ "endpoint_id",     JSON_STR,  READ,  D(endpoint_id),     0, 0, 0, NULL, NULL, 0, 0, "wbk_…", "wbk_0355WHuCFfRpMfB53mC9Z6" },
	{ "event_id",        JSON_STR,  READ,  D(event_id),        0, 0, 0, NULL, NULL, 0, 0, "whe_…: the same in all deliveries of one event", "whe_0355WHuCFfRpMfB53mC9Z6" },
	{ "type",            JSON_STR,  READ,  D(type),            0, 0, 0, NULL, NULL, 0, 0, "Of the event; empty once the event is kept no more", "event.created" },
	{ "url",             JSON_STR,  MAYBE, D(url),             0, 0, 0, NULL, NULL, 0, 0, "Of a replay to another URL; null: the endpoint's", NULL },
	{ "status",          JSON_WORD, READ,  D(status),          0, 0, 0, "pending delivered failed dropped", NULL, 0, 0, "dropped: its endpoint was disabled, or the connection that it is about ended or was given less", "delivered" },
	{ "attempt_count",   JSON_INT,  READ,  D(attempt_count),   0, 0, 0, NULL, NULL, 0, 0, "Tries that have begun", "1" },
	{ "next_attempt_at", JSON_TIME, MAYBE, D(next_attempt_at), 0, 0, 0, NULL, NULL, 0, 0, "While it is pending: the next try, not before", NULL },
	{ "response_status", JSON_INT,  MAYBE, D(response_status), 0, 0, 0, NULL, NULL, 0, 0, "Of the last answer", "200" },
	{ "error",           JSON_STR,  MAYBE, D(error),           0, 0, 0, NULL, NULL, 0, 0, "Of the last try, as in attempts", NULL },
	{ "attempts",        JSON_OBJECTS, READ | JSON_OPTIONAL, D(attempts), 0, 0, 0, NULL, attempt_fields, ARRAY_LEN(attempt_fields), sizeof(struct attempt_view), "Each try; of one delivery that is read by itself", NULL },
	{ "created_at",      JSON_TIME, READ,  D(created_at),      0, 0, 0, NULL, NULL, 0, 0, "When it was made", NULL },
	{ "finished_at",     JSON_TIME, MAYBE, D(finished_at),     0, 0, 0, NULL, NULL, 0, 0, "When it ended, well or not", NULL },
};
/* clang-format on */

static const struct json_resource delivery_resource = {
	.name = "webhook_delivery",
	JSON_FIELDS(fields),
	.size = sizeof(struct delivery_view),
	.doc = "An event that is told to an endpoint; kept for 30 days.",
};

static const struct json_field of_endpoint[] = { { .name = "endpoint",
	.kind = JSON_ID,
	.flags = JSON_IN_PATH,
	.of = "wbk",
	.offset = offsetof(struct endpoint_params, endpoint),
	.doc = "The endpoint's `id`" } };
static const struct json_field of_delivery[] = {
	{ .name = "endpoint",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "wbk",
		.offset = offsetof(struct delivery_params, endpoint),
		.doc = "The endpoint's `id`" },
	{ .name = "delivery",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "whd",
		.offset = offsetof(struct delivery_params, delivery),
		.doc = "Its `id`" },
};
static_assert(
	offsetof(struct delivery_params, endpoint) == offsetof(struct endpoint_params, endpoint), "endpoint_named");

static const char *const states[] = {
	[WEBHOOK_PENDING] = "pending",
	[WEBHOOK_DELIVERED] = "delivered",
	[WEBHOOK_FAILED] = "failed",
	[WEBHOOK_DROPPED] = "dropped",
};

static struct delivery_view view_of(struct arena *mem, const struct webhook_delivery *d)
{
	return (struct delivery_view){
		.id = id_text(mem, "whd", d->id),
		.object = STR("webhook_delivery"),
		.endpoint_id = id_text(mem, "wbk", d->endpoint),
		.event_id = id_text(mem, "whe", d->event),
		.type = d->type,
		.url = d->url,
		.status = str_of(states[d->state]),
		.error = d->fault,
		.attempt_count = d->attempts,
		.response_status = d->status,
		.next_attempt_at = d->next_attempt_at,
		.created_at = d->created_at,
		.finished_at = d->finished_at,
	};
}

static struct json_list attempts_of(struct arena *mem, const struct webhook_attempt *rows, size_t count)
{
	struct attempt_view *views = arena_array(mem, struct attempt_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = (struct attempt_view){
			.number = rows[i].number,
			.at = rows[i].at,
			.duration_ms = rows[i].duration_ms,
			.response_status = rows[i].status,
			.error = rows[i].fault,
			.request_headers = webhook_sent_lines(mem, &rows[i]),
			.response_body = webhook_answer_text(mem, rows[i].body),
		};
	return (struct json_list){ views, count };
}

/* ---- list, get ---- */

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct webhook_endpoint endpoint;
	struct webhook_delivery *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(endpoint_named(call, &endpoint));
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(webhook_delivery_page(&call->rq->cx, &endpoint, bound, page.back, page.limit + 1, &rows, &count));
	PAGE_CUT_ROWS(&page, rows, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, rows[page_row(&page, count, i)].created_at))
			continue;
		struct delivery_view view = view_of(call->rq->cx.mem, &rows[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_webhook_deliveries = {
	.id = "listWebhookDeliveries",
	.summary = "What was told to an endpoint, newest first; of the last 30 days.",
	PARAMS(of_endpoint, struct endpoint_params),
	.answer = &delivery_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	ERRORS(NOT_FOUND),
	.run = run_list,
};

static err_t delivery_named(struct api_call *call, struct webhook_endpoint *endpoint, struct webhook_delivery *out)
{
	const struct delivery_params *params = call->params;
	TRY(endpoint_named(call, endpoint));
	return webhook_delivery_get(&call->rq->cx, endpoint, params->delivery, out);
}

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct arena *mem = call->rq->cx.mem;
	struct webhook_endpoint endpoint;
	struct webhook_delivery delivery;
	struct webhook_attempt *attempts;
	size_t count;
	TRY(delivery_named(call, &endpoint, &delivery));
	TRY(webhook_attempts(&call->rq->cx, &endpoint, delivery.id, &attempts, &count));
	struct delivery_view view = view_of(mem, &delivery);
	view.attempts = attempts_of(mem, attempts, count);
	api_reply(call, rs, &view);
	return OK;
}

const struct contract get_webhook_delivery = {
	.id = "getWebhookDelivery",
	.summary = "One delivery, with each of its tries.",
	PARAMS(of_delivery, struct delivery_params),
	.answer = &delivery_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* ---- again, and tests ---- */

static err_t reply_made(struct api_call *call, struct response *rs, const struct webhook_delivery *delivery)
{
	struct arena *mem = call->rq->cx.mem;
	struct delivery_view view = view_of(mem, delivery);
	api_reply(call, rs, &view);
	api_location(rs, "/v1/webhook_endpoints/",
		str_fmt(mem, "%.*s/deliveries/%.*s", STR_ARG(view.endpoint_id), STR_ARG(view.id)));
	return OK;
}

struct replay_body {
	struct str url;
};
static const struct json_field replay_fields[] = {
	{ "url", JSON_STR, JSON_NULLABLE, offsetof(struct replay_body, url), 0, 1, 2048, NULL, NULL, 0, 0,
		"Another URL than the endpoint's, under the same rules", "https://hooks.example.com/debug" },
};
static const struct json_resource replay_resource = {
	.name = "webhook_replay",
	JSON_FIELDS(replay_fields),
	.size = sizeof(struct replay_body),
	.doc = "Where to.",
};

static err_t run_replay(struct api_call *call, struct response *rs)
{
	const struct replay_body *body = call->body;
	struct webhook_endpoint endpoint;
	struct webhook_delivery delivery, again;
	TRY(delivery_named(call, &endpoint, &delivery));
	TRY(webhook_replay(&call->rq->cx, &endpoint, &delivery, body->url, &again));
	return reply_made(call, rs, &again);
}

const struct contract replay_webhook_delivery = {
	.id = "replayWebhookDelivery",
	.summary = "Tell the event of a delivery again, under its own id and signed anew. The answer is the new "
		   "delivery, which is sent at once.",
	PARAMS(of_delivery, struct delivery_params),
	.body = &replay_resource,
	.answer = &delivery_resource,
	.status = 201,
	.flags = BODY_OPTIONAL,
	ERRORS(NOT_FOUND, CONFLICT, URL_NOT_ALLOWED),
	.run = run_replay,
};

struct test_body {
	struct str type;
};
static const struct json_field test_fields[] = {
	{ "type", JSON_STR, 0, offsetof(struct test_body, type), 0, 1, 64, NULL, NULL, 0, 0,
		"Type of the event; ping unless said", "event.created" },
};
static const struct json_resource test_resource = {
	.name = "webhook_test",
	JSON_FIELDS(test_fields),
	.size = sizeof(struct test_body),
	.doc = "What to send.",
};

static err_t run_test(struct api_call *call, struct response *rs)
{
	const struct test_body *body = call->body;
	struct webhook_endpoint endpoint;
	struct webhook_delivery delivery;
	TRY(endpoint_named(call, &endpoint));
	TRY(webhook_test(&call->rq->cx, &endpoint, body->type.ptr ? body->type : STR("ping"), &delivery));
	return reply_made(call, rs, &delivery);
}

const struct contract test_webhook_endpoint = {
	.id = "testWebhookEndpoint",
	.summary = "Send an event about nothing real, with livemode_test: true, whatever the endpoint lists. 30 an "
		   "hour. The answer is its delivery, which is sent at once.",
	PARAMS(of_endpoint, struct endpoint_params),
	.body = &test_resource,
	.answer = &delivery_resource,
	.status = 201,
	.flags = BODY_OPTIONAL,
	ERRORS(NOT_FOUND, CONFLICT),
	.run = run_test,
};
