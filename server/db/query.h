/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the named statements of sql/queries: typed parameters in, typed rows out, binary both ways, prepared
 * once per connection. Query text is never built at run time.
 *
 * A row is a plain struct, declared beside its use and tied to its statement by DB_RESULT; the tie is checked against
 * the database at start (db_check): number, names and types of the columns, so that a renamed column stops the server
 * at start and not a request at night. A column's kind follows from the C type of the field.
 *
 *     struct found { struct id id; struct str name; struct instant created_at; bool live; };
 *     DB_RESULT(key_find, struct found, id, name, created_at, live);
 *
 *     struct found row;
 *     TRY(db_row(cx, &sql_key_find, ROW(key_find, &row), IN(account), IN(hash)));
 *
 * NULL in a column: str and bytes are absent (ptr NULL), instants INSTANT_NONE, ids all zero, numbers 0, bools false.
 * Text and bytes of a row point into the result, which lives as long as cx->mem holds it (until reset or rewind).
 *
 * Each call outside a transaction takes a connection from the pool, makes one round trip (counted in cx->round_trips)
 * and gives it back: no connection is held while a handler parses, hashes or writes to its client.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/db/for_each.h"

struct query {
	const char *name;
	const char *sql;
	unsigned index; /* in the table of all queries: sql_queries[index] */
	bool stores;    /* "-- name: x stores": it takes room for what a user stores; see db_disk_low() */
};

enum db_kind {
	DB_TEXT,     /* struct str          text, varchar, name, json(b)::text */
	DB_BYTEA,    /* struct bytes        bytea */
	DB_UUID,     /* struct id           uuid */
	DB_BOOL,     /* bool                boolean */
	DB_INT2,     /* int16_t             smallint */
	DB_INT4,     /* int32_t             integer */
	DB_INT8,     /* int64_t, uint64_t   bigint */
	DB_INSTANT,  /* struct instant      timestamptz */
	DB_UUIDS,    /* struct id_list      uuid[] */
	DB_TEXTS,    /* struct str_list     text[] */
	DB_BYTEAS,   /* struct bytes_list   bytea[] */
	DB_INT8S,    /* struct int64_list   bigint[] */
	DB_INT4S,    /* struct int32_list   integer[] */
	DB_INT2S,    /* struct int16_list   smallint[] */
	DB_INSTANTS, /* struct instant_list timestamptz[] */
	DB_BOOLS,    /* struct bool_list    boolean[] */
	DB_NOTHING   /* no parameter at all: IN_NONE */
};

struct bytes_list {
	const struct bytes *items;
	size_t count;
};
struct int64_list {
	const int64_t *items;
	size_t count;
};
struct int32_list {
	const int32_t *items;
	size_t count;
};
struct int16_list {
	const int16_t *items;
	size_t count;
};
struct instant_list {
	const struct instant *items;
	size_t count;
};
struct bool_list {
	const bool *items;
	size_t count;
};

/* clang-format off */
#define DB_KIND_OF(value) _Generic((value),                                          \
	struct str: DB_TEXT, struct bytes: DB_BYTEA, struct id: DB_UUID,             \
	bool: DB_BOOL, int16_t: DB_INT2, int32_t: DB_INT4, int64_t: DB_INT8,         \
	uint64_t: DB_INT8, struct instant: DB_INSTANT, struct id_list: DB_UUIDS,     \
	struct str_list: DB_TEXTS, struct bytes_list: DB_BYTEAS,                     \
	struct int64_list: DB_INT8S, struct int32_list: DB_INT4S,                    \
	struct int16_list: DB_INT2S, struct instant_list: DB_INSTANTS,               \
	struct bool_list: DB_BOOLS)
/* clang-format on */

struct db_col {
	const char *name;
	enum db_kind kind;
	size_t offset;
};

struct db_result {
	const struct query *query;
	const struct db_col *cols;
	size_t count, row_size;
};

/*
 * Tie the struct `type` to the statement `name`. The pointer is put into a section of its own, which the linker makes
 * into one table of all ties for db_check.
 */
