/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/db/complaint_private.h"

static struct str told(const char *said, bool disk_is_full)
{
	return complaint_text(test_mem,
		&(struct complaint){ "/data", "/data/postgres.log", "did not start", str_of(said), disk_is_full });
}

TEST(a_start_that_failed_is_told_in_the_database_s_own_words)
{
	assert_str(told("2026-11-28 LOG:  starting\n2026-11-28 FATAL:  one\n2026-11-28 HINT:  x\nPANIC:  two\n", false),
		STR("The private PostgreSQL in /data did not start: 2026-11-28 FATAL:  one; PANIC:  two."));
	assert_str(told("\n a line of no weight \n", false),
		STR("The private PostgreSQL in /data did not start: a line of no weight."));
}

TEST(what_said_nothing_is_told_to_have_said_nothing) /* F55: "did not start: ." */
{
	static const char *const empty[] = { "", "\n", " \n \n" };
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		assert_str(told(empty[i], false),
			STR("The private PostgreSQL in /data did not start and said nothing. See /data/postgres.log."));
}

TEST(more_shared_memory_is_asked_for_where_there_was_too_little_alone) /* F55 */
{
	static const struct {
		const char *said, *hint;
	} cases[] = {
		{ "FATAL:  could not create shared memory segment: Cannot allocate memory", "more shared memory." },
		{ "FATAL:  could not map anonymous shared memory: Cannot allocate memory", "more shared memory." },
		{ "FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use", NULL },
		{ "FATAL:  shared memory block has been removed", NULL },
		{ "FATAL:  could not create lock file \"/data/run/.s.PGSQL.5432.lock\"",
			"stop it, or choose another --data-dir." },
		{ "LOG:  could not bind Unix address: Address already in use",
			"stop it, or choose another --data-dir." },
		{ "FATAL:  could not write lock file \"postmaster.pid\": No space left on device",
			"free some space and start again." },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str text = told(cases[i].said, false);
		struct str end = str_of(
			cases[i].hint ? cases[i].hint : str_c(test_mem, str_fmt(test_mem, "%s.", cases[i].said)));
		if (!str_ends(text, end))
			fail_msg("%s: %.*s", cases[i].said, STR_ARG(text));
	}
}

TEST(a_full_disk_is_told_whatever_was_said)
{
	assert_true(str_ends(
		told("FATAL:  could not create shared memory segment", true), STR("free some space and start again.")));
	assert_str(told("", true),
		STR("The private PostgreSQL in /data did not start and said nothing. The disk is full: free some space "
		    "and start again. See /data/postgres.log."));
}

TESTS(RUN(a_start_that_failed_is_told_in_the_database_s_own_words), RUN(what_said_nothing_is_told_to_have_said_nothing),
	RUN(more_shared_memory_is_asked_for_where_there_was_too_little_alone),
	RUN(a_full_disk_is_told_whatever_was_said))
