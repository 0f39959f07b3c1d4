/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/conn_private.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql.h"

#define CONNECT_S 3

/*
 * Settings of the session. A generic plan is forced since for `modseq > $3` a custom one always looks cheaper and would
 * be planned at each call (3 times slower, measured). Such a plan may be made while a table is nearly empty, when to
 * read all of it is cheapest, and stays while it grows: what has an index goes by it. The time-outs bound what a lost
 * client or a lock can hold up.
 */
static const char session_sql[] =
	"SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false),"
	" set_config('enable_seqscan', 'off', false),"
	" set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO, YMD', false),"
	" set_config('default_transaction_isolation', 'read committed', false),"
	" set_config('idle_in_transaction_session_timeout', '30s', false),"
	" set_config('statement_timeout', $1, false), set_config('lock_timeout', '5s', false)";

/*
 * How long libpq may try to connect, in the seconds that it counts in: what the URL says or 3, and not longer than we
 * have. It is that for each of several hosts; libpq itself makes 2 of 1.
 */
static unsigned connect_s(const char *url, struct deadline until)
{
	unsigned wanted = CONNECT_S, left = deadline_left_ms(until) / 1000;
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	for (const PQconninfoOption *o = options; o && o->keyword; o++)
		if (o->val && strcmp(o->keyword, "connect_timeout") == 0)
			wanted = (unsigned)strtoul(o->val, NULL, 10);
	PQconninfoFree(options);
	if (wanted == 0 || wanted > left) /* 0 would be for ever */
		wanted = left;
	return wanted < 2 ? 2 : wanted;
}

/* Our defaults stand before the URL, which overrides them, and what must be so stands after it. */
static PGconn *connect_to(const char *url, struct deadline until)
{
	char seconds[16];
	snprintf(seconds, sizeof seconds, "%u", connect_s(url, until));
	/* clang-format off */
	static const char *const names[] = { "gssencmode", "keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", "application_name", "dbname", "client_encoding", "connect_timeout", NULL };
	const char *const values[] =       { "disable",    "10",              "5",                   "3",
		"10000",            "calends",          url,      "UTF8",            seconds,           NULL };
	/* clang-format on */
	static_assert(ARRAY_LEN(names) == ARRAY_LEN(values), "a value for each name");
	return PQconnectdbParams(names, values, 1);
}

/* libpq's text ends with a line feed, and tells of each host on a line of its own. */
static struct str libpq_text(struct ctx *cx, PGconn *pg)
{
	return str_trim(str_dup(cx->mem, str_of(PQerrorMessage(pg))), " \n");
}

err_t conn_plain(struct ctx *cx, const char *url, PGconn **out)
{
	struct deadline until = ctx_deadline(cx, UINT32_MAX);
	PGconn *pg = deadline_passed(until) ? NULL : connect_to(url, until);
	if (pg && PQsetnonblocking(pg, 1) == 0 && PQstatus(pg) == CONNECTION_OK) {
		*out = pg;
		return OK;
	}
	struct err *e = FAIL(cx, UNAVAILABLE, "no connection to the database: %.*s",
		STR_ARG(pg ? libpq_text(cx, pg) : STR("no time is left")));
	e->retry_after_s = 2;
	PQfinish(pg);
	return e;
}

/* Notices are not for standard error. A FATAL one to an idle connection says that it is being closed. */
static void on_notice(void *state, const PGresult *res)
{
	struct db_conn *conn = state;
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	if (severity && strcmp(severity, "FATAL") == 0)
		conn->broken = true;
}

/*
 * Sends what is queued and reads until PQgetResult has its answer without a wait; an error of the connection is one,
 * too. Both at once: a server that does not read since we do not would wait for ever, and we for it.
 */
static bool answer_comes(PGconn *pg, struct deadline until)
{
	for (;;) {
		int unsent = PQflush(pg);
		if (unsent < 0 || !PQisBusy(pg) || PQstatus(pg) != CONNECTION_OK)
			return true;
		if (!wait_fd(PQsocket(pg), (short)(unsent ? POLLIN | POLLOUT : POLLIN), until))
			return false;
		if (!PQconsumeInput(pg))
			return true;
	}
}

