/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of server/db: one connection, the pool that lends it, and the kinds of values. Not for other folders.
 *
 * A connection is in libpq's pipeline mode all its life: a statement is sent together with the BEGIN that precedes it,
 * if any, and one Sync, so that each costs one round trip.
 */
#pragma once

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/db/pool.h"
#include "server/db/query.h"

#define DB_PARAMS_MAX 32

struct db_conn {
	PGconn *pg;
	struct id account;    /* for whom it is lent; zero: nobody's share */
	uint64_t good_us;     /* when the database last answered on it, of the monotonic clock */
	bool *prepared;       /* by query->index: this session has the statement */
	struct db_conn *next; /* in the stack of idle ones */
	bool begin_pending;   /* a transaction was begun, its BEGIN goes with the first statement */
	bool commit_follows;  /* COMMIT goes in the round trip of the statement that is asked now */
	bool in_transaction;  /* BEGIN has been sent */
	bool lent;            /* by pool_take, until pool_give */
	bool broken;          /* not to be lent again */
	bool late;            /* no answer came in time; what it is still doing, nobody waits for */
};

/* The parameter types of one statement, as the database tells them. Written once, before `known`. */
struct db_types {
	atomic_bool known;
	int count;
	Oid params[DB_PARAMS_MAX];
};

struct db_pool {
	char *url;
	unsigned limit, wait_ms, statement_ms;
	unsigned share; /* that one account may have of them */
	bool prepare;
	pthread_mutex_t lock;
	struct db_turn *first; /* who waits, in order */
	struct db_conn *idle;
	struct id *holders;  /* for whom connections are lent, `limit` entries; zero: free */
	uint64_t suspect_us; /* an answer was late then: what has not answered since is not lent any more */
	uint64_t away_us, back_us, was_away_us; /* db_away_s(): since when, until when, and how long that was */
	atomic_bool disk_low;
	struct db_stats stats;
	struct db_types *types; /* by query->index */
};

/* ---- conn.c ---- */

/* Connects and sets the session up, within the ctx's deadline. UNAVAILABLE. */
MUST_CHECK err_t conn_open(struct ctx *cx, const struct db_pool *pool, struct db_conn **out);
/* Never waits: what was not answered is left to the database to find out. */
void conn_close(struct db_conn *conn);
/* Has the server not closed it meanwhile? One poll(2), no round trip. */
bool conn_is_alive(struct db_conn *conn);
/* A connection without a session of ours, for migrations: with plain_exec() alone. The caller ends it by PQfinish. */
MUST_CHECK err_t conn_plain(struct ctx *cx, const char *url, PGconn **out);
/* PQexec and PQexecParams (`values` of `n` texts) within the deadline; NULL when it passed: close the connection. */
PGresult *plain_exec(PGconn *pg, const char *sql, struct deadline until);
PGresult *plain_exec_with(PGconn *pg, const char *sql, int n, const char *const *values, struct deadline until);

/*
 * The next result of the pipeline, and the NULL after it; NULL when the connection is gone, or late: then it is marked
 * so. A Sync is a result too.
 */
PGresult *conn_next(struct db_conn *conn, struct deadline until);

/*
 * Parses and describes statements [from, to) of sql_queries in one pipeline, and gives each answer, or the error in its
 * place, to `visit`. False when the connection went.
 */
typedef void conn_visit(void *state, const struct query *q, const PGresult *described);
bool conn_describe(
	struct db_conn *conn, struct deadline until, unsigned from, unsigned to, conn_visit *visit, void *state);

/* ---- pool.c ---- */

/* A connection for this ctx, within its deadline; pool_give() it back. UNAVAILABLE. */
MUST_CHECK err_t pool_take(struct ctx *cx, struct db_conn **out);
void pool_give(struct db_pool *pool, struct db_conn *conn);
void pool_count(struct db_pool *pool, bool failed);
/* Keeps the parameter types of a statement; `described` may be an error, which says nothing. */
void pool_learn(struct db_pool *pool, const struct query *q, const PGresult *described);

/* ---- failure.c ---- */

/* What a failed result means, as db_row() tells it. `res` may be NULL: the connection is gone. Never quotes values. */
MUST_CHECK err_t db_failure(struct ctx *cx, const char *name, const PGresult *res, struct db_conn *conn);

/* ---- params.c ---- */

struct db_wire {
	int count;
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
	uint8_t fixed[DB_PARAMS_MAX][8];
};

/* Writes parameters as the statement's types ask. INTERNAL (an assert in dev builds) when kinds do not agree. */
MUST_CHECK err_t params_write(struct ctx *cx, const struct query *q, const struct db_types *types,
	const struct db_in *in, size_t n, struct db_wire *out);

/* ---- prefetch.c ---- */

#define PREFETCH_MAX 3

struct db_prefetched {
	struct db_prefetched *next;
	const struct query *ahead, *query;
	struct db_wire wire; /* of `ahead` */
	bool sent;
	PGresult *answer; /* NULL: none yet, or it was taken; it may be an error */
};

/* The result that was prefetched, if it is the one that is asked now; where it is not, what was read ahead is given up.
 */
bool prefetched_take(struct ctx *cx, const struct query *q, const struct db_types *types, const struct db_in *in,
	size_t n, PGresult **out);
/* That of this query, with whatever values it went; NULL: there is none. */
PGresult *prefetched_any(struct ctx *cx, const struct query *q);

/* ---- rows.c ---- */

/* Whether a column or parameter of this type is read or written as this kind. */
bool kind_is(enum db_kind kind, Oid type);
/* Whether a result's column may be of this type. */
bool column_is(enum db_kind kind, Oid type);
const char *kind_name(enum db_kind kind);
Oid kind_element(enum db_kind kind); /* 0 when it is no list */
/* Row `at` of `res` into the struct at `out`. INTERNAL when the result has another shape. */
MUST_CHECK err_t row_read(
	struct ctx *cx, const struct db_result *result, const PGresult *res, int at, unsigned char *out);
/* Whether a row borrows from its result, which then must outlive it. */
bool row_borrows(const struct db_result *result);

/* 2000-01-01T00:00:00Z in microseconds of struct instant: where PostgreSQL counts from. */
#define DB_EPOCH_US INT64_C(946684800000000)
