/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/database.h"
#include "tests/support/test.h"

#include "server/db/migrate.h"
#include "server/db/pool.h"
#include "sql.h"

struct values {
	struct str a_text;
	struct bytes a_bytea;
	struct id an_id;
	bool a_bool;
	int16_t an_int2;
	int32_t an_int4;
	int64_t an_int8;
	struct instant an_instant;
};
DB_RESULT(t_values, struct values, a_text, a_bytea, an_id, a_bool, an_int2, an_int4, an_int8, an_instant);

struct lists {
	struct str_list texts;
	struct bytes_list byteas;
	struct id_list ids;
	struct bool_list bools;
	struct int16_list int2s;
	struct int32_list int4s;
	struct int64_list int8s;
	struct instant_list instants;
};
DB_RESULT(t_lists, struct lists, texts, byteas, ids, bools, int2s, int4s, int8s, instants);

struct literals {
	struct str json, address;
	int64_t seconds;
};
DB_RESULT(t_literals, struct literals, json, address, seconds);

struct numbered {
	int32_t n;
	struct str label;
};
DB_RESULT(t_count, struct numbered, n, label);
DB_RESULT(t_tell_t_divisor, struct numbered, n, label);

struct counted {
	int32_t count;
};
DB_RESULT(t_throttle_count, struct counted, count);

struct settings {
	struct str plans, zone;
};
DB_RESULT(t_settings, struct settings, plans, zone);

static const uint8_t subject_octets[32] = "one subject of thirty-two octets";

static struct bytes subject(uint8_t last)
{
	uint8_t *octets = arena_array(test_mem, uint8_t, 32);
	memcpy(octets, subject_octets, 32);
	octets[31] = last;
	return bytes_of(octets, 32);
}

static err_t throttle_add(struct bytes of, int32_t count)
{
	return db_exec(&test_cx, &sql_t_throttle_add, NULL, IN(of), IN(count));
}

static int32_t throttle_count(struct bytes of)
{
	struct counted got = { -1 };
	err_t e = db_row(&test_cx, &sql_t_throttle_count, ROW(t_throttle_count, &got), IN(of));
	return e ? -1 : got.count;
}

TEST(values_of_every_kind_come_back_as_they_went)
{
	struct values got;
	struct id id = id_new(test_cx.now);
	static const uint8_t octets[] = { 0, 1, 0xFF, 0 };
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_values, ROW(t_values, &got), IN(STR("zwölf")), IN(bytes_of(octets, 4)),
		IN(id), IN(true), IN((int16_t)-32768), IN((int32_t)-1), IN(INT64_MAX), IN(test_cx.now)));
	assert_str(got.a_text, STR("zwölf"));
	assert_int_equal(got.a_bytea.len, 4);
	assert_memory_equal(got.a_bytea.ptr, octets, 4);
	assert_true(id_eq(got.an_id, id));
	assert_true(got.a_bool);
	assert_int_equal(got.an_int2, -32768);
	assert_int_equal(got.an_int4, -1);
	assert_int_equal(got.an_int8, INT64_MAX);
	assert_int_equal(got.an_instant.us, test_cx.now.us);
	assert_int_equal(test_cx.round_trips, 1);
	database_leave(&test_cx);
}

TEST(null_is_absent_in_both_directions)
{
	struct values got;
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_values, ROW(t_values, &got), IN(STR_ABSENT), IN(((struct bytes){ 0 })),
		IN_NULL(DB_UUID), IN_NULL(DB_BOOL), IN_NULL(DB_INT2), IN_NULL(DB_INT4), IN_NULL(DB_INT8),
		IN(INSTANT_NONE)));
	assert_null(got.a_text.ptr);
	assert_null(got.a_bytea.ptr);
	assert_true(id_is_zero(got.an_id));
	assert_false(got.a_bool);
	assert_int_equal(got.an_int8, 0);
	assert_true(instant_is_none(got.an_instant));
	database_leave(&test_cx);
}

