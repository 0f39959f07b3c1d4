/* SPDX-License-Identifier: Apache-2.0 */
/* How the account's API is used, for account keys and secret keys: each of its own world. */
#include "server/account/usage.h"

#include "server/account/caller.h"
#include "server/api/api.h"
#include "server/api/page.h"

struct usage_params {
	struct str from, to, group_by;
	struct str caller;
	struct id endpoint, connection;
	struct str route;
};

#define P(member) offsetof(struct usage_params, member)
/* clang-format off */
#define FROM { .name = "from", .kind = JSON_STR, .offset = P(from), .doc = "The first day, of UTC; 29 days before the last unless said. 90 days are kept", .example = "2026-11-01" }
#define TO   { .name = "to", .kind = JSON_STR, .offset = P(to), .doc = "The last day, with it; today unless said", .example = "2026-11-29" }

static const struct json_field usage_params[] = {
	FROM, TO,
	{ .name = "group_by", .kind = JSON_STR, .offset = P(group_by), .doc = "One item for each of what there is: `day`, `api_key`, `connected_account`, `route`, with commas between. One item over all unless said", .example = "day,route" },
	{ .name = "credential", .kind = JSON_STR, .offset = P(caller), .doc = "Only calls with this key; `documentation`: only what was tried on pages of the reference", .example = "key_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "connected_account", .kind = JSON_ID, .of = "cpa", .offset = P(connection), .doc = "Only calls for this connection", .example = "cpa_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "route", .kind = JSON_STR, .offset = P(route), .max = 200, .doc = "Only calls of this route, as an item names it", .example = "other" },
};

static const struct json_field webhook_usage_params[] = {
	FROM, TO,
	{ .name = "group_by", .kind = JSON_STR, .offset = P(group_by), .doc = "One item for each of what there is: `day`, `webhook_endpoint`, with a comma between. One item over all unless said", .example = "day,webhook_endpoint" },
	{ .name = "webhook_endpoint", .kind = JSON_ID, .of = "wbk", .offset = P(endpoint), .doc = "Only what was sent to this endpoint", .example = "wbk_0355WHuCFfRpMfB53mC9Z6" },
};
/* clang-format on */

static err_t read_query(struct api_call *call, bool webhooks, struct usage_query *out)
{
	const struct usage_params *sent = call->params;
	struct ctx *cx = &call->rq->cx;
	*out = (struct usage_query){
		.account = call->who.account,
		.webhooks = webhooks,
		.credential = sent->endpoint,
		.connection = sent->connection,
		.route = sent->route,
	};
	if (sent->caller.ptr && !caller_parse(sent->caller, &out->credential))
		return REFUSE(cx, INVALID_VALUE, "credential", "This is no key's id (key_…), nor \"documentation\".");
	if (sent->route.ptr && (!str_is_utf8(sent->route) || str_has(sent->route, '\0')))
		return REFUSE(cx, INVALID_VALUE, "route", "This is no route: GET /v1/events/:event.");
	TRY(usage_days_read(cx, sent->from, sent->to, out));
	return usage_by_read(cx, sent->group_by, webhooks, &out->by);
}

/* ---- positions: what a sum is of ---- */

static struct str position_text(struct arena *mem, const struct usage_sum *sum)
{
	return str_fmt(mem, "%d %.*s %.*s %.*s", sum->day, STR_ARG(id_text(mem, "id", sum->credential)),
		STR_ARG(id_text(mem, "id", sum->connection)), STR_ARG(sum->route));
}

/* Only what position_text() writes. */
static err_t position_read(const struct page *page, struct usage_sum *out)
{
	struct str rest = page->position, day, credential, connection;
	uint64_t number;
	if (!str_cut(&rest, ' ', &day) || !str_to_u64(day, INT32_MAX, &number) || !str_cut(&rest, ' ', &credential) ||
		!id_parse(credential, "id", &out->credential) || !str_cut(&rest, ' ', &connection) ||
		!id_parse(connection, "id", &out->connection) || !rest.ptr || !str_is_utf8(rest) || str_has(rest, '\0'))
		return page_refuse(page);
	out->day = (int32_t)number;
	out->route = rest;
	return str_eq(position_text(page->call->rq->cx.mem, out), page->position) ? OK : page_refuse(page);
}

static err_t run(struct api_call *call, struct response *rs, bool webhooks)
{
	struct ctx *cx = &call->rq->cx;
	struct usage_query query;
	struct usage_sum *sums, position = { 0 };
	struct page page;
	size_t count;
	TRY(read_query(call, webhooks, &query));
	const char *order = str_c(cx->mem, str_fmt(cx->mem, "by %u", query.by));
	TRY(page_begin(call, order, &page));
	if (page.position.ptr)
		TRY(position_read(&page, &position));
	TRY(usage_page(cx, &query, page.position.ptr ? &position : NULL, page.back, page.limit + 1, &sums, &count));
	page_cut(&page, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct usage_view view = usage_view_of(cx->mem, &query, &sums[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	page_end(&page, &j, count ? position_text(cx->mem, &sums[page_row(&page, count, 0)]) : STR_ABSENT,
		count ? position_text(cx->mem, &sums[page_row(&page, count, count - 1)]) : STR_ABSENT);
	return OK;
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	return run(call, rs, false);
}

const struct contract list_usage = {
	.id = "listUsage",
	.summary =
		"Calls of the account's API in the key's own mode, by its keys, and by its apps with their tokens; by "
		"day, key, connected account and route, in that order. A call is told some seconds later.",
	PARAMS(usage_params, struct usage_params),
	.answer = &usage_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list,
};

static err_t run_list_webhooks(struct api_call *call, struct response *rs)
{
	return run(call, rs, true);
}

const struct contract list_webhook_usage = {
	.id = "listWebhookUsage",
	.summary =
		"What was sent to the account's webhook endpoints in the key's own mode; by day and endpoint, in that "
		"order. An attempt is told some seconds later.",
	PARAMS(webhook_usage_params, struct usage_params),
	.answer = &webhook_usage_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list_webhooks,
};
