/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/log.h"
#include "server/db/conn_private.h"
#include "server/db/home.h"
#include "sql.h"

/*
 * Who waits for the lock waits for another instance's migrations, which may take long; who holds it waits for a table
 * only briefly, since requests queue up after it.
 */
static const char begin_sql[] =
	"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5min'; SET LOCAL statement_timeout = 0; SET "
	"LOCAL client_min_messages = "
	"warning;"
	" SELECT pg_advisory_xact_lock(7233158402715364);"
	" SET LOCAL lock_timeout = '5s';"
	" CREATE TABLE IF NOT EXISTS schema_migration (number int PRIMARY KEY, name text NOT NULL,"
	" applied_at timestamptz NOT NULL DEFAULT now())";

static err_t refused(struct ctx *cx, PGconn *pg, const PGresult *res, const char *what)
{
	if (!res)
		return REFUSE(cx, UNAVAILABLE, "", "migration %s: the database did not answer in time.", what);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	if (!state)
		return REFUSE(cx, UNAVAILABLE, "", "migration %s: the database connection was lost: %s", what,
			PQerrorMessage(pg));
	if (strcmp(state, "55P03") == 0)
		return REFUSE(cx, UNAVAILABLE, "",
			"migration %s: another session holds a lock that it needs. Try again when it is quieter.",
			what);
	return REFUSE(cx, INTERNAL, "", "migration %s failed and was rolled back: %s %s", what, state, message);
}

static err_t run(struct ctx *cx, PGconn *pg, const char *sql, const char *what)
{
	PGresult *res = plain_exec(pg, sql, ctx_deadline(cx, UINT32_MAX));
	ExecStatusType status = PQresultStatus(res);
	err_t e = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? OK : refused(cx, pg, res, what);
	PQclear(res);
	return e;
}

/* The numbers of schema_migration, ascending. */
static err_t applied_read(struct ctx *cx, PGconn *pg, struct int32_list *out)
{
	PGresult *res =
		plain_exec(pg, "SELECT number FROM schema_migration ORDER BY number", ctx_deadline(cx, UINT32_MAX));
	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		err_t e = refused(cx, pg, res, "table");
		PQclear(res);
		return e;
	}
	int count = PQntuples(res);
	int32_t *numbers = arena_array(cx->mem, int32_t, (size_t)count);
	for (int i = 0; i < count; i++)
		numbers[i] = (int32_t)strtol(PQgetvalue(res, i, 0), NULL, 10);
	PQclear(res);
	*out = (struct int32_list){ numbers, (size_t)count };
	return OK;
}

static bool is_applied(struct int32_list applied, int number)
{
	for (size_t i = 0; i < applied.count; i++)
		if (applied.items[i] == number)
			return true;
	return false;
}

/* A number that this build does not know was applied by a newer one, whose columns we cannot know. */
static err_t refuse_newer(struct ctx *cx, struct int32_list applied)
{
	int newest = sql_migration_count ? sql_migrations[sql_migration_count - 1].number : 0;
	for (size_t i = 0; i < applied.count; i++) {
		bool known = false;
		for (unsigned k = 0; k < sql_migration_count; k++)
			known |= sql_migrations[k].number == applied.items[i];
		if (!known)
			return REFUSE(cx, INTERNAL, "",
				"The database has migration %04d, which this build (up to %04d) does not know: it was "
				"upgraded by a newer calends. Start that one.",
				applied.items[i], newest);
	}
	return OK;
}

/* Nothing was released with it, so nothing carries it over. */
static err_t refuse_earlier(struct ctx *cx, PGconn *pg)
{
	PGresult *res = plain_exec(
		pg, "SELECT FROM schema_migration WHERE name = '0002_objects'", ctx_deadline(cx, UINT32_MAX));
	err_t e = PQresultStatus(res) != PGRES_TUPLES_OK ? refused(cx, pg, res, "table") : OK;
	bool earlier = !e && PQntuples(res) > 0;
	PQclear(res);
	if (earlier)
		return REFUSE(cx, INTERNAL, "",
			"This database was made by a Calends from before the first release, whose tables this one "
			"cannot "
			"read. Export the calendars with the one that made it (GET of each calendar's URL), then start "
			"this one with an empty --data-dir or another --database-url and import them.");
	return e;
}

static const struct migration *next_one(struct int32_list applied)
{
	for (unsigned i = 0; i < sql_migration_count; i++)
		if (!is_applied(applied, sql_migrations[i].number))
			return &sql_migrations[i];
	return NULL;
}

static err_t apply(struct ctx *cx, PGconn *pg, const struct migration *m)
{
	const char *const values[] = { str_c(cx->mem, str_fmt(cx->mem, "%d", m->number)), m->name };
	TRY(run(cx, pg, m->sql, m->name));
	PGresult *res = plain_exec_with(pg, "INSERT INTO schema_migration (number, name) VALUES ($1::int, $2)", 2,
		values, ctx_deadline(cx, UINT32_MAX));
	err_t e = PQresultStatus(res) == PGRES_COMMAND_OK ? OK : refused(cx, pg, res, m->name);
	PQclear(res);
	return e;
}

