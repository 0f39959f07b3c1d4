/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/usage.h"

#include "server/account/account.h"
#include "server/cli/command.h"
#include "server/cli/list.h"

#define ROWS_MOST 100000 /* more than an account has */

static err_t read_query(struct ctx *cx, const struct command_call *call, bool webhooks, struct usage_query *out)
{
	const struct config *config = call->config;
	struct account account;
	TRY(command_account(cx, call->args.items[0], &account));
	*out = (struct usage_query){
		.account = id_in_mode(account.id, str_eq(config->mode, STR("test"))),
		.webhooks = webhooks,
	};
	TRY(usage_days_read(
		cx, config->from.len ? config->from : STR_ABSENT, config->to.len ? config->to : STR_ABSENT, out));
	return usage_by_read(cx, config->group_by.len ? config->group_by : STR_ABSENT, webhooks, &out->by);
}

static void print_json(struct ctx *cx, const struct command_call *call, const struct usage_query *q,
	const struct usage_sum *sums, size_t count)
{
	const struct json_resource *resource = q->webhooks ? &webhook_usage_resource : &usage_resource;
	struct json j = list_begin(call);
	for (size_t i = 0; i < count; i++) {
		struct usage_view view = usage_view_of(cx->mem, q, &sums[i]);
		json_object(&j, NULL);
		json_write(&j, cx->mem, resource->fields, resource->count, &view);
		json_object_end(&j);
	}
	list_end(&j, call);
}

static void print_cell(struct buf *out, bool shown, int width, struct str text)
{
	if (shown)
		buf_fmt(out, "%-*.*s  ", width, STR_ARG(text.ptr ? text : STR("-")));
}

/* What it is of, and after that the figures: all are of one width but the route. */
static void print_row(struct buf *out, const struct usage_query *q, const struct usage_view *view)
{
	print_cell(out, q->by & USAGE_BY_DAY, 10, view->day);
	print_cell(out, q->by & USAGE_BY_CREDENTIAL, 26, view->credential);
	print_cell(out, q->by & USAGE_BY_CONNECTION, 26, view->connection);
	buf_fmt(out, "%10lld  %8lld  ", (long long)view->requests, (long long)view->client_errors);
	if (!q->webhooks)
		buf_fmt(out, "%8lld  ", (long long)view->server_errors);
	buf_fmt(out, "%10.1f  %10.1f", (double)view->latency.p50 / 1000, (double)view->latency.p95 / 1000);
	if (q->by & USAGE_BY_ROUTE)
		buf_fmt(out, "  %.*s", STR_ARG(view->route));
	BUF_LIT(out, "\n");
}

static void print_head(struct buf *out, const struct usage_query *q)
{
	print_cell(out, q->by & USAGE_BY_DAY, 10, STR("DAY"));
	print_cell(out, q->by & USAGE_BY_CREDENTIAL, 26, q->webhooks ? STR("WEBHOOK ENDPOINT") : STR("KEY"));
	print_cell(out, q->by & USAGE_BY_CONNECTION, 26, STR("CONNECTED ACCOUNT"));
	buf_fmt(out, q->webhooks ? "%10s  %8s  " : "%10s  %8s  %8s  ", q->webhooks ? "ATTEMPTS" : "REQUESTS",
		q->webhooks ? "FAILED" : "4XX", "5XX");
	buf_fmt(out, "%10s  %10s%s\n", "P50 MS", "P95 MS", q->by & USAGE_BY_ROUTE ? "  ROUTE" : "");
}

static err_t list_usage(struct ctx *cx, const struct command_call *call, bool webhooks)
{
	struct usage_query query;
	struct usage_sum *sums;
	size_t count;
	TRY(read_query(cx, call, webhooks, &query));
	TRY(usage_page(cx, &query, NULL, false, ROWS_MOST, &sums, &count));
	if (call->config->json) {
		print_json(cx, call, &query, sums, count);
		return OK;
	}
	print_head(call->out, &query);
	for (size_t i = 0; i < count; i++) {
		struct usage_view view = usage_view_of(cx->mem, &query, &sums[i]);
		print_row(call->out, &query, &view);
	}
	return OK;
}

static err_t calls(struct ctx *cx, const struct command_call *call)
{
	return list_usage(cx, call, false);
}

static err_t webhooks(struct ctx *cx, const struct command_call *call)
{
	return list_usage(cx, call, true);
}

/* clang-format off */
const struct command usage_commands[] = {
	{ "usage", "calls",    "EMAIL", "Print how often an account's API was called, how that ended and how long it took.", COMMAND_DB, calls, "mode from to group-by" },
	{ "usage", "webhooks", "EMAIL", "Print how often webhooks were sent to an account's endpoints, and how that ended.", COMMAND_DB, webhooks, "mode from to group-by" },
	{ .noun = NULL },
};
/* clang-format on */