PGresult *plain_exec_with(PGconn *pg, const char *sql, int n, const char *const *values, struct deadline until)
{
	PGresult *last = NULL;
	bool sent = values ? PQsendQueryParams(pg, sql, n, NULL, values, NULL, NULL, 0) : PQsendQuery(pg, sql);
	if (!sent)
		return PQmakeEmptyPGresult(pg, PGRES_FATAL_ERROR);
	for (;;) {
		if (!answer_comes(pg, until)) {
			PQclear(last);
			return NULL;
		}
		PGresult *res = PQgetResult(pg);
		if (!res)
			return last ? last : PQmakeEmptyPGresult(pg, PGRES_FATAL_ERROR);
		PQclear(last); /* of several statements the last one's, which is the failed one's */
		last = res;
	}
}

PGresult *plain_exec(PGconn *pg, const char *sql, struct deadline until)
{
	return plain_exec_with(pg, sql, 0, NULL, until);
}

static PGresult *result_in_time(struct db_conn *conn, struct deadline until)
{
	if (conn->late || !answer_comes(conn->pg, until)) {
		conn->broken = conn->late = true;
		return NULL;
	}
	return PQgetResult(conn->pg);
}

PGresult *conn_next(struct db_conn *conn, struct deadline until)
{
	PGresult *res = result_in_time(conn, until);
	if (res)
		conn->good_us = clock_monotonic_us();
	if (res && PQresultStatus(res) != PGRES_PIPELINE_SYNC)
		PQclear(result_in_time(conn, until)); /* the NULL that ends a statement */
	return res;
}

bool conn_is_alive(struct db_conn *conn)
{
	struct pollfd fd = { .fd = PQsocket(conn->pg), .events = POLLIN };
	if (poll(&fd, 1, 0) == 0)
		return true;
	if (!PQconsumeInput(conn->pg))
		return false;
	PQisBusy(conn->pg); /* has libpq look at what came; see on_notice */
	return !conn->broken && PQstatus(conn->pg) == CONNECTION_OK;
}

void conn_close(struct db_conn *conn)
{
	PQfinish(conn->pg);
	free(conn->prepared);
	free(conn);
}

bool conn_describe(
	struct db_conn *conn, struct deadline until, unsigned from, unsigned to, conn_visit *visit, void *state)
{
	for (unsigned i = from; i < to; i++)
		if (!PQsendPrepare(conn->pg, "", sql_queries[i]->sql, 0, NULL) ||
			!PQsendDescribePrepared(conn->pg, "") || !PQpipelineSync(conn->pg))
			return false;
	for (unsigned i = from; i < to; i++) {
		PGresult *parsed = conn_next(conn, until), *described = conn_next(conn, until),
			 *synced = conn_next(conn, until);
		bool whole = parsed && described && synced;
		if (whole)
			visit(state, sql_queries[i], PQresultStatus(parsed) == PGRES_COMMAND_OK ? described : parsed);
		PQclear(parsed);
		PQclear(described);
		PQclear(synced);
		if (!whole)
			return false;
	}
	return true;
}

static bool session_set_up(struct db_conn *conn, unsigned statement_ms, struct deadline until)
{
	char statement_timeout[16];
	const char *const values[] = { statement_timeout };
	snprintf(statement_timeout, sizeof statement_timeout, "%ums", statement_ms);
	if (!PQenterPipelineMode(conn->pg) ||
		!PQsendQueryParams(conn->pg, session_sql, 1, NULL, values, NULL, NULL, 0) || !PQpipelineSync(conn->pg))
		return false;
	PGresult *done = conn_next(conn, until), *synced = conn_next(conn, until);
	bool good = done && PQresultStatus(done) == PGRES_TUPLES_OK && synced;
	PQclear(done);
	PQclear(synced);
	return good;
}

err_t conn_open(struct ctx *cx, const struct db_pool *pool, struct db_conn **out)
{
	PGconn *pg;
	TRY(conn_plain(cx, pool->url, &pg));
	struct db_conn *conn = calloc(1, sizeof *conn);
	if (!conn || !(conn->prepared = calloc(sql_query_count, sizeof *conn->prepared)))
		abort();
	conn->pg = pg;
	PQsetNoticeReceiver(pg, on_notice, conn);
	if (session_set_up(conn, pool->statement_ms, ctx_deadline(cx, CONNECT_S * 1000))) {
		*out = conn;
		return OK;
	}
	struct err *e = FAIL(cx, UNAVAILABLE, "a new database connection could not be set up: %.*s",
		STR_ARG(conn->late ? STR("no answer in time") : libpq_text(cx, pg)));
	e->retry_after_s = 2;
	conn_close(conn);
	return e;
}
