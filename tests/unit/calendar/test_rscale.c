/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7529. Random rules are compared in tests/oracle/rscale.py; here are public dates, and what must end. */
#include "tests/support/test.h"

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/recur/rscale.h"
#include "server/base/buf.h"
#include "tests/support/spent.h"

static struct rrule_iter *opened(const char *start, const char *text)
{
	struct wall w;
	struct rrule *rule = arena_new(test_mem, struct rrule);
	const struct rscale *scale;
	assert_true(wall_parse(str_of(start), &w));
	err_t e = rscale_read(&test_cx, str_of(text), rule, &scale);
	if (e)
		fail_msg("%s: %.*s", text, STR_ARG(err_text(e)));
	struct rrule_start from = { .local = w.local, .until_local = INT64_MAX, .date = w.date };
	return rscale_open(test_mem, rule, scale, from);
}

static void assert_dates(const char *start, const char *text, const char *want)
{
	struct rrule_iter *it = opened(start, text);
	struct buf got = buf_new(test_mem, 65536);
	int64_t local;
	while (got.len < strlen(want) && rrule_next(it, &local)) {
		struct str date = wall_text(test_mem, (struct wall){ local, true, false });
		buf_add(&got, got.len ? STR(" ") : STR(""));
		buf_add(&got, date);
	}
	if (!str_eq(buf_str(&got), str_of(want)))
		fail_msg("%s\n%.*s, not\n%s", text, STR_ARG(buf_str(&got)), want);
}

TEST(new_years_are_those_of_public_tables)
{
	assert_dates("20000205", "RSCALE=CHINESE;FREQ=YEARLY",
		"20000205 20010124 20020212 20030201 20040122 20050209 20060129 20070218 20080207 20090126 20100214 "
		"20110203 20120123 20130210 20140131 20150219 20160208 20170128 20180216 20190205 20200125 20210212 "
		"20220201 20230122 20240210 20250129 20260217 20270206 20280126 20290213 20300203");
	assert_dates("20200919", "RSCALE=HEBREW;FREQ=YEARLY",
		"20200919 20210907 20220926 20230916 20241003 20250923 20260912 20271002 20280921 20290910 20300928");
	assert_dates("20200320", "RSCALE=PERSIAN;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
		"20200320 20210321 20220321 20230321 20240320 20250321");
	/* 2027 and 2030 above, and these: where ICU 72 is wrong (recur/months.c). */
	assert_dates("20120719", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=1,-1",
		"20120719 20120816 20120817 20120915 20120916");
	assert_dates("20170128", "RSCALE=DANGI;FREQ=MONTHLY;BYMONTHDAY=1", "20170128 20170226 20170328");
	assert_dates("20450912", "RSCALE=HEBREW;FREQ=YEARLY", "20450912 20461001 20470921");
}

TEST(a_leap_month_is_a_month_of_its_own) /* RFC 7529 §4.2 */
{
	assert_dates("20250129", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=1",
		"20250129 20250228 20250329 20250428 20250527 20250625 20250725 20250823 20250922 20251021 20251120 "
		"20251220 20260119 20260217");
	assert_dates("20250725", "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=6L;BYMONTHDAY=1;COUNT=1", "20250725");
	assert_dates("20250725", "RSCALE=CHINESE;FREQ=YEARLY;SKIP=BACKWARD", "20250725 20260714 20270704");
}

/* Measured without sanitizers (tests/bench/bench_rscale.c): each under 50 ms. Here ten times that is allowed. */
TEST(what_never_comes_and_what_never_ends_is_given_up_in_time)
{
	static const char *const rules[] = {
		"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30",
		"RSCALE=HEBREW;FREQ=DAILY;BYMONTH=4;BYMONTHDAY=30",
		"RSCALE=HEBREW;FREQ=MONTHLY;BYDAY=6MO",
		"RSCALE=ISLAMIC-CIVIL;FREQ=WEEKLY;INTERVAL=1000;BYMONTH=12;BYMONTHDAY=31",
		"RSCALE=COPTIC;FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=7;INTERVAL=1000",
		"RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1L;BYMONTHDAY=30",
		"RSCALE=DANGI;FREQ=DAILY;BYMONTH=12L",
		"RSCALE=HEBREW;FREQ=DAILY;BYMONTHDAY=1;COUNT=100000",
		"RSCALE=CHINESE;FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=100000",
		"RSCALE=PERSIAN;FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=1,2,3;COUNT=2000000000",
		"RSCALE=GREGORIAN;SKIP=FORWARD;FREQ=YEARLY;BYMONTHDAY=31;BYSETPOS=366",
	};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		int64_t local, far = INT64_C(19000000000); /* in 2572 */
		double begin = spent_ms();
		struct rrule_iter *it = opened("20260101T090000", rules[i]);
		rrule_seek(it, far);
		(void)rrule_next(it, &local);
		double took = spent_ms() - begin;
		if (took > 500)
			fail_msg("%s: %.0f ms", rules[i], took);
	}
}

/* From a month to the next that may pass, and no further than the calendar goes: to the end within the budget. */
TEST(days_that_never_come_are_looked_for_to_the_end_of_the_calendar)
{
	static const char *const rules[] = { "RSCALE=HEBREW;FREQ=DAILY;BYMONTH=4;BYMONTHDAY=30",
		"RSCALE=HEBREW;FREQ=WEEKLY;BYMONTH=4;BYMONTHDAY=30",
		"RSCALE=PERSIAN;FREQ=DAILY;BYMONTH=12;BYMONTHDAY=31",
		"RSCALE=ISLAMIC-CIVIL;FREQ=WEEKLY;BYDAY=TU;BYMONTH=2;BYMONTHDAY=30" };
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		int64_t local;
		struct rrule_iter *it = opened("20130210T090000", rules[i]);
		if (rrule_next(it, &local) || rrule_gave_up(it, INT64_MAX))
			fail_msg("%s", rules[i]);
	}
}

TESTS(RUN(days_that_never_come_are_looked_for_to_the_end_of_the_calendar), RUN(new_years_are_those_of_public_tables),
	RUN(a_leap_month_is_a_month_of_its_own), RUN(what_never_comes_and_what_never_ends_is_given_up_in_time))