TEST(empty_is_not_absent)
{
	struct values got;
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_values, ROW(t_values, &got), IN(STR("")), IN(bytes_of("", 0)),
		db_in_id_or_null((struct id){ 0 }), IN(false), IN((int32_t)3), IN(INT64_C(4)), IN((int16_t)5),
		IN(INSTANT_FOREVER)));
	assert_non_null(got.a_text.ptr);
	assert_int_equal(got.a_text.len, 0);
	assert_non_null(got.a_bytea.ptr);
	assert_int_equal(got.an_int2, 3); /* numbers go in the width that the statement asks for */
	assert_int_equal(got.an_int4, 4);
	assert_int_equal(got.an_int8, 5);
	assert_int_equal(got.an_instant.us, INSTANT_FOREVER.us);
	database_leave(&test_cx);
}

TEST(lists_come_back_as_they_went)
{
	struct lists got;
	const struct str texts[] = { STR("a"), STR_ABSENT, STR("") };
	const struct bytes byteas[] = { { (const uint8_t *)"\0x", 2 } };
	const struct id ids[] = { id_new(test_cx.now), id_new(test_cx.now) };
	const bool bools[] = { true, false };
	const int16_t int2s[] = { -1 };
	const int32_t int4s[] = { 1, 2, 3 };
	const int64_t int8s[] = { INT64_MIN };
	const struct instant instants[] = { test_cx.now, INSTANT_NONE, INSTANT_BEFORE };
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_lists, ROW(t_lists, &got), IN(((struct str_list){ texts, 3 })),
		IN(((struct bytes_list){ byteas, 1 })), IN(((struct id_list){ ids, 2 })),
		IN(((struct bool_list){ bools, 2 })), IN(((struct int16_list){ int2s, 1 })),
		IN(((struct int32_list){ int4s, 3 })), IN(((struct int64_list){ int8s, 1 })),
		IN(((struct instant_list){ instants, 3 }))));
	assert_int_equal(got.texts.count, 3);
	assert_str(got.texts.items[0], STR("a"));
	assert_null(got.texts.items[1].ptr);
	assert_non_null(got.texts.items[2].ptr);
	assert_int_equal(got.byteas.items[0].len, 2);
	assert_true(id_eq(got.ids.items[1], ids[1]));
	assert_true(got.bools.items[0]);
	assert_false(got.bools.items[1]);
	assert_int_equal(got.int2s.items[0], -1);
	assert_int_equal(got.int4s.items[2], 3);
	assert_true(got.int8s.items[0] == INT64_MIN);
	assert_int_equal(got.instants.count, 3);
	assert_true(instant_is_none(got.instants.items[1]));
	assert_true(got.instants.items[2].us == INSTANT_BEFORE.us);
	database_leave(&test_cx);
}

TEST(an_empty_list_is_not_an_absent_one)
{
	struct lists got;
	const struct str none[1] = { 0 };
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_lists, ROW(t_lists, &got), IN(((struct str_list){ none, 0 })),
		IN(((struct bytes_list){ 0 })), IN(((struct id_list){ 0 })), IN(((struct bool_list){ 0 })),
		IN(((struct int16_list){ 0 })), IN(((struct int32_list){ 0 })), IN(((struct int64_list){ 0 })),
		IN(((struct instant_list){ 0 }))));
	assert_non_null(got.texts.items);
	assert_int_equal(got.texts.count, 0);
	assert_null(got.ids.items);
	database_leave(&test_cx);
}

TEST(text_for_another_type_is_read_by_the_database)
{
	struct literals got;
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_literals, ROW(t_literals, &got), IN(STR("{\"a\": \"b\"}")), IN(STR("::1")),
		IN(STR("90s"))));
	assert_str(got.json, STR("b"));
	assert_str(got.address, STR("::1"));
	assert_int_equal(got.seconds, 90);
	assert_err(db_row(&test_cx, &sql_t_literals, ROW(t_literals, &got), IN(STR("{}\0")), IN(STR("::1")),
			   IN(STR("90s"))),
		INVALID_VALUE);
	database_leave(&test_cx);
}

TEST(rows_are_an_array_and_none_is_no_error)
{
	struct numbered *rows;
	size_t count;
	database_use(&test_cx);
	assert_ok(db_rows(&test_cx, &sql_t_count, t_count, &rows, &count, IN(3000)));
	assert_int_equal(count, 3000);
	assert_int_equal(rows[2999].n, 3000);
	assert_str(rows[2999].label, STR("row 3000"));
	assert_ok(db_rows(&test_cx, &sql_t_count, t_count, &rows, &count, IN(0)));
	assert_int_equal(count, 0);
	assert_err(db_row(&test_cx, &sql_t_count, ROW(t_count, rows), IN(0)), NOT_FOUND);
	database_leave(&test_cx);
}

