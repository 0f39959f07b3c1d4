/* SPDX-License-Identifier: Apache-2.0 */
/* races */
#include "tests/support/database.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <sched.h>

#include "server/db/disk.h"
#include "sql.h"

struct backend {
	int32_t pid;
};
DB_RESULT(t_backend, struct backend, pid);

struct ended {
	int64_t ended;
};
DB_RESULT(t_terminate, struct ended, ended);

struct gone {
	struct str gone;
};
DB_RESULT(t_stop, struct gone, gone);

struct slept {
	struct str slept;
};
DB_RESULT(t_sleep, struct slept, slept);

static int32_t backend_pid(struct ctx *cx)
{
	struct backend got = { 0 };
	assert_ok(db_row(cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE));
	return got.pid;
}

/* Ends every connection of the pool from outside, as a restarting database does. */
static void cut_all(void)
{
	struct ended got;
	struct ctx other = { .mem = test_mem, .now = test_cx.now };
	database_use(&other);
	assert_ok(db_row(&other, &sql_t_terminate, ROW(t_terminate, &got), IN_NONE));
	assert_true(got.ended > 0);
	database_leave(&other);
}

TEST(the_connection_used_last_is_lent_first)
{
	database_use(&test_cx);
	int32_t first = backend_pid(&test_cx);
	assert_ok(db_begin(&test_cx));
	struct ctx other = { .mem = test_mem, .db = test_cx.db };
	int32_t second = backend_pid(&other);
	assert_int_equal(backend_pid(&test_cx), first);
	assert_int_not_equal(first, second);
	assert_ok(db_commit(&test_cx));
	assert_int_equal(backend_pid(&test_cx), first);
	assert_int_equal(db_stats(test_cx.db).open, 2);
	assert_int_equal(db_stats(test_cx.db).busy, 0);
	database_leave(&test_cx);
}

TEST(a_connection_that_the_database_closed_is_replaced)
{
	database_use(&test_cx);
	int32_t before = backend_pid(&test_cx);
	cut_all();
	assert_int_not_equal(backend_pid(&test_cx), before);
	assert_int_equal(db_stats(test_cx.db).reconnects, 1);
	assert_int_equal(db_stats(test_cx.db).failures, 0);
	database_leave(&test_cx);
}

TEST(a_connection_lost_under_a_statement_is_unavailable_and_the_next_works)
{
	struct gone got;
	database_use(&test_cx);
	err_t e = db_row(&test_cx, &sql_t_stop, ROW(t_stop, &got), IN_NONE);
	assert_err(e, UNAVAILABLE);
	assert_true(e->retry_after_s > 0);
	assert_true(backend_pid(&test_cx) > 0);
	database_leave(&test_cx);
}

TEST(a_connection_lost_in_a_transaction_ends_it)
{
	database_use(&test_cx);
	assert_ok(db_begin(&test_cx));
	assert_true(backend_pid(&test_cx) > 0);
	cut_all();
	struct backend got;
	assert_err(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE), UNAVAILABLE);
	assert_err(db_commit(&test_cx), UNAVAILABLE);
	db_end(&test_cx);
	assert_true(backend_pid(&test_cx) > 0);
	assert_int_equal(db_stats(test_cx.db).busy, 0);
	database_leave(&test_cx);
}

TEST(a_wait_for_a_connection_is_bounded)
{
	database_use_with(&test_cx, &(struct db_settings){ .connections = 1, .wait_ms = 50, .prepare = true });
	assert_ok(db_begin(&test_cx));
	struct ctx other = { .mem = test_mem, .db = test_cx.db };
	struct backend got;
	err_t e = db_row(&other, &sql_t_backend, ROW(t_backend, &got), IN_NONE);
	assert_err(e, UNAVAILABLE);
	assert_int_equal(e->retry_after_s, 1);
	assert_int_equal(db_stats(test_cx.db).timeouts, 1);
	assert_int_equal(db_stats(test_cx.db).waiting, 0);
	db_end(&test_cx);
	assert_ok(db_row(&other, &sql_t_backend, ROW(t_backend, &got), IN_NONE));
	database_leave(&test_cx);
}

