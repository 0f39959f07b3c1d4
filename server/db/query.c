/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/db/conn_private.h"
#include "sql.h"

static const struct db_wire no_parameters = { .count = 0 };

/*
 * The database itself ends a statement that takes longer than a request may (statement_timeout), and so tells what
 * became of it. We wait a little longer than that, for the one that cannot tell any more.
 */
#define GRACE_MS 500
#define ROLLBACK_MS 2000

static struct deadline answer_deadline(const struct ctx *cx)
{
	struct deadline until = ctx_deadline(cx, UINT32_MAX);
	until.at_us += GRACE_MS * 1000;
	return until;
}

/* ---- one round trip ---- */

#define STEPS_MAX (2 * (1 + PREFETCH_MAX)) /* each with its preparation; BEGIN, after which nothing is prefetched */

/* What results are to come: of a preparation its statement, and where each is kept. */
struct steps {
	unsigned count;
	struct {
		const struct query *prepares; /* NULL: the statement's own result */
		PGresult **kept;
	} steps[STEPS_MAX];
};

static void step_add(struct steps *steps, const struct query *prepares, PGresult **kept)
{
	assert(steps->count < STEPS_MAX);
	steps->steps[steps->count].prepares = prepares;
	steps->steps[steps->count++].kept = kept;
}

/* Queues a statement; the first time in this session its preparation goes before it. */
static bool queue(struct db_pool *pool, struct db_conn *conn, const struct query *q, const struct db_wire *wire,
	PGresult **kept, struct steps *steps)
{
	if (!pool->prepare) {
		step_add(steps, NULL, kept);
		return PQsendQueryParams(conn->pg, q->sql, wire->count, pool->types[q->index].params, wire->values,
			wire->lengths, wire->formats, 1);
	}
	if (!conn->prepared[q->index]) {
		step_add(steps, q, kept);
		if (!PQsendPrepare(conn->pg, q->name, q->sql, 0, NULL))
			return false;
	}
	step_add(steps, NULL, kept);
	return PQsendQueryPrepared(conn->pg, q->name, wire->count, wire->values, wire->lengths, wire->formats, 1);
}

/*
 * Of each statement its result, or of its preparation the failed one; nothing more when the connection went. What goes
 * wrong when the transaction of a statement that stands alone is committed comes after all of them: it takes the place
 * of *asked, for nothing of it was done.
 */