#define DB_COL_(type, field) { #field, DB_KIND_OF(((type *)0)->field), __builtin_offsetof(type, field) },
#define DB_RESULT(name, type, ...)                                                                                     \
	typedef type db_row_type_##name;                                                                               \
	static const struct db_col db_cols_##name[] = { DB_FOR_EACH(DB_COL_, db_row_type_##name, __VA_ARGS__) };       \
	static const struct db_result db_result_##name = { &sql_##name, db_cols_##name, ARRAY_LEN(db_cols_##name),     \
		sizeof(type) };                                                                                        \
	__attribute__((used, retain, section("calends_db_ties"))) static const struct db_result *const db_tie_##name = \
		&db_result_##name

/*
 * Parameters: IN(value) by the C type of the value. NULL is an absent str or bytes, INSTANT_NONE, and a list whose
 * items are NULL; an id that may be none: db_in_id_or_null(); any other: IN_NULL().
 */
struct db_in {
	enum db_kind kind;
	bool null;
	union {
		struct str text;
		struct bytes bytea;
		struct id uuid;
		bool boolean;
		int64_t number;
		struct instant instant;
		struct {
			const void *items;
			size_t count;
		} list;
	};
};

#define IN(value)                                                                                                      \
	_Generic((value), struct str                                                                                   \
		 : db_in_text, struct bytes                                                                            \
		 : db_in_bytes, struct id                                                                              \
		 : db_in_id, bool                                                                                      \
		 : db_in_bool, int16_t                                                                                 \
		 : db_in_int2, int32_t                                                                                 \
		 : db_in_int4, int64_t                                                                                 \
		 : db_in_int8, uint64_t                                                                                \
		 : db_in_uint8, struct instant                                                                         \
		 : db_in_instant, struct id_list                                                                       \
		 : db_in_ids, struct str_list                                                                          \
		 : db_in_texts, struct bytes_list                                                                      \
		 : db_in_byteas, struct int64_list                                                                     \
		 : db_in_int8s, struct int32_list                                                                      \
		 : db_in_int4s, struct int16_list                                                                      \
		 : db_in_int2s, struct instant_list                                                                    \
		 : db_in_instants, struct bool_list                                                                    \
		 : db_in_bools)(value)
struct db_in db_in_text(struct str v);
struct db_in db_in_bytes(struct bytes v);
struct db_in db_in_id(struct id v);
struct db_in db_in_bool(bool v);
struct db_in db_in_int2(int16_t v);
struct db_in db_in_int4(int32_t v);
struct db_in db_in_int8(int64_t v);
struct db_in db_in_uint8(uint64_t v);
struct db_in db_in_instant(struct instant v); /* INSTANT_NONE is NULL */
struct db_in db_in_ids(struct id_list v);     /* items NULL is NULL (not the empty array) */
struct db_in db_in_texts(struct str_list v);
struct db_in db_in_byteas(struct bytes_list v); /* items NULL is NULL; for '{}' give any non-NULL items and count 0 */
struct db_in db_in_int8s(struct int64_list v);
struct db_in db_in_int4s(struct int32_list v);
struct db_in db_in_int2s(struct int16_list v);
struct db_in db_in_instants(struct instant_list v);
struct db_in db_in_bools(struct bool_list v);
/* An absent value of a kind that has no absent form: uuid, numbers, bool. */
#define IN_NULL(kind_) ((struct db_in){ .kind = (kind_), .null = true })
/* In place of parameters, for a statement that has none: db_exec(cx, &sql_x, NULL, IN_NONE). */
#define IN_NONE IN_NULL(DB_NOTHING)
/* A uuid that is NULL when all zero. */
struct db_in db_in_id_or_null(struct id v);

struct db_into {
	const struct db_result *result;
	void *row;
};

#define ROW(name, out) ((struct db_into){ &db_result_##name, (out) })

#define DB_INS_(...)                                                                                                   \
	(const struct db_in[]){ __VA_ARGS__ }, sizeof((const struct db_in[]){ __VA_ARGS__ }) / sizeof(struct db_in)

