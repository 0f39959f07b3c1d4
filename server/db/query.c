/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/db/conn.h"
#include "sql.h"

/* ---- one round trip ---- */

static bool send_statement(
	struct db_pool *pool, struct db_conn *conn, const struct query *q, const struct db_wire *wire)
{
	if (pool->prepare)
		return PQsendQueryPrepared(
			conn->pg, q->name, wire->count, wire->values, wire->lengths, wire->formats, 1);
	return PQsendQueryParams(conn->pg, q->sql, wire->count, pool->types[q->index].params, wire->values,
		wire->lengths, wire->formats, 1);
}

/* The last result before the Sync, or the first failed one; NULL when the connection went. */
static PGresult *collect(struct db_conn *conn)
{
	PGresult *kept = NULL;
	for (;;) {
		PGresult *res = conn_next(conn);
		if (!res) {
			conn->broken = true;
			return kept;
		}
		ExecStatusType status = PQresultStatus(res);
		if (status == PGRES_PIPELINE_SYNC) {
			PQclear(res);
			return kept;
		}
		if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
			PQclear(res);
		} else {
			PQclear(kept);
			kept = res;
		}
	}
}

/* Dev builds: the n-th statement of this request is to fail, before it is sent or after it ran. */
static bool is_to_fail(const struct ctx *cx, bool after)
{
#ifdef CALENDS_DEV
	return cx->fail_query && cx->round_trips == (cx->fail_query & ~DB_FAIL_AFTER) &&
	       !!(cx->fail_query & DB_FAIL_AFTER) == after;
#else
	(void)cx, (void)after;
	return false;
#endif
}

/* Sends the statement on a connection that is held, and waits. *out is the result when it is a good one. */
static err_t run_on(
	struct ctx *cx, struct db_conn *conn, const struct query *q, const struct db_wire *wire, PGresult **out)
{
	static const struct db_wire nothing = { .count = 0 };
	cx->round_trips++;
	if (is_to_fail(cx, false)) {
		conn->broken = true;
		return FAIL(cx, UNAVAILABLE, "%s: made to fail before it was sent", q->name);
	}
	if (conn->begin_pending) {
		conn->begin_pending = false;
		conn->in_transaction = true;
		if (!send_statement(cx->db, conn, &sql_db_begin, &nothing))
			return db_failure(cx, q->name, NULL, conn);
	}
	if (!send_statement(cx->db, conn, q, wire) || !PQpipelineSync(conn->pg))
		return db_failure(cx, q->name, NULL, conn);
	PGresult *res = collect(conn);
	ExecStatusType status = PQresultStatus(res);
	if (conn->broken || (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)) {
		err_t e = db_failure(cx, q->name, res, conn);
		PQclear(res);
		return e;
	}
	if (is_to_fail(cx, true)) {
		PQclear(res);
		return FAIL(cx, INTERNAL, "%s: made to fail after it ran", q->name);
	}
	*out = res;
	return OK;
}

static err_t run(struct ctx *cx, const struct query *q, const struct db_in *in, size_t n, PGresult **out)
{
	struct db_conn *conn = cx->tx;
	struct db_wire wire;
	if (!conn)
		TRY(pool_take(cx, &conn));
	err_t e = params_write(cx, q, &cx->db->types[q->index], in, n, &wire);
	if (!e)
		e = run_on(cx, conn, q, &wire, out);
	pool_count(cx->db, e != OK);
	if (!cx->tx)
		pool_give(cx->db, conn);
	return e;
}

/* ---- rows ---- */

static void result_release(void *ptr)
{
	PQclear(ptr);
}

/* Text of the rows points into the result: it stays until the arena lets go of it. */
static void result_keep(struct ctx *cx, const struct db_result *result, PGresult *res)
{
	if (row_borrows(result))
		arena_defer(cx->mem, result_release, res);
	else
		PQclear(res);
}

err_t db_row_(struct ctx *cx, const struct query *q, struct db_into into, const struct db_in *in, size_t n)
{
	PGresult *res;
	assert(into.result->query == q);
	TRY(run(cx, q, in, n, &res));
	if (PQntuples(res) == 0) {
		PQclear(res);
		return FAIL(cx, NOT_FOUND, "%s: no row", q->name);
	}
	err_t e = row_read(cx, into.result, res, 0, into.row);
	result_keep(cx, into.result, res);
	return e;
}

err_t db_rows_(struct ctx *cx, const struct query *q, const struct db_result *result, void **rows_out,
	size_t *count_out, const struct db_in *in, size_t n)
{
	PGresult *res;
	assert(result->query == q);
	TRY(run(cx, q, in, n, &res));
	int count = PQntuples(res);
	unsigned char *rows = arena_take(cx->mem, (size_t)count, result->row_size);
	err_t e = OK;
	for (int i = 0; i < count && !e; i++)
		e = row_read(cx, result, res, i, rows + (size_t)i * result->row_size);
	result_keep(cx, result, res);
	TRY(e);
	*rows_out = rows;
	*count_out = (size_t)count;
	return OK;
}

err_t db_exec_(struct ctx *cx, const struct query *q, size_t *affected_out, const struct db_in *in, size_t n)
{
	PGresult *res;
	TRY(run(cx, q, in, n, &res));
	if (affected_out)
		*affected_out = strtoul(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return OK;
}

/* ---- transactions ---- */

err_t db_begin(struct ctx *cx)
{
	assert(!cx->tx);
	struct db_conn *conn;
	TRY(pool_take(cx, &conn));
	conn->begin_pending = true;
	cx->tx = conn;
	return OK;
}

static void give_back(struct ctx *cx)
{
	struct db_conn *conn = cx->tx;
	cx->tx = NULL;
	pool_give(cx->db, conn);
}

err_t db_commit(struct ctx *cx)
{
	static const struct db_wire nothing = { .count = 0 };
	struct db_conn *conn = cx->tx;
	PGresult *res = NULL;
	assert(conn);
	if (!conn->in_transaction) { /* nothing was done */
		give_back(cx);
		return OK;
	}
	TRY(run_on(cx, conn, &sql_db_commit, &nothing, &res));
	/* COMMIT of a transaction in which a statement failed is answered by ROLLBACK. */
	bool committed = strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	conn->in_transaction = false;
	give_back(cx);
	return committed ? OK : FAIL(cx, INTERNAL, "the transaction had failed before its commit");
}

void db_rollback(struct ctx *cx)
{
	static const struct db_wire nothing = { .count = 0 };
	struct db_conn *conn = cx->tx;
	if (!conn)
		return;
	if (conn->in_transaction && !conn->broken) {
		if (send_statement(cx->db, conn, &sql_db_rollback, &nothing) && PQpipelineSync(conn->pg)) {
			PGresult *res = collect(conn);
			conn->in_transaction = PQresultStatus(res) != PGRES_COMMAND_OK;
			PQclear(res);
		}
		cx->round_trips++;
	}
	give_back(cx);
}

void db_end(struct ctx *cx)
{
	db_rollback(cx);
}
