/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/store/store.h"

static struct str url = STR_INIT("https://cal.example.org");

TEST(a_token_is_a_uri_and_comes_back_as_it_was) /* RFC 6578 §4 */
{
	struct sync_token t = { .calendar = id_new(test_cx.now), .modseq = 42 }, back;
	struct str text = sync_token_text(test_mem, url, t);
	assert_true(str_starts(text, STR("https://cal.example.org/")));
	assert_true(sync_token_parse(text, &back));
	assert_true(id_eq(back.calendar, t.calendar));
	assert_int_equal(back.modseq, 42);
	assert_int_equal(back.base, 0);

	t.base = INT64_MAX;
	assert_true(sync_token_parse(sync_token_text(test_mem, url, t), &back));
	assert_true(back.base == INT64_MAX);
}

TEST(foreign_and_malformed_tokens_are_refused)
{
	const char *id = str_c(test_mem, id_text(test_mem, "cal", id_new(test_cx.now)));
	const char *bad[] = { "", "7D5F6B3A-0000-4000-8000-000000000000", "https://cal.example.org/dav/sync/",
		"https://cal.example.org/dav/sync/cal_x/1" };
	static const char *const tails[] = { "", "/", "/0", "/-1", "/+1", "/01", "/1/", "/1/0", "/5/4", "/1/2/3", "/1x",
		"/9223372036854775808", "/1 " };
	struct sync_token t;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(sync_token_parse(str_of(bad[i]), &t));
	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (sync_token_parse(str_fmt(test_mem, "http://x/dav/sync/%s%s", id, tails[i]), &t))
			fail_msg("accepted: %s", tails[i]);
}

TEST(the_token_of_a_cut_first_sync_remembers_where_it_began)
{
	struct sync_token first = sync_token_next((struct sync_token){ 0 }, 100, 10, true);
	assert_int_equal(first.modseq, 10);
	assert_int_equal(first.base, 100); /* tombstones up to here were never seen by this client */
	struct sync_token second = sync_token_next(first, 120, 30, true);
	assert_int_equal(second.modseq, 30);
	assert_int_equal(second.base, 100);
	struct sync_token third = sync_token_next(second, 120, 110, true);
	assert_int_equal(third.base, 0);
	struct sync_token last = sync_token_next(second, 120, 0, false);
	assert_int_equal(last.modseq, 120);
	assert_int_equal(last.base, 0);
}

TESTS(RUN(a_token_is_a_uri_and_comes_back_as_it_was), RUN(foreign_and_malformed_tokens_are_refused),
	RUN(the_token_of_a_cut_first_sync_remembers_where_it_began))
