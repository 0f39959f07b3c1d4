/* SPDX-License-Identifier: Apache-2.0 */
/* What happened and was told, for whoever missed some of it. */
#include "server/api/api.h"
#include "server/api/page.h"
#include "server/webhook/webhook.h"

struct event_row_view {
	struct str id, object, type, connected_account_id, request_id, payload;
	int64_t sequence;
	bool livemode;
	struct instant created_at;
};

#define V(member) offsetof(struct event_row_view, member)
#define READ JSON_READ_ONLY
#define MAYBE (JSON_READ_ONLY | JSON_NULLABLE)

/* clang-format off */
static const struct json_field fields[] = {
	{ "id",                   JSON_STR,  READ,  V(id),                   0, 0, 0, NULL, NULL, 0, 0, "whe_…", "whe_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",               JSON_STR,  READ,  V(object),               0, 0, 0, NULL, NULL, 0, 0, "webhook_event", "webhook_event" },
	{ "type",                 JSON_STR,  READ,  V(type),                 0, 0, 0, NULL, NULL, 0, 0, "event.created …", "event.created" },
	{ "sequence",             JSON_INT,  READ,  V(sequence),             0, 0, 0, NULL, NULL, 0, 0, "Grows with each event of the account", "42" },
	{ "connected_account_id", JSON_STR,  MAYBE, V(connected_account_id), 0, 0, 0, NULL, NULL, 0, 0, "cpa_…: whose change it was; null: the account's own", NULL },
	{ "request_id",           JSON_STR,  MAYBE, V(request_id),           0, 0, 0, NULL, NULL, 0, 0, "The request that made the change", NULL },
	{ "livemode",             JSON_BOOL, READ,  V(livemode),             0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "created_at",           JSON_TIME, READ,  V(created_at),           0, 0, 0, NULL, NULL, 0, 0, "When it was made", NULL },
	{ "payload",              JSON_STR,  READ,  V(payload),              0, 0, 0, NULL, NULL, 0, 0, "The body of its deliveries, octet for octet", "{\"id\":\"whe_0355WHuCFfRpMfB53mC9Z6\"}" },
};
/* clang-format on */

static const struct json_resource event_row_resource = {
	.name = "webhook_event",
	JSON_FIELDS(fields),
	.size = sizeof(struct event_row_view),
	.doc = "An event that endpoints were told of; kept for 30 days.",
};

struct event_row_params {
	struct id event;
};
static const struct json_field path[] = { { .name = "event",
	.kind = JSON_ID,
	.flags = JSON_IN_PATH,
	.of = "whe",
	.offset = offsetof(struct event_row_params, event),
	.doc = "Its `id`" } };

static struct event_row_view view_of(const struct api_call *call, const struct webhook_event *v)
{
	struct arena *mem = call->rq->cx.mem;
	return (struct event_row_view){
		.id = id_text(mem, "whe", v->id),
		.object = STR("webhook_event"),
		.type = v->type,
		.sequence = v->sequence,
		.connected_account_id = id_is_zero(v->connection) ? STR_ABSENT : id_text(mem, "cpa", v->connection),
		.request_id = id_is_zero(v->request) ? STR_ABSENT : id_text(mem, "req", v->request),
		.livemode = !id_is_test(call->who.account),
		.created_at = v->created_at,
		.payload = bytes_str(v->body),
	};
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct webhook_owner owner = webhook_owner_of(&call->who);
	struct webhook_event *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(webhook_event_page(&call->rq->cx, &owner, bound, page.back, page.limit + 1, &rows, &count));
	PAGE_CUT_ROWS(&page, rows, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, rows[page_row(&page, count, i)].created_at))
			continue;
		struct event_row_view view = view_of(call, &rows[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_webhook_events = {
	.id = "listWebhookEvents",
	.summary = "What endpoints were told, newest first; of the last 30 days.",
	.answer = &event_row_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	.run = run_list,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct event_row_params *params = call->params;
	struct webhook_owner owner = webhook_owner_of(&call->who);
	struct webhook_event event;
	TRY(webhook_event_get(&call->rq->cx, &owner, params->event, &event));
	struct event_row_view view = view_of(call, &event);
	api_reply(call, rs, &view);
	return OK;
}

const struct contract get_webhook_event = {
	.id = "getWebhookEvent",
	.summary = "One event as it was told.",
	PARAMS(path, struct event_row_params),
	.answer = &event_row_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};