/*
 * One row. NOT_FOUND when there was none (the first row when there were more).
 * errors  NOT_FOUND; UNAVAILABLE (no connection or no answer before cx->until, database gone, lock time-out, deadlock);
 *         DISK_FULL; CONFLICT (a unique or foreign key was violated); INTERNAL. The statement's name and SQLSTATE are
 * in the error's detail.
 */
#define db_row(cx, query, into, ...) db_row_((cx), (query), (into), DB_INS_(__VA_ARGS__))
MUST_CHECK err_t db_row_(struct ctx *cx, const struct query *q, struct db_into into, const struct db_in *in, size_t n);

/* All rows: *rows_out is an array of the tied struct in cx->mem, *count_out its length. None is no error. */
#define db_rows(cx, query, name, rows_out, count_out, ...)                                                             \
	db_rows_((cx), (query), &db_result_##name, (void **)(rows_out), (count_out), DB_INS_(__VA_ARGS__))
MUST_CHECK err_t db_rows_(struct ctx *cx, const struct query *q, const struct db_result *result, void **rows_out,
	size_t *count_out, const struct db_in *in, size_t n);

/* A statement for its effect. *affected_out (may be NULL): rows touched. */
#define db_exec(cx, query, affected_out, ...) db_exec_((cx), (query), (affected_out), DB_INS_(__VA_ARGS__))
MUST_CHECK err_t db_exec_(
	struct ctx *cx, const struct query *q, size_t *affected_out, const struct db_in *in, size_t n);

/*
 * Tells what this request will ask, so that it costs no round trip of its own: `ahead` goes out with the next
 * statement, which must be a read (the authentication), and when `query` is asked with the values that were prefetched,
 * the rows are there. Else they are thrown away. `ahead` has the columns and the parameters of `query`, and after
 * these its own for what must be true before anything is looked up where nobody has been authenticated yet; later it
 * may be `query` itself. A few at a time; what is one too many is asked when its turn comes.
 */
#define db_prefetch(cx, ahead, query, ...) db_prefetch_((cx), (ahead), (query), DB_INS_(__VA_ARGS__))
void db_prefetch_(
	struct ctx *cx, const struct query *ahead, const struct query *query, const struct db_in *in, size_t n);

/*
 * For what went ahead and is asked in no other way (`ahead` and `query` are one statement): its row, if it went and
 * found one. Which values it had is not looked at: the row says what it is of. Asks nothing.
 */
bool db_row_ahead(struct ctx *cx, const struct query *q, struct db_into into);

/* Beside the n of cx->fail_query (dev builds): the n-th round trip fails INTERNAL after it ran, not UNAVAILABLE before.
 */
#define DB_FAIL_AFTER 0x80000000u

/*
 * A transaction over several statements. BEGIN costs no round trip of its own: it goes with the first statement.
 * Between begin and commit all calls of this ctx use one connection. What ends
 * without db_commit is rolled back by db_end, which the router (and every background round, and the CLI) calls when a
 * ctx ends; call db_rollback to give it up earlier. Not nested.
 */
MUST_CHECK err_t db_begin(struct ctx *cx);
MUST_CHECK err_t db_commit(struct ctx *cx);
/* db_exec and db_commit in one round trip: the last statement of a transaction. Where it fails, nothing is committed.
 */
#define db_exec_commit(cx, query, ...) db_exec_commit_((cx), (query), DB_INS_(__VA_ARGS__))
MUST_CHECK err_t db_exec_commit_(struct ctx *cx, const struct query *q, const struct db_in *in, size_t n);
void db_rollback(struct ctx *cx);
/*
 * For what takes several statements, by itself or as a part of more (a request with an Idempotency-Key has a
 * transaction already): db_join() begins one unless there is one, and tells whether; db_settle() ends that, committed,
 * or with e nothing of it stays. What it joined is left to who began it.
 */
MUST_CHECK err_t db_join(struct ctx *cx, bool *own_out);
MUST_CHECK err_t db_settle(struct ctx *cx, bool own, err_t e);
void db_end(struct ctx *cx);
