/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/base/clock.h"

/* As the C library has it. */
static struct str by_strftime(struct instant t, int64_t micros)
{
	char text[64], whole[96];
	time_t s = (time_t)instant_s(t);
	struct tm tm;
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
	snprintf(whole, sizeof whole, micros ? "%s.%06dZ" : "%sZ", text, (int)micros);
	return str_dup(test_mem, str_of(whole));
}

static void check(int64_t s, int64_t micros)
{
	struct instant t = { s * US_PER_S + micros }, back;
	struct str text = instant_rfc3339(test_mem, t);
	assert_str(text, by_strftime(t, micros));
	assert_int_equal(text.ptr[text.len], 0);
	assert_true(instant_from_rfc3339(text, &back));
	assert_int_equal(back.us, t.us);
}

TEST(an_instant_is_written_as_rfc_3339_has_it)
{
	const int64_t first = INT64_C(-30610224000), last = INT64_C(253402300799); /* years 1000 to 9999 */
	const int64_t seconds[] = { first, -1, 0, 1, 951782399, 951782400, 1767225599, 1767225600, last };
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++)
		check(seconds[i], 0);
	for (uint64_t i = 1, seed = 7; i < 5000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		check(first + (int64_t)((seed >> 16) % (uint64_t)(last - first)),
			(seed >> 8) % 3 ? 0 : (int64_t)(seed % 1000000));
	}
}

TEST(a_year_of_five_digits_is_written_whole)
{
	assert_str(instant_rfc3339(test_mem, instant_of_s(INT64_C(253402300800))), STR("10000-01-01T00:00:00Z"));
	assert_str(instant_rfc3339(test_mem, (struct instant){ INT64_C(253402300800) * US_PER_S + 5 }),
		STR("10000-01-01T00:00:00.000005Z"));
}

TEST(seconds_that_no_instant_holds_are_its_ends)
{
	assert_true(instant_of_s(INT64_C(604801798156800)).us == INSTANT_FOREVER.us);
	assert_true(instant_of_s(INT64_C(-604801798156800)).us == INSTANT_BEFORE.us);
}

TEST(days_and_their_names_go_on_before_1970)
{
	/* 1969-12-31 was a Wednesday; 2026-11-24 a Tuesday; 1899-12-31 a Sunday. */
	const struct {
		int64_t s, day;
		int weekday;
	} rows[] = { { -1, -1, 2 }, { -DAY_S, -1, 2 }, { -DAY_S - 1, -2, 1 }, { 0, 0, 3 }, { DAY_S - 1, 0, 3 },
		{ DAY_S, 1, 4 }, { INT64_C(1795478400), 20781, 1 }, { INT64_C(-2209075200), -25568, 6 } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(floor_div(rows[i].s, DAY_S), rows[i].day);
		assert_int_equal(floor_div(rows[i].s, DAY_S) * DAY_S + floor_mod(rows[i].s, DAY_S), rows[i].s);
		assert_in_range(floor_mod(rows[i].s, DAY_S), 0, DAY_S - 1);
		assert_int_equal(day_of_week(rows[i].day), rows[i].weekday);
	}
}

TEST(seconds_are_put_in_order)
{
	int64_t all[] = { 3, INT64_MAX, -1, 0, INT64_MIN, 3 };
	const int64_t sorted[] = { INT64_MIN, -1, 0, 3, 3, INT64_MAX };
	qsort(all, ARRAY_LEN(all), sizeof *all, int64_cmp);
	assert_memory_equal(all, sorted, sizeof all);
}

TEST(an_http_date_has_the_name_of_its_day)
{
	const struct {
		int64_t s;
		const char *text;
	} rows[] = { { 0, "Thu, 01 Jan 1970 00:00:00 GMT" }, { -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" }, /* RFC 9110 5.6.7 */
		{ INT64_C(1795478400), "Tue, 24 Nov 2026 00:00:00 GMT" } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_str(instant_imf(test_mem, instant_of_s(rows[i].s)), str_of(rows[i].text));
}

TEST(a_formatted_text_is_whole_however_long)
{
	char long_text[600];
	memset(long_text, 'x', sizeof long_text);
	for (int len = 0; len < (int)sizeof long_text; len++) {
		struct str text = str_fmt(test_mem, "%.*s!", len, long_text);
		assert_int_equal(text.len, len + 1);
		assert_int_equal(text.ptr[len], '!');
		assert_int_equal(text.ptr[len + 1], 0);
	}
}

TESTS(RUN(an_instant_is_written_as_rfc_3339_has_it), RUN(a_year_of_five_digits_is_written_whole),
	RUN(seconds_that_no_instant_holds_are_its_ends), RUN(days_and_their_names_go_on_before_1970),
	RUN(seconds_are_put_in_order), RUN(an_http_date_has_the_name_of_its_day),
	RUN(a_formatted_text_is_whole_however_long))
