/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/housekeeping.h"

#include "server/base/log.h"
#include "server/db/query.h"
#include "sql.h"

#define MINUTE_S INT64_C(60)
#define OUTBOX_DAYS_AHEAD 3
#define OUTBOX_DAYS_KEPT 30
#define OUTBOX_ROWS_KEPT 50000 /* of one account */
#define ANSWERS_KEPT 10000     /* of one account */
#define WEBHOOK_DAYS_KEPT 30
#define WEBHOOK_EVENTS_KEPT 20000 /* of one account */
#define WEBHOOK_DELIVERIES_KEPT 50000
#define BOOKING_DAYS_KEPT 400 /* after their end */
#define REQUESTS_KEPT 10000   /* of one account: server/account/request_log.h */
#define MAIL_DAYS_KEPT 5      /* longer than it is tried */
#define ROWS_AT_ONCE 1000     /* short transactions: a writer waits for the calendar's row */

struct pruned {
	int32_t count;
};
DB_RESULT(tombstone_prune, struct pruned, count);
DB_RESULT(outbox_trim, struct pruned, count);
DB_RESULT(outbox_partitions, struct pruned, count);
DB_RESULT(idempotent_answer_trim, struct pruned, count);
DB_RESULT(webhook_trim, struct pruned, count);
DB_RESULT(booking_prune, struct pruned, count);
DB_RESULT(request_log_trim, struct pruned, count);
DB_RESULT(mail_trim, struct pruned, count);

static err_t tokens(struct ctx *cx)
{
	return db_exec(cx, &sql_access_token_prune, NULL, IN_NONE);
}

static err_t proofs(struct ctx *cx)
{
	return db_exec(cx, &sql_dpop_prune, NULL, IN_NONE);
}

static err_t partitions(struct ctx *cx)
{
	struct pruned done;
	return db_row(
		cx, &sql_outbox_partitions, ROW(outbox_partitions, &done), IN(OUTBOX_DAYS_AHEAD), IN(OUTBOX_DAYS_KEPT));
}

/* An authorization request may be shown for a while after its end, so that a late click is told what happened. */
static err_t auth_requests(struct ctx *cx)
{
	return db_exec(cx, &sql_auth_request_prune, NULL, IN(instant_add_s(cx->now, -60 * MINUTE_S)));
}

static err_t login_flows(struct ctx *cx)
{
	return db_exec(cx, &sql_login_flow_prune, NULL, IN(cx->now));
}

static err_t sign_ups(struct ctx *cx)
{
	return db_exec(cx, &sql_sign_up_prune, NULL, IN(cx->now));
}

static err_t device_requests(struct ctx *cx)
{
	return db_exec(cx, &sql_device_request_prune, NULL, IN(instant_add_s(cx->now, -60 * MINUTE_S)));
}

/* What came in time is over in an hour. */
static err_t assertions(struct ctx *cx)
{
	return db_exec(cx, &sql_client_assertion_prune, NULL, IN(cx->now));
}

/* Apps that registered themselves, when nobody is connected to them any more. */
static err_t open_clients(struct ctx *cx)
{
	TRY(db_exec(cx, &sql_client_document_prune, NULL, IN(instant_add_s(cx->now, -7 * DAY_S))));
	return db_exec(cx, &sql_open_client_prune, NULL, IN(instant_add_s(cx->now, -60 * MINUTE_S)));
}

/* Codes that were never redeemed; grants that ended long ago. */
static err_t families(struct ctx *cx)
{
	TRY(db_exec(cx, &sql_token_family_prune_unused, NULL, IN(instant_add_s(cx->now, -DAY_S))));
	return db_exec(cx, &sql_token_family_prune_ended, NULL, IN(instant_add_s(cx->now, -90 * DAY_S)));
}

/* Sync tokens are served for 180 days. */
static err_t tombstones(struct ctx *cx)
{
	struct pruned done;
	do
		TRY(db_row(cx, &sql_tombstone_prune, ROW(tombstone_prune, &done),
			IN(instant_add_s(cx->now, -180 * DAY_S)), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

/*
 * An account has more than it keeps until it is found: of what all write in a minute, which is how often this runs,
 * about a twentieth.
 */
static err_t outbox(struct ctx *cx)
{
	struct pruned done;
	do
		TRY(db_row(cx, &sql_outbox_trim, ROW(outbox_trim, &done), IN(OUTBOX_ROWS_KEPT), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

/* Of a day, as their reader has it (server/api/idempotency.h). Found as accounts with too many rows of the outbox are.
 */
static err_t answers(struct ctx *cx)
{
	struct pruned done;
	do
		TRY(db_row(cx, &sql_idempotent_answer_trim, ROW(idempotent_answer_trim, &done),
			IN(instant_add_s(cx->now, -DAY_S)), IN(ANSWERS_KEPT), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

static err_t webhooks(struct ctx *cx)
{
	struct pruned done;
	do
		TRY(db_row(cx, &sql_webhook_trim, ROW(webhook_trim, &done), IN(WEBHOOK_DAYS_KEPT),
			IN(WEBHOOK_EVENTS_KEPT), IN(WEBHOOK_DELIVERIES_KEPT), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

static err_t bookings(struct ctx *cx)
{
	struct pruned done;
	do
		TRY(db_row(cx, &sql_booking_prune, ROW(booking_prune, &done),
			IN(instant_add_s(cx->now, -BOOKING_DAYS_KEPT * DAY_S)), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

/* Of a week, and of one account the newest. */
static err_t requests(struct ctx *cx)
{
	struct pruned done;
	TRY(db_exec(cx, &sql_request_log_prune, NULL, IN_NONE));
	do
		TRY(db_row(
			cx, &sql_request_log_trim, ROW(request_log_trim, &done), IN(REQUESTS_KEPT), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

static err_t mail(struct ctx *cx)
{
	struct pruned done;
	do
		TRY(db_row(cx, &sql_mail_trim, ROW(mail_trim, &done),
			IN(instant_add_s(cx->now, -MAIL_DAYS_KEPT * DAY_S)), IN(ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}

static const struct {
	const char *name;
	err_t (*run)(struct ctx *cx);
} steps[] = {
	{ "tokens", tokens },
	{ "proofs", proofs },
	{ "partitions", partitions },
	{ "auth_requests", auth_requests },
	{ "device_requests", device_requests },
	{ "login_flows", login_flows },
	{ "sign_ups", sign_ups },
	{ "assertions", assertions },
	{ "families", families },
	{ "open_clients", open_clients },
	{ "tombstones", tombstones },
	{ "outbox", outbox },
	{ "answers", answers },
	{ "webhooks", webhooks },
	{ "bookings", bookings },
	{ "mail", mail },
	{ "requests", requests },
};

err_t housekeeping(struct ctx *cx, void *unused)
{
	err_t first = OK;
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		ctx_go_on(cx); /* each has its own time */
		err_t e = steps[i].run(cx);
		if (!e)
			continue;
		log_event(LOG_WARN, "housekeeping_step", LOG_C("step", steps[i].name),
			LOG_C("error", err_row(e->kind)->name), LOG_STR("detail", e->detail));
		first = first ? first : e;
	}
	return first;
}
