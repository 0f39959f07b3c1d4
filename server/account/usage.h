/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the API, by whom, and how it ends: counted in memory, and added to rows of a day by a job
 * (docs/usage.md). A request only counts. Memory is bounded: what has no room of its own counts as "other" of its
 * account. A server that is killed loses what it counted since the last write.
 */
#pragma once

#include "server/data/json.h"
#include "server/db/query.h"

struct usage;
struct db_pool;

#define USAGE_CLASSES 16
#define USAGE_CLASS_FIRST_US 250 /* each class of latency ends at twice the time of the one before; the last never */
#define USAGE_ROWS_MAX 1000      /* of an account and day, besides one for others */
#define USAGE_DAYS_KEPT 90
#define USAGE_WEBHOOK "webhook" /* the route of tries of deliveries */

struct usage *usage_open(struct db_pool *db, const struct config *config);
/* Writes what is left, for 3 s at most. NULL is fine. */
void usage_close(struct usage *usage);

struct usage_call {
	struct id account;                /* in its mode: whose API it is */
	struct id credential, connection; /* zero: none */
	const char *method, *path;        /* of the route: texts that stay. Both are compared by where they are */
	struct instant at;
	uint64_t took_us;
	bool client_error, server_error;
};
/* Thread-safe, no waiting. NULL is fine: nothing is counted. */
void usage_count(struct usage *usage, const struct usage_call *call);

/*
 * The job: `state` is the struct usage. What cannot be written, or must not while the disk is low, is kept for the next
 * run as far as there is room. What was written while nobody could say so counts twice.
 */
MUST_CHECK err_t usage_write(struct ctx *cx, void *state);
/* What is older than USAGE_DAYS_KEPT goes. */
MUST_CHECK err_t usage_trim(struct ctx *cx);
/* Calls that had no room at all, not even as "other". */
uint64_t usage_lost(struct usage *usage);

/* ---- reading ---- */

enum usage_by { USAGE_BY_DAY = 1, USAGE_BY_CREDENTIAL = 2, USAGE_BY_CONNECTION = 4, USAGE_BY_ROUTE = 8 };

struct usage_query {
	struct id account;
	int32_t first_day, last_day;      /* since 1970-01-01, of UTC */
	unsigned by;                      /* enum usage_by, a set: one sum for each of what there is; 0: one over all */
	bool webhooks;                    /* tries of deliveries, by endpoint as their credential; else all but them */
	struct id credential, connection; /* zero: all */
	struct str route;                 /* absent: all */
};

struct usage_sum {
	int32_t by;                       /* of usage_overview() alone: USAGE_BY_DAY, _CREDENTIAL or _ROUTE */
	int32_t day;                      /* these four as far as it is by them; else 0, zero, "" */
	struct id credential, connection; /* zero also: none */
	struct str route;
	int64_t requests, client_errors, server_errors;
	struct int64_list latency;
};
/*
 * Those after a position, or with `back` those before it, the nearest first, in the order of day, credential,
 * connection and route. The position is what a sum is of; NULL: from the beginning, or from the end.
 */
MUST_CHECK err_t usage_page(struct ctx *cx, const struct usage_query *query, const struct usage_sum *position,
	bool back, size_t limit, struct usage_sum **out, size_t *count_out);

/*
 * Of a query without webhooks (its `by` and connection mean nothing): the sums by day, then those by credential, then
 * those by route, each the largest first, from one reading of the rows.
 */
MUST_CHECK err_t usage_overview(
	struct ctx *cx, const struct usage_query *query, size_t limit, struct usage_sum **out, size_t *count_out);

/*
 * The time in µs under which this share of thousandths stayed, evenly spread within its class; 0 where nothing was. Of
 * the last class it is its beginning: so long at least.
 */
int64_t usage_quantile_us(const struct usage_sum *sum, int64_t thousandths);

/* As they are told of. */
struct usage_latency {
	bool given;
	int64_t p50, p95, p99; /* µs */
};
struct usage_view {
	struct str object, day, credential, connection, route;
	int64_t requests, client_errors, server_errors; /* of webhooks: attempts, failures, none */
	int64_t successes;
	struct usage_latency latency;
	bool livemode;
};
extern const struct json_resource usage_resource, webhook_usage_resource;
struct usage_view usage_view_of(struct arena *mem, const struct usage_query *query, const struct usage_sum *sum);

/* "2026-11-29", and back (for tests); days since 1970-01-01. */
struct str usage_day_text(struct arena *mem, int32_t day);
bool usage_day_parse(struct str text, int32_t *out);
/*
 * Words with commas between, of "day", "api_key", "connected_account" and "route", or with `webhooks` of "day" and
 * "webhook_endpoint"; each once. INVALID_VALUE (param "group_by").
 */
MUST_CHECK err_t usage_by_read(struct ctx *cx, struct str text, bool webhooks, unsigned *out);
/*
 * The days from one text to another, both with; absent: the last thirty. INVALID_VALUE (param "from", "to").
 */
MUST_CHECK err_t usage_days_read(struct ctx *cx, struct str from, struct str to, struct usage_query *out);