static void *sleeper(void *pool)
{
	struct ctx cx = { .mem = arena_open(), .db = pool };
	struct slept got;
	err_t e = db_row(&cx, &sql_t_sleep, ROW(t_sleep, &got), IN(20));
	arena_close(cx.mem);
	return e ? pool : NULL;
}

TEST(more_threads_than_connections_take_turns)
{
	pthread_t threads[8];
	void *failed;
	database_use_with(&test_cx, &(struct db_settings){ .connections = 2, .wait_ms = 20000, .prepare = true });
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sleeper, test_cx.db), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	struct db_stats stats = db_stats(test_cx.db);
	assert_int_equal(stats.open, 2);
	assert_int_equal(stats.busy, 0);
	assert_int_equal(stats.statements, 8);
	database_leave(&test_cx);
}

static void *one_more(void *arg)
{
	struct backend got;
	struct ctx *cx = arg;
	return db_row(cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE) ? cx : NULL;
}

/* Whatever one account's requests wait for, there is a connection for the others. */
TEST(an_account_has_its_share_of_the_connections)
{
	database_use_with(&test_cx, &(struct db_settings){ .connections = 4, .wait_ms = 100, .prepare = true });
	const struct id greedy = { { 2 } }, other = { { 4 } };
	struct ctx of[5];
	struct backend got;
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		of[i] = (struct ctx){ .mem = arena_open(), .db = test_cx.db, .account = i < 4 ? greedy : other };
	for (size_t i = 0; i < 3; i++)
		assert_ok(db_begin(&of[i]));
	assert_err(db_row(&of[3], &sql_t_backend, ROW(t_backend, &got), IN_NONE), UNAVAILABLE);
	assert_ok(db_row(&of[4], &sql_t_backend, ROW(t_backend, &got), IN_NONE));
	assert_ok(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE)); /* nobody's: the sign-in, the CLI */

	/* It waits for its own, not for one that is free. */
	pthread_t thread;
	void *failed;
	assert_int_equal(pthread_create(&thread, NULL, one_more, &of[3]), 0);
	while (!db_stats(test_cx.db).waiting)
		sched_yield();
	assert_ok(db_row(&of[4], &sql_t_backend, ROW(t_backend, &got), IN_NONE));
	db_end(&of[0]);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		db_end(&of[i]);
		arena_close(of[i].mem);
	}
	assert_int_equal(db_stats(test_cx.db).busy, 0);
	assert_int_equal(db_stats(test_cx.db).waiting, 0);
	database_leave(&test_cx);
}

TEST(a_database_that_is_not_there_is_unavailable)
{
	struct backend got;
	test_cx.db = db_open(
		&(struct db_settings){ .url = STR("host=/nonexistent dbname=x"), .connections = 1, .wait_ms = 50 });
	for (int i = 0; i < 3; i++) /* each try gives its right back */
		assert_err(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE), UNAVAILABLE);
	assert_int_equal(db_stats(test_cx.db).open, 0);
	database_leave(&test_cx);
}

/* As if it stood still, the answer comes too late. */
TEST(a_late_answer_is_unavailable_and_its_connection_is_thrown_away)
{
	struct slept got;
	database_use_with(&test_cx, &(struct db_settings){ .connections = 3, .wait_ms = 100, .prepare = true });
	(void)!db_check(&test_cx);  /* the types of parameters are known, as in a server; t_renamed does not fit */
	struct ctx other = test_cx; /* two more, which stand idle meanwhile */
	assert_ok(db_begin(&other));
	int32_t before = backend_pid(&test_cx);
	assert_ok(db_commit(&other));

	ctx_begin(&test_cx, 50);
	uint64_t begun = clock_monotonic_ms();
	err_t e = db_row(&test_cx, &sql_t_sleep, ROW(t_sleep, &got), IN(20000));
	assert_err(e, UNAVAILABLE);
	assert_true(e->retry_after_s > 0);
	assert_true(clock_monotonic_ms() - begun < 10000);
	assert_int_equal(db_stats(test_cx.db).late, 1);

	ctx_begin(&test_cx, PATIENCE_DEFAULT_MS);
	assert_int_not_equal(backend_pid(&test_cx), before);
	assert_int_equal(db_stats(test_cx.db).open, 1); /* those of that time went with it */
	database_leave(&test_cx);
}

