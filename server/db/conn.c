/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/conn_private.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sql.h"

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
	" set_config('idle_in_transaction_session_timeout', '30s', false),"
	" set_config('statement_timeout', '30s', false), set_config('lock_timeout', '5s', false)";

/* Our defaults stand before the URL, which overrides them, and what must be so stands behind it. */
static PGconn *connect_to(const char *url)
{
	/* clang-format off */
	static const char *const names[] = { "connect_timeout", "gssencmode", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "application_name", "dbname", "client_encoding", NULL };
	const char *const values[] =       { "3",               "disable",    "10",              "5",
		"3",                "10000",            "calends",          url,      "UTF8",            NULL };
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
	PGconn *pg = connect_to(url);
	if (pg && PQstatus(pg) == CONNECTION_OK) {
		*out = pg;
		return OK;
	}
	struct err *e = FAIL(cx, UNAVAILABLE, "no connection to the database: %.*s", STR_ARG(libpq_text(cx, pg)));
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

PGresult *conn_next(struct db_conn *conn)
{
	PGresult *res = PQgetResult(conn->pg);
	if (res && PQresultStatus(res) != PGRES_PIPELINE_SYNC)
		PQclear(PQgetResult(conn->pg)); /* the NULL that ends a statement */
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

bool conn_describe(struct db_conn *conn, unsigned from, unsigned to, conn_visit *visit, void *state)
{
	for (unsigned i = from; i < to; i++)
		if (!PQsendPrepare(conn->pg, "", sql_queries[i]->sql, 0, NULL) ||
			!PQsendDescribePrepared(conn->pg, "") || !PQpipelineSync(conn->pg))
			return false;
	for (unsigned i = from; i < to; i++) {
		PGresult *parsed = conn_next(conn), *described = conn_next(conn), *synced = conn_next(conn);
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

static bool session_set_up(struct db_conn *conn)
{
	if (!PQenterPipelineMode(conn->pg) || !PQsendQueryParams(conn->pg, session_sql, 0, NULL, NULL, NULL, NULL, 0) ||
		!PQpipelineSync(conn->pg))
		return false;
	PGresult *done = conn_next(conn), *synced = conn_next(conn);
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
	if (session_set_up(conn)) {
		*out = conn;
		return OK;
	}
	struct err *e = FAIL(
		cx, UNAVAILABLE, "a new database connection could not be set up: %.*s", STR_ARG(libpq_text(cx, pg)));
	e->retry_after_s = 2;
	conn_close(conn);
	return e;
}
