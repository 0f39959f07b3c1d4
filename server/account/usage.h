/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the API, by whom, and how it ends: counted in memory, and added to rows of a day by a job
 * (docs/adr/0027-usage.md). A request only counts. Memory is bounded: what has no room of its own counts as "other" of
 * its account. A server that dies loses what it counted since the last write.
 */
#pragma once

#include "server/db/query.h"

struct usage;
struct db_pool;

#define USAGE_EVERY_MS 5000
#define USAGE_CLASSES 16
#define USAGE_ROWS_MAX 1000 /* of an account and day, besides one for others */
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

/* The job: `state` is the struct usage. What cannot be written is kept for the next run, as far as there is room. */
MUST_CHECK err_t usage_write(struct ctx *cx, void *state);
/* What is older than USAGE_DAYS_KEPT goes, a portion a call. */
MUST_CHECK err_t usage_trim(struct ctx *cx);
/* Calls that had no room at all, not even as "other". */
uint64_t usage_lost(struct usage *usage);

/* ---- reading ---- */

enum usage_by { USAGE_BY_NOTHING, USAGE_BY_DAY, USAGE_BY_CREDENTIAL, USAGE_BY_CONNECTION, USAGE_BY_ROUTE };

struct usage_query {
	struct id account;
	int32_t first_day, last_day; /* since 1970-01-01, of UTC */
	enum usage_by by;
	bool webhooks;                    /* tries of deliveries, by endpoint as their credential; else all other */
	struct id credential, connection; /* zero: all */
	int32_t most;
};

struct usage_sum {
	int32_t day;                      /* USAGE_BY_DAY */
	struct id credential, connection; /* zero also: none */
	struct str route;
	int64_t requests, client_errors, server_errors;
	struct int64_list latency;
};
/* By day in order, else the busiest first. With USAGE_BY_NOTHING one, or none where nothing was asked. */
MUST_CHECK err_t usage_sums(
	struct ctx *cx, const struct usage_query *query, struct usage_sum **out, size_t *count_out);

/* The time in µs under which this share of thousandths stayed, evenly spread within its class; 0 where nothing was. */
int64_t usage_quantile_us(const struct usage_sum *sum, int64_t thousandths);