static void collect(struct db_conn *conn, const struct steps *steps, struct deadline until, PGresult **asked)
{
	for (unsigned i = 0;; i++) {
		PGresult *res = conn_next(conn, until);
		ExecStatusType status = PQresultStatus(res);
		if (!res || status == PGRES_PIPELINE_SYNC) {
			conn->broken |= !res;
			PQclear(res);
			return;
		}
		if (i >= steps->count) { /* or a connection that goes tells so once more */
			PQclear(status == PGRES_FATAL_ERROR ? *asked : res);
			*asked = status == PGRES_FATAL_ERROR ? res : *asked;
			continue;
		}
		PGresult **kept = steps->steps[i].kept;
		if (steps->steps[i].prepares && status == PGRES_COMMAND_OK)
			conn->prepared[steps->steps[i].prepares->index] = true;
		if (*kept && PQresultStatus(*kept) == PGRES_FATAL_ERROR) {
			PQclear(res);
		} else {
			PQclear(*kept);
			*kept = res;
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

/* What was prefetched goes after a statement that stands alone. */
static bool queue_prefetched(struct ctx *cx, struct db_conn *conn, struct steps *steps)
{
	for (struct db_prefetched *f = cx->prefetched; f && !conn->in_transaction; f = f->next) {
		if (f->sent)
			continue;
		f->sent = true;
		if (!queue(cx->db, conn, f->ahead, &f->wire, &f->answer, steps))
			return false;
	}
	return true;
}

static err_t check_result(struct ctx *cx, struct db_conn *conn, const struct query *q, const PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);
	bool good = !conn->broken && (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
	return good ? OK : db_failure(cx, q->name, res, conn);
}

/* Sends the statement on a connection that is held, and waits. *out is the result when it is a good one. */
static err_t run_on(
	struct ctx *cx, struct db_conn *conn, const struct query *q, const struct db_wire *wire, PGresult **out)
{
	struct steps steps = { 0 };
	PGresult *res = NULL, *committed = NULL;
	cx->round_trips++;
	if (is_to_fail(cx, false)) {
		conn->broken = true;
		struct err *e = FAIL(cx, UNAVAILABLE, "%s: made to fail before it was sent", q->name);
		e->retry_after_s = 2; /* as when a connection is lost */
		return e;
	}
	if (conn->begin_pending) {
		conn->begin_pending = false;
		conn->in_transaction = true;
		if (!queue(cx->db, conn, &sql_db_begin, &no_parameters, &res, &steps))
			return db_failure(cx, q->name, NULL, conn);
	}
	if (!queue(cx->db, conn, q, wire, &res, &steps) ||
		(conn->commit_follows && !queue(cx->db, conn, &sql_db_commit, &no_parameters, &committed, &steps)) ||
		!queue_prefetched(cx, conn, &steps) || !PQpipelineSync(conn->pg))
		return db_failure(cx, q->name, NULL, conn);
	collect(conn, &steps, answer_deadline(cx), &res);
	err_t e = check_result(cx, conn, q, res);
	if (!e && conn->commit_follows)
		e = check_result(cx, conn, &sql_db_commit, committed);
	PQclear(committed);
	if (e) {
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

static void learn(void *state, const struct query *q, const PGresult *described)
{
	pool_learn(state, q, described);
}

/*
 * The types of the parameters: known since db_check in a server. A command that did not check asks now, which
 * is a round trip of its own.
 */
static err_t types_of(struct ctx *cx, struct db_conn *conn, const struct query *q, const struct db_types **out)
{
	*out = &cx->db->types[q->index];
	if (!atomic_load(&(*out)->known) &&
		!conn_describe(conn, answer_deadline(cx), q->index, q->index + 1, learn, cx->db))
		return db_failure(cx, q->name, NULL, conn);
	return OK;
}

static err_t run(struct ctx *cx, const struct query *q, const struct db_in *in, size_t n, PGresult **out)
{
	struct db_conn *conn = cx->tx;
	const struct db_types *types;
	struct db_wire wire;
	assert(cx->mem && cx->db && sql_queries[q->index] == q && n <= DB_PARAMS_MAX);
	if (q->stores && atomic_load(&cx->db->disk_low))
		return FAIL(cx, DISK_FULL, "%s: below --disk-low-mib", q->name);
	if (prefetched_take(cx, q, &cx->db->types[q->index], in, n, out))
		return OK;
	if (!conn)
		TRY(pool_take(cx, &conn));
	err_t e = types_of(cx, conn, q, &types);
	if (!e)
		e = params_write(cx, q, types, in, n, &wire);
	if (!e)
		e = run_on(cx, conn, q, &wire, out);
	pool_count(cx->db, e != OK);
	if (!cx->tx)
		pool_give(cx->db, conn);
	assert(!e == !!*out);
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
	PGresult *res = NULL;
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

bool db_row_ahead(struct ctx *cx, const struct query *q, struct db_into into)
{
	PGresult *res = prefetched_any(cx, q);
	assert(into.result->query == q);
	if (!res)
		return false;
	bool found = PQntuples(res) > 0 && !row_read(cx, into.result, res, 0, into.row);
	result_keep(cx, into.result, res);
	return found;
}

err_t db_rows_(struct ctx *cx, const struct query *q, const struct db_result *result, void **rows_out,
	size_t *count_out, const struct db_in *in, size_t n)
{
	PGresult *res = NULL;
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
	PGresult *res = NULL;
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
	struct db_conn *conn = cx->tx;
	PGresult *res = NULL;
	assert(conn);
	if (!conn->in_transaction) { /* nothing was done */
		give_back(cx);
		return OK;
	}
	TRY(run_on(cx, conn, &sql_db_commit, &no_parameters, &res));
	/* COMMIT of a transaction in which a statement failed is answered by ROLLBACK. */
	bool committed = strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	conn->in_transaction = false;
	give_back(cx);
	return committed ? OK : FAIL(cx, INTERNAL, "the transaction had failed before its commit");
}

err_t db_exec_commit_(struct ctx *cx, const struct query *q, const struct db_in *in, size_t n)
{
	struct db_conn *conn = cx->tx;
	PGresult *res = NULL;
	assert(conn);
	conn->commit_follows =
		true; /* of a statement that failed nothing is committed: the rest of the trip is left out */
	err_t e = run(cx, q, in, n, &res);
	conn->commit_follows = false;
	PQclear(res);
	TRY(e);
	conn->in_transaction = false;
	give_back(cx);
	return OK;
}

void db_rollback(struct ctx *cx)
{
	struct db_conn *conn = cx->tx;
	if (!conn)
		return;
	if (conn->in_transaction && !conn->broken && !deadline_passed(ctx_deadline(cx, ROLLBACK_MS))) {
		struct steps steps = { 0 };
		PGresult *res = NULL;
		if (queue(cx->db, conn, &sql_db_rollback, &no_parameters, &res, &steps) && PQpipelineSync(conn->pg)) {
			collect(conn, &steps, answer_deadline(cx), &res);
			conn->in_transaction = PQresultStatus(res) != PGRES_COMMAND_OK;
			PQclear(res);
		}
		cx->round_trips++;
	}
	give_back(cx);
}

err_t db_join(struct ctx *cx, bool *own_out)
{
	*own_out = !cx->tx;
	return *own_out ? db_begin(cx) : OK;
}

err_t db_settle(struct ctx *cx, bool own, err_t e)
{
	if (!own)
		return e;
	if (!e)
		e = db_commit(cx);
	if (e)
		db_rollback(cx);
	return e;
}

void db_end(struct ctx *cx)
{
	db_rollback(cx);
}
