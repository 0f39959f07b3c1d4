/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/base/buf.h"
#include "server/db/conn_private.h"
#include "sql.h"

/* All DB_RESULT of the program, gathered by the linker. Weak: a program may have none. */
extern const struct db_result *const __start_calends_db_ties[] __attribute__((weak, visibility("hidden")));
extern const struct db_result *const __stop_calends_db_ties[] __attribute__((weak, visibility("hidden")));

struct check {
	struct ctx *cx;
	struct buf said;
	unsigned faults;
};

static void check_columns(struct check *check, const struct db_result *tie, const PGresult *described)
{
	const char *name = tie->query->name;
	if ((size_t)PQnfields(described) != tie->count) {
		buf_fmt(&check->said, "%s has %d columns, its struct %zu; ", name, PQnfields(described), tie->count);
		check->faults++;
		return;
	}
	for (size_t i = 0; i < tie->count; i++) {
		const struct db_col *col = &tie->cols[i];
		const char *column = PQfname(described, (int)i);
		Oid type = PQftype(described, (int)i);
		if (strcmp(column, col->name) == 0 && column_is(col->kind, type))
			continue;
		buf_fmt(&check->said, "%s: column %zu is %s of type %u, its struct has %s of %s; ", name, i + 1, column,
			type, col->name, kind_name(col->kind));
		check->faults++;
	}
}

static void check_statement(void *state, const struct query *q, const PGresult *described)
{
	struct check *check = state;
	pool_learn(check->cx->db, q, described);
	if (PQresultStatus(described) != PGRES_COMMAND_OK) {
		buf_fmt(&check->said, "%s: %s; ", q->name, PQresultErrorField(described, PG_DIAG_MESSAGE_PRIMARY));
		check->faults++;
		return;
	}
	if (PQnparams(described) > DB_PARAMS_MAX) {
		buf_fmt(&check->said, "%s has over %d parameters; ", q->name, DB_PARAMS_MAX);
		check->faults++;
	}
	for (const struct db_result *const *tie = __start_calends_db_ties; tie != __stop_calends_db_ties; tie++)
		if ((*tie)->query == q)
			check_columns(check, *tie, described);
}

err_t db_check(struct ctx *cx)
{
	struct check check = { .cx = cx, .said = buf_new(cx->mem, 65536) };
	struct db_conn *conn;
	TRY(pool_take(cx, &conn));
	bool whole = conn_describe(conn, ctx_deadline(cx, UINT32_MAX), 0, sql_query_count, check_statement, &check);
	err_t e = OK;
	if (!whole)
		e = db_failure(cx, "db_check", NULL, conn);
	else if (check.faults)
		e = FAIL(cx, INTERNAL, "%u statements do not fit this database: %.*s", check.faults,
			STR_ARG(buf_str(&check.said)));
	pool_give(cx->db, conn);
	return e;
}