TEST(violated_keys_are_conflicts)
{
	database_use(&test_cx);
	assert_ok(throttle_add(subject('c'), 1));
	assert_err(throttle_add(subject('c'), 2), CONFLICT);
	assert_err(db_exec(&test_cx, &sql_t_orphan_secret, NULL, IN(id_new(test_cx.now)), IN(subject('x'))), CONFLICT);
	assert_err(throttle_add(bytes_of("short", 5), 2), INTERNAL); /* a CHECK: our own mistake */
	assert_int_equal(throttle_count(subject('c')), 1);
	database_leave(&test_cx);
}

TEST(errors_name_the_statement_and_never_the_value)
{
	database_use(&test_cx);
	err_t e = db_exec(&test_cx, &sql_t_bad_number, NULL, IN(STR("sk_live_secret")));
	assert_err(e, INTERNAL);
	assert_true(str_starts(e->detail, STR("t_bad_number: 22P02")));
	assert_int_equal(str_find(e->detail, STR("secret")), SIZE_MAX);
	database_leave(&test_cx);
}

TEST(a_transaction_that_ends_without_commit_is_rolled_back)
{
	database_use(&test_cx);
	assert_ok(db_begin(&test_cx));
	assert_ok(throttle_add(subject('t'), 1));
	assert_int_equal(throttle_count(subject('t')), 1);
	db_end(&test_cx);
	assert_int_equal(throttle_count(subject('t')), -1);
	database_leave(&test_cx);
}

TEST(begin_costs_no_round_trip)
{
	database_use(&test_cx);
	assert_ok(db_begin(&test_cx));
	assert_ok(throttle_add(subject('b'), 1));
	assert_ok(throttle_add(subject('B'), 2));
	assert_ok(db_commit(&test_cx));
	assert_int_equal(test_cx.round_trips, 3);
	assert_int_equal(throttle_count(subject('B')), 2);
	assert_null(test_cx.tx);
	assert_ok(db_begin(&test_cx)); /* nothing done, nothing sent */
	assert_ok(db_commit(&test_cx));
	assert_int_equal(test_cx.round_trips, 4);
	database_leave(&test_cx);
}

TEST(a_commit_after_a_failed_statement_is_an_error)
{
	database_use(&test_cx);
	assert_ok(db_begin(&test_cx));
	assert_ok(throttle_add(subject('f'), 1));
	assert_err(throttle_add(subject('f'), 2), CONFLICT);
	assert_err(db_commit(&test_cx), INTERNAL);
	db_end(&test_cx);
	assert_int_equal(throttle_count(subject('f')), -1);
	database_leave(&test_cx);
}

TEST(a_query_made_to_fail_before_it_is_sent_changes_nothing)
{
	database_use(&test_cx);
	test_cx.fail_query = 2;
	assert_ok(throttle_add(subject('1'), 1));
	assert_err(throttle_add(subject('2'), 1), UNAVAILABLE);
	assert_ok(throttle_add(subject('3'), 1));
	assert_int_equal(throttle_count(subject('2')), -1);
	database_leave(&test_cx);
}

TEST(a_query_made_to_fail_after_it_ran_is_rolled_back_with_its_transaction)
{
	database_use(&test_cx);
	test_cx.fail_query = 2 | DB_FAIL_AFTER;
	assert_ok(db_begin(&test_cx));
	assert_ok(throttle_add(subject('4'), 1));
	assert_err(throttle_add(subject('5'), 1), INTERNAL);
	db_end(&test_cx);
	assert_int_equal(throttle_count(subject('4')), -1);
	database_leave(&test_cx);
}

TEST(sessions_force_generic_plans_and_utc)
{
	struct settings got;
	database_use(&test_cx);
	assert_ok(db_row(&test_cx, &sql_t_settings, ROW(t_settings, &got), IN_NONE));
	assert_str(got.plans, STR("force_generic_plan"));
	assert_str(got.zone, STR("UTC"));
	database_leave(&test_cx);
}

