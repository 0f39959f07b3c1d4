/* SPDX-License-Identifier: Apache-2.0 */
/* A database at the start, which is checked and migrated, and what housekeeping does in it. */
#include "tests/support/database.h"
#include "tests/support/test.h"

#include "server/db/housekeeping.h"
#include "sql.h"

struct rows {
	int64_t rows;
};
DB_RESULT(t_token_count, struct rows, rows);
DB_RESULT(t_outbox_left, struct rows, rows);
DB_RESULT(t_outbox_oldest, struct rows, rows);

struct partition {
	struct str partition;
};
DB_RESULT(t_outbox_partitions, struct partition, partition);

/* Wrong in every way that db_check must tell: another name, another type. */
struct renamed {
	int64_t old_name;
	int32_t number;
};
DB_RESULT(t_renamed, struct renamed, old_name, number);

TEST(the_check_names_every_column_that_does_not_fit)
{
	database_use(&test_cx);
	err_t e = db_check(&test_cx);
	assert_err(e, INTERNAL);
	assert_int_not_equal(str_find(e->detail, STR("t_renamed: column 1 is new_name")), SIZE_MAX);
	assert_int_not_equal(str_find(e->detail, STR("column 2 is number of type 25")), SIZE_MAX);
	assert_true(str_starts(e->detail, STR("2 statements")));
	database_leave(&test_cx);
}

TEST(migrating_again_changes_nothing)
{
	int applied = -1;
	assert_ok(db_migrate(&test_cx, database_url, (struct bytes){ 0 }, &applied));
	assert_int_equal(applied, 0);
}

static int64_t tokens(void)
{
	struct rows got;
	assert_ok(db_row(&test_cx, &sql_t_token_count, ROW(t_token_count, &got), IN_NONE));
	return got.rows;
}

/* Hours 0 and 1 hold tokens that may live, hour -1 those that just ended and are told from unknown ones. */
TEST(housekeeping_empties_the_idle_slot_of_the_token_ring)
{
	database_use(&test_cx);
	for (int32_t hour = -2; hour <= 1; hour++)
		assert_ok(db_exec(&test_cx, &sql_t_token_add, NULL, IN(hour)));
	assert_ok(housekeeping(&test_cx, NULL));
	assert_int_equal(tokens(), 3);
	assert_ok(housekeeping(&test_cx, NULL));
	assert_int_equal(tokens(), 3);
	database_leave(&test_cx);
}

TEST(housekeeping_never_empties_a_slot_with_a_token_of_the_future)
{
	database_use(&test_cx);
	assert_ok(db_exec(&test_cx, &sql_t_token_add, NULL, IN(2))); /* some clock is wrong */
	assert_ok(db_exec(&test_cx, &sql_t_token_add, NULL, IN(-2)));
	int64_t before = tokens();
	assert_ok(housekeeping(&test_cx, NULL));
	assert_int_equal(tokens(), before);
	database_leave(&test_cx);
}

TEST(housekeeping_gives_each_day_of_the_outbox_its_partition)
{
	struct partition *partitions;
	size_t count;
	database_use(&test_cx);
	assert_ok(housekeeping(&test_cx, NULL));
	assert_ok(db_exec(&test_cx, &sql_t_outbox_add, NULL, IN(0)));
	assert_ok(db_exec(&test_cx, &sql_t_outbox_add, NULL, IN(9)));
	assert_ok(db_rows(&test_cx, &sql_t_outbox_partitions, t_outbox_partitions, &partitions, &count, IN_NONE));
	assert_int_equal(count, 2);
	assert_true(str_starts(partitions[0].partition, STR("outbox_2")));
	assert_str(partitions[1].partition, STR("outbox_default"));
	/* What went to the default partition is moved when its day comes near. */
	assert_ok(db_exec(&test_cx, &sql_outbox_partitions, NULL, IN(10), IN(30)));
	assert_ok(db_rows(&test_cx, &sql_t_outbox_partitions, t_outbox_partitions, &partitions, &count, IN_NONE));
	assert_true(str_starts(partitions[1].partition, STR("outbox_2")));
	database_leave(&test_cx);
}

/* The rows of one account are bounded, whatever it writes in the days that are kept. */
TEST(of_the_outbox_an_account_keeps_its_newest_rows)
{
	struct rows got;
	database_use(&test_cx);
	assert_ok(db_exec(&test_cx, &sql_t_outbox_fill, NULL, IN(7)));
	for (int32_t left = 7; left > 3; left -= left > 5 ? 2 : 1) {
		assert_ok(db_exec(&test_cx, &sql_outbox_trim, NULL, IN(4), IN(2)));
		assert_ok(db_row(&test_cx, &sql_t_outbox_left, ROW(t_outbox_left, &got), IN_NONE));
		assert_int_equal(got.rows, left - 2 > 4 ? left - 2 : 4);
	}
	assert_ok(db_row(&test_cx, &sql_t_outbox_oldest, ROW(t_outbox_oldest, &got), IN_NONE));
	assert_int_equal(got.rows, 4);
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(the_check_names_every_column_that_does_not_fit), RUN(migrating_again_changes_nothing),
	RUN(housekeeping_empties_the_idle_slot_of_the_token_ring),
	RUN(housekeeping_never_empties_a_slot_with_a_token_of_the_future),
	RUN(housekeeping_gives_each_day_of_the_outbox_its_partition),
	RUN(of_the_outbox_an_account_keeps_its_newest_rows))