/* One migration in one transaction. *more_out: it may not have been the last. */
static err_t step(struct ctx *cx, PGconn *pg, bool *more_out)
{
	struct int32_list applied = { 0 };
	TRY(run(cx, pg, begin_sql, "lock"));
	TRY(applied_read(cx, pg, &applied));
	TRY(refuse_earlier(cx, pg));
	TRY(refuse_newer(cx, applied));
	const struct migration *m = next_one(applied);
	if (m)
		TRY(apply(cx, pg, m));
	TRY(run(cx, pg, "COMMIT", m ? m->name : "check"));
	if (m)
		log_event(LOG_INFO, "migrated", LOG_C("migration", m->name));
	*more_out = m != NULL;
	return OK;
}

/* One portion, in a transaction of its own. */
static err_t home_step(struct ctx *cx, PGconn *pg, bool *moved_out, bool *more_out)
{
	TRY(run(cx, pg, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0", "of the counters"));
	PGresult *res = plain_exec(pg, sql_database_home_step.sql, ctx_deadline(cx, UINT32_MAX));
	err_t e = PQresultStatus(res) == PGRES_TUPLES_OK ? OK : refused(cx, pg, res, "of the counters");
	*moved_out = !e && PQgetvalue(res, 0, 0)[0] == 't';
	*more_out = !e && PQgetvalue(res, 0, 1)[0] == 't';
	PQclear(res);
	if (e)
		return e;
	return run(cx, pg, "COMMIT", "of the counters");
}

/* See server/db/home.h. Before anybody is served, and without a bound: there may be very many calendars. */
static err_t home_keep(struct ctx *cx, PGconn *pg)
{
	bool moved = false, more = true;
	while (more) {
		TRY(home_step(cx, pg, &moved, &more));
		ctx_go_on(cx);
	}
	if (moved)
		db_home_log();
	return OK;
}

/* Lengths, cases and orders are those of UTF-8. Told before the first migration, not by the first that fails. */
static err_t refuse_encoding(struct ctx *cx, PGconn *pg)
{
	const char *encoding = PQparameterStatus(pg, "server_encoding");
	if (!encoding || strcmp(encoding, "UTF8") == 0)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "",
		"The database stores text as %s and must store it as UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE "
		"template0.",
		encoding);
}

/* A first row that is true. */
static err_t asked(struct ctx *cx, PGconn *pg, PGresult *res, bool *out)
{
	err_t e = PQresultStatus(res) == PGRES_TUPLES_OK ? OK : refused(cx, pg, res, "of the secret key");
	*out = !e && PQntuples(res) > 0 && PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	return e;
}

/* Told before the first migration, too: what this server would seal, others could not open. */
static err_t refuse_other_secret(struct ctx *cx, PGconn *pg, struct bytes mark)
{
	const char *const values[] = { mark.ptr ? str_c(cx->mem, hex_of(cx->mem, mark)) : NULL };
	bool marked, other;
	if (!mark.ptr)
		return OK;
	TRY(asked(cx, pg,
		plain_exec(pg, "SELECT to_regclass('database_home') IS NOT NULL", ctx_deadline(cx, UINT32_MAX)),
		&marked));
	if (!marked)
		return OK;
	TRY(asked(cx, pg,
		plain_exec_with(pg, "SELECT h.mark <> decode($1, 'hex') FROM database_home h", 1, values,
			ctx_deadline(cx, UINT32_MAX)),
		&other));
	return other ? db_refuse_secret(cx) : OK;
}

static void quiet(void *state, const PGresult *res)
{
	(void)state, (void)res;
}

static err_t migrate_on(struct ctx *cx, PGconn *pg, struct bytes mark, int *applied_out)
{
	bool more = true;
	TRY(refuse_encoding(cx, pg));
	TRY(refuse_other_secret(cx, pg, mark));
	int applied = -1; /* the last step finds nothing to do */
	for (; more; applied++) {
		TRY(step(cx, pg, &more));
		ctx_go_on(cx);
	}
	*applied_out = applied;
	return home_keep(cx, pg);
}

err_t db_migrate(struct ctx *cx, const char *url, struct bytes mark, int *applied_out)
{
	PGconn *pg;
	err_t refusal = conn_plain(cx, url, &pg);
	if (refusal)
		return REFUSE(cx, UNAVAILABLE, "", "%.*s", STR_ARG(refusal->detail));
	PQsetNoticeReceiver(pg, quiet, NULL);
	err_t e = migrate_on(cx, pg, mark, applied_out);
	PQfinish(pg); /* what a failed step left open is rolled back by this */
	return e;
}