TEST(a_wait_for_a_connection_ends_with_the_request_s_deadline)
{
	database_use_with(&test_cx, &(struct db_settings){ .connections = 1, .wait_ms = 60000, .prepare = true });
	struct ctx other = test_cx;
	struct backend got;
	assert_ok(db_begin(&other));
	ctx_begin(&test_cx, 50);
	uint64_t begun = clock_monotonic_ms();
	assert_err(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE), UNAVAILABLE);
	assert_true(clock_monotonic_ms() - begun < 10000);
	db_end(&other);
	database_leave(&test_cx);
}

TEST(a_low_disk_refuses_what_is_stored_and_nothing_else)
{
	struct backend got;
	database_use(&test_cx);
	(void)!db_check(&test_cx); /* the types of parameters are known, as in a server; t_renamed does not fit */
	db_disk_low(test_cx.db, true);
	assert_err(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE), DISK_FULL);
	assert_ok(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE));
	db_disk_low(test_cx.db, false);
	assert_ok(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE));
	database_leave(&test_cx);
}

TEST(the_mark_of_the_disk_has_two_sides)
{
	database_use(&test_cx);
	struct disk_watch watch = { .folder = database_folder, .low_bytes = UINT64_MAX / 4 };
	assert_ok(disk_measure(&test_cx, &watch));
	assert_true(db_disk_is_low(test_cx.db));
	watch.low_bytes = 0; /* never: what was, stays */
	assert_ok(disk_measure(&test_cx, &watch));
	assert_true(db_disk_is_low(test_cx.db));
	watch.low_bytes = 1;
	assert_ok(disk_measure(&test_cx, &watch));
	assert_false(db_disk_is_low(test_cx.db));
	watch.folder = "/nowhere";
	assert_err(disk_measure(&test_cx, &watch), INTERNAL);
	database_leave(&test_cx);
}

/* F53, two faults: it fills up again, and once while the database gives no connection either. */
TEST(a_disk_that_fills_up_again_is_refused_again_also_beside_a_database_that_stands_still)
{
	struct backend got;
	database_use_with(&test_cx, &(struct db_settings){ .connections = 1, .wait_ms = 60000, .prepare = true });
	(void)!db_check(&test_cx);
	struct disk_watch full = { .folder = database_folder, .low_bytes = UINT64_MAX / 4 };
	struct disk_watch roomy = { .folder = database_folder, .low_bytes = 1 };
	for (int round = 0; round < 3; round++) {
		assert_ok(disk_measure(&test_cx, &full));
		assert_err(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE), DISK_FULL);
		assert_ok(disk_measure(&test_cx, &roomy));
		assert_ok(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE));
	}

	struct ctx other = test_cx; /* holds the only connection */
	assert_ok(db_begin(&other));
	assert_ok(disk_measure(&test_cx, &full)); /* asks no database */
	ctx_begin(&test_cx, 50);
	assert_err(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE), DISK_FULL); /* at once, and for the right reason */
	assert_err(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE), UNAVAILABLE);
	db_end(&other);
	ctx_begin(&test_cx, PATIENCE_DEFAULT_MS);
	assert_err(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE), DISK_FULL);
	assert_ok(db_row(&test_cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE));
	assert_ok(disk_measure(&test_cx, &roomy));
	assert_ok(db_exec(&test_cx, &sql_t_store, NULL, IN_NONE));
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(the_connection_used_last_is_lent_first), RUN(a_connection_that_the_database_closed_is_replaced),
	RUN(a_connection_lost_under_a_statement_is_unavailable_and_the_next_works),
	RUN(a_connection_lost_in_a_transaction_ends_it), RUN(a_wait_for_a_connection_is_bounded),
	RUN(more_threads_than_connections_take_turns), RUN(an_account_has_its_share_of_the_connections),
	RUN(a_database_that_is_not_there_is_unavailable),
	RUN(a_late_answer_is_unavailable_and_its_connection_is_thrown_away),
	RUN(a_wait_for_a_connection_ends_with_the_request_s_deadline),
	RUN(a_low_disk_refuses_what_is_stored_and_nothing_else), RUN(the_mark_of_the_disk_has_two_sides),
	RUN(a_disk_that_fills_up_again_is_refused_again_also_beside_a_database_that_stands_still))