TEST(statements_run_unprepared_too)
{
	struct numbered got;
	database_use_with(&test_cx, &(struct db_settings){ .connections = 1, .wait_ms = 100, .prepare = false });
	assert_ok(db_begin(&test_cx));
	assert_ok(db_row(&test_cx, &sql_t_count, ROW(t_count, &got), IN(1)));
	assert_ok(db_commit(&test_cx));
	assert_str(got.label, STR("row 1"));
	database_leave(&test_cx);
}

/* The label of the first of `n` rows, after a statement before it; what was prefetched is for 2 rows. */
static struct str label_after_prefetching(int32_t divisor, int32_t n, unsigned *round_trips)
{
	struct numbered *rows;
	struct settings any;
	size_t count;
	unsigned before = test_cx.round_trips;
	db_prefetch(&test_cx, &sql_t_tell_t_divisor, &sql_t_count, IN((int32_t)2), IN(divisor));
	assert_ok(db_row(&test_cx, &sql_t_settings, ROW(t_settings, &any), IN_NONE));
	assert_ok(db_rows(&test_cx, &sql_t_count, t_count, &rows, &count, IN(n)));
	assert_int_equal(count, n);
	*round_trips = test_cx.round_trips - before;
	return rows[0].label;
}

TEST(what_was_prefetched_costs_no_round_trip_and_counts_for_the_same_values_alone)
{
	unsigned trips;
	database_use(&test_cx);
	assert_ok(db_check(&test_cx));            /* the types of parameters are known, as in a server */
	for (int again = 0; again < 2; again++) { /* to be prepared, and prepared */
		assert_str(label_after_prefetching(1, 2, &trips), STR("ahead 1"));
		assert_int_equal(trips, 1);
		assert_str(label_after_prefetching(1, 3, &trips), STR("row 1"));
		assert_int_equal(trips, 2);
	}
	assert_str(label_after_prefetching(0, 2, &trips), STR("row 1")); /* it failed: asked again */
	assert_int_equal(trips, 2);
	database_leave(&test_cx);
}

TEST(what_only_goes_ahead_is_there_once_and_never_asked)
{
	struct numbered got;
	struct settings any;
	database_use(&test_cx);
	assert_ok(db_check(&test_cx));
	assert_false(db_row_ahead(&test_cx, &sql_t_count, ROW(t_count, &got)));
	for (int32_t rows = 0; rows < 2; rows++) {
		unsigned before = test_cx.round_trips;
		db_prefetch(&test_cx, &sql_t_count, &sql_t_count, IN(rows));
		assert_false(db_row_ahead(&test_cx, &sql_t_count, ROW(t_count, &got))); /* it has not gone yet */
		assert_ok(db_row(&test_cx, &sql_t_settings, ROW(t_settings, &any), IN_NONE));
		assert_int_equal(db_row_ahead(&test_cx, &sql_t_count, ROW(t_count, &got)), rows);
		assert_false(db_row_ahead(&test_cx, &sql_t_count, ROW(t_count, &got)));
		assert_int_equal(test_cx.round_trips - before, 1);
	}
	assert_str(got.label, STR("row 1"));
	database_leave(&test_cx);
}

TEST(every_statement_fits_its_struct)
{
	database_use(&test_cx);
	assert_ok(db_check(&test_cx));
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(values_of_every_kind_come_back_as_they_went), RUN(null_is_absent_in_both_directions),
	RUN(empty_is_not_absent), RUN(lists_come_back_as_they_went), RUN(an_empty_list_is_not_an_absent_one),
	RUN(text_for_another_type_is_read_by_the_database), RUN(rows_are_an_array_and_none_is_no_error),
	RUN(violated_keys_are_conflicts), RUN(errors_name_the_statement_and_never_the_value),
	RUN(a_transaction_that_ends_without_commit_is_rolled_back), RUN(begin_costs_no_round_trip),
	RUN(a_commit_after_a_failed_statement_is_an_error), RUN(a_query_made_to_fail_before_it_is_sent_changes_nothing),
	RUN(a_query_made_to_fail_after_it_ran_is_rolled_back_with_its_transaction),
	RUN(sessions_force_generic_plans_and_utc), RUN(statements_run_unprepared_too),
	RUN(what_was_prefetched_costs_no_round_trip_and_counts_for_the_same_values_alone),
	RUN(what_only_goes_ahead_is_there_once_and_never_asked), RUN(every_statement_fits_its_struct))
