/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of usage as they are told of: on REST and by commands. */
#include "server/account/caller.h"
#include "server/account/usage.h"

#define L(member) offsetof(struct usage_latency, member)
#define V(member) offsetof(struct usage_view, member)
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field latency_fields[] = {
	{ "p50", JSON_MILLI, 0, L(p50), 0, 0, 0, NULL, NULL, 0, 0, "Half of them took no longer", "0.412" },
	{ "p95", JSON_MILLI, 0, L(p95), 0, 0, 0, NULL, NULL, 0, 0, "95 of a hundred took no longer", "1.873" },
	{ "p99", JSON_MILLI, 0, L(p99), 0, 0, 0, NULL, NULL, 0, 0, "99 of a hundred took no longer; 4096 is so long or longer", "7.250" },
};
#define LATENCY(doc) { "latency_ms", JSON_OBJECT, 0, V(latency), V(latency.given), 0, 0, NULL, latency_fields, ARRAY_LEN(latency_fields), sizeof(struct usage_latency), doc, NULL }

static const struct json_field usage_fields[] = {
	/* name                kind       flags  offset            given min max */
	{ "object",            JSON_STR,  0,     V(object),        0, 0, 0, NULL, NULL, 0, 0, "usage", "usage" },
	{ "day",               JSON_STR,  MAYBE, V(day),           0, 0, 0, NULL, NULL, 0, 0, "Of which day, of UTC; null: not by day", "2026-11-29" },
	{ "api_key",           JSON_STR,  MAYBE, V(credential),    0, 0, 0, NULL, NULL, 0, 0, "By which key, key_…; `documentation`: tried on a page of the reference; null: not by key, or calls with an app's token", "key_0355WHuCFfRpMfB53mC9Z6" },
	{ "connected_account", JSON_STR,  MAYBE, V(connection),    0, 0, 0, NULL, NULL, 0, 0, "For which connected account, cpa_…: by its token, or by a key that named it in Connected-Account; null: not by connected account, or calls for none", NULL },
	{ "route",             JSON_STR,  MAYBE, V(route),         0, 0, 0, NULL, NULL, 0, 0, "Of which route; `other`: what was too much of one day to be kept apart; null: not by route", "GET /v1/events/:event" },
	{ "requests",          JSON_INT,  0,     V(requests),      0, 0, 0, NULL, NULL, 0, 0, "How many there were", "1042" },
	{ "client_errors",     JSON_INT,  0,     V(client_errors), 0, 0, 0, NULL, NULL, 0, 0, "How many of them ended in 4xx", "7" },
	{ "server_errors",     JSON_INT,  0,     V(server_errors), 0, 0, 0, NULL, NULL, 0, 0, "How many of them ended in 5xx, or broke off", "0" },
	LATENCY("How long they took, in milliseconds"),
	{ "livemode",          JSON_BOOL, 0,     V(livemode),      0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
};

static const struct json_field webhook_usage_fields[] = {
	/* name                kind       flags  offset            given min max */
	{ "object",            JSON_STR,  0,     V(object),        0, 0, 0, NULL, NULL, 0, 0, "webhook_usage", "webhook_usage" },
	{ "day",               JSON_STR,  MAYBE, V(day),           0, 0, 0, NULL, NULL, 0, 0, "Of which day, of UTC; null: not by day", "2026-11-29" },
	{ "webhook_endpoint",  JSON_STR,  MAYBE, V(credential),    0, 0, 0, NULL, NULL, 0, 0, "To which endpoint; null: not by endpoint, or `other`: what was too much of one day to be kept apart", NULL },
	{ "attempts",          JSON_INT,  0,     V(requests),      0, 0, 0, NULL, NULL, 0, 0, "How often something was sent", "1042" },
	{ "succeeded",         JSON_INT,  0,     V(successes),     0, 0, 0, NULL, NULL, 0, 0, "How many of these were answered with 2xx", "1035" },
	{ "failed",            JSON_INT,  0,     V(client_errors), 0, 0, 0, NULL, NULL, 0, 0, "How many were answered otherwise, or not", "7" },
	LATENCY("How long the attempts took, in milliseconds"),
	{ "livemode",          JSON_BOOL, 0,     V(livemode),      0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
};
/* clang-format on */

const struct json_resource usage_resource = {
	.name = "usage",
	JSON_FIELDS(usage_fields),
	.size = sizeof(struct usage_view),
	.doc = "How often the API was called, how that ended, and how long it took.",
};

const struct json_resource webhook_usage_resource = {
	.name = "webhook_usage",
	JSON_FIELDS(webhook_usage_fields),
	.size = sizeof(struct usage_view),
	.doc = "How often webhooks were sent, and how that ended.",
};

struct usage_view usage_view_of(struct arena *mem, const struct usage_query *q, const struct usage_sum *sum)
{
	struct usage_view view = {
		.object = str_of(q->webhooks ? webhook_usage_resource.name : usage_resource.name),
		.requests = sum->requests,
		.client_errors = sum->client_errors,
		.server_errors = sum->server_errors,
		.successes = sum->requests - sum->client_errors - sum->server_errors,
		.latency = { true, usage_quantile_us(sum, 500), usage_quantile_us(sum, 950),
			usage_quantile_us(sum, 990) },
		.livemode = !id_is_test(q->account),
	};
	if (q->by & USAGE_BY_DAY)
		view.day = usage_day_text(mem, sum->day);
	if (!id_is_zero(sum->credential))
		view.credential =
			q->webhooks ? id_text(mem, "wbk", sum->credential) : caller_text(mem, sum->credential);
	if (!id_is_zero(sum->connection))
		view.connection = id_text(mem, "cpa", sum->connection);
	if (q->by & USAGE_BY_ROUTE)
		view.route = sum->route;
	return view;
}
