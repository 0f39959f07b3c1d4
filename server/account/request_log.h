/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of an account's keys and apps, one by one, so that its developer finds the one that an error told the id
 * of (docs/logs.md). A request is noted in memory and written by a job; what has no room is counted and forgotten.
 * Bodies and queries are never kept, and what looks like a secret in a path or a message is cut.
 */
#pragma once

#include "server/base/ctx.h"

struct request_log;
struct db_pool;

#define REQUEST_LOG_DAYS 7         /* at least so long, and a day more at most */
#define REQUEST_LOG_QUEUE_MAX 4096 /* between two writes, of all accounts */
#define REQUEST_LOG_A_SECOND 10    /* of one account that succeed, and as many that fail, in the long run */
#define REQUEST_LOG_AT_ONCE 500    /* likewise */

struct request_log *request_log_open(struct db_pool *db, const struct config *config);
/* Writes what is left, for 3 s at most. NULL is fine. */
void request_log_close(struct request_log *log);

struct request_told {
	struct id id; /* req_… */
	/* Whose it is, in its mode; zero: the owner of the client, looked up where it is written. */
	struct id account;
	struct id credential, client, connection; /* zero: none */
	const char *method, *route;               /* texts that stay */
	struct str path;                          /* as it was asked for, without the query */
	int status;                               /* 599: it broke off */
	struct instant at;
	uint64_t took_us;
	const char *code; /* of the error; NULL: none. A text that stays */
	struct str param, message, ip, agent;
};
/* Thread-safe, no waiting; texts are copied. NULL is fine: nothing is kept. */
void request_log_see(struct request_log *log, const struct request_told *told);
/* One that is not kept since its account had its fill (modules.c). NULL is fine. */
void request_log_drop(struct request_log *log);
/* How many were not kept: of those, for want of room, and since they could not be written. */
uint64_t request_log_dropped(struct request_log *log);

/* The job: `state` is the struct request_log. What cannot be written, or must not while the disk is low, is dropped. */
MUST_CHECK err_t request_log_write(struct ctx *cx, void *state);

/* ---- reading ---- */

struct request_row {
	struct id id;
	struct instant at;
	struct id credential, client, connection; /* zero: none */
	struct str method, route, path;
	int16_t status;
	int64_t took_us;
	struct str code, param, message, network, agent; /* absent: none */
};

struct request_filter {
	int16_t status_from, status_to; /* both with; 0 and 599: all */
	struct str route;               /* "GET /v1/events"; absent: all */
	struct id credential, client;   /* zero: all */
};

/* Of the account in its mode: the newest before the request `before` (all ones: from the newest on). */
MUST_CHECK err_t request_log_page(struct ctx *cx, struct id account, const struct request_filter *filter,
	struct id before, size_t limit, struct request_row **out, size_t *count_out);
/* The networks that a credential's newest thousand requests came from, and when last; the latest first. */
struct request_network {
	struct str network;
	struct instant at;
};
MUST_CHECK err_t request_log_networks(struct ctx *cx, struct id account, struct id credential, size_t limit,
	struct request_network **out, size_t *count_out);
/* One of exactly this account and mode. NOT_FOUND. */
MUST_CHECK err_t request_log_get(struct ctx *cx, struct id account, struct id request, struct request_row *out);
