/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/rule/rrule.h"
#include "server/base/buf.h"
#include "tests/support/spent.h"

static struct wall wall_of(const char *text)
{
	struct wall w;
	if (!wall_parse(str_of(text), &w))
		fail_msg("bad time in test: %s", text);
	return w;
}

static struct rrule_iter *opened(const char *start, const char *text, bool counts_start)
{
	struct wall w = wall_of(start);
	struct rrule *rule = arena_new(test_mem, struct rrule);
	err_t e = rrule_parse(&test_cx, str_of(text), rule);
	if (e)
		fail_msg("%s: %.*s", text, STR_ARG(err_text(e)));
	return rrule_open(test_mem, rule,
		(struct rrule_start){ .local = w.local,
			.counts_start = counts_start,
			.date = w.date,
			.until_local =
				rule->has_until ? rule->until + (rule->until_date ? DAY_S - 1 : 0) : INT64_MAX });
}

/* The first instances, as times if `times`, else as dates, separated by blanks; "..." after when there are more. */
static struct str listed(struct rrule_iter *it, size_t most, bool times)
{
	struct buf b = buf_new(test_mem, 65536);
	int64_t local;
	for (size_t i = 0; i < most; i++) {
		if (!rrule_next(it, &local))
			return buf_str(&b);
		struct str text = wall_text(test_mem, (struct wall){ local, !times, false });
		buf_add(&b, i ? STR(" ") : STR(""));
		buf_add(&b, text);
	}
	if (rrule_next(it, &local))
		BUF_LIT(&b, " ...");
	return buf_str(&b);
}

static void assert_rule(const char *start, const char *rule, bool times, const char *expected)
{
	size_t most = 1;
	for (const char *c = expected; *c; c++)
		most += *c == ' ';
	most -= strstr(expected, "...") != NULL;
	struct str got = listed(opened(start, rule, false), most, times);
	if (!str_eq(got, str_of(expected)))
		fail_msg("%s %s:\n%.*s, not\n%s", start, rule, STR_ARG(got), expected);
}

TEST(the_examples_of_rfc_5545_3_8_5_3)
{
	static const struct {
		const char *start, *rule, *dates;
	} cases[] = {
		{ "19970902T090000", "FREQ=DAILY;COUNT=10",
			"19970902 19970903 19970904 19970905 19970906 19970907 19970908 19970909 19970910 19970911" },
		{ "19971220T090000", "FREQ=DAILY;UNTIL=19971224T000000Z", "19971220 19971221 19971222 19971223" },
		{ "19970902T090000", "FREQ=DAILY;INTERVAL=2", "19970902 19970904 19970906 19970908 ..." },
		{ "19970902T090000", "FREQ=DAILY;INTERVAL=10;COUNT=5", "19970902 19970912 19970922 19971002 19971012" },
		{ "19980129T090000", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
			"19980129 19980130 19980131 19990101 19990102 ..." },
		{ "19980129T090000", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
			"19980129 19980130 19980131 19990101 19990102 ..." },
		{ "19970902T090000", "FREQ=WEEKLY;COUNT=10",
			"19970902 19970909 19970916 19970923 19970930 19971007 19971014 19971021 19971028 19971104" },
		{ "19971202T090000", "FREQ=WEEKLY;UNTIL=19971224T000000Z", "19971202 19971209 19971216 19971223" },
		{ "19970902T090000", "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
			"19970902 19970916 19970930 19971014 19971028 19971111 ..." },
		{ "19970902T090000", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
			"19970902 19970904 19970909 19970911 19970916 19970918 19970923 19970925 19970930 19971002" },
		{ "19970901T090000", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19970924T000000Z;WKST=SU;BYDAY=MO,WE,FR",
			"19970901 19970903 19970905 19970915 19970917 19970919" },
		{ "19970902T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
			"19970902 19970904 19970916 19970918 19970930 19971002 19971014 19971016" },
		{ "19970905T090000", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
			"19970905 19971003 19971107 19971205 19980102 19980206 19980306 19980403 19980501 19980605" },
		{ "19970905T090000", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
			"19970905 19971003 19971107 19971205" },
		{ "19970907T090000", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
			"19970907 19970928 19971102 19971130 19980104 19980125 19980301 19980329 19980503 19980531" },
		{ "19970922T090000", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
			"19970922 19971020 19971117 19971222 19980119 19980216" },
		{ "19970928T090000", "FREQ=MONTHLY;BYMONTHDAY=-3",
			"19970928 19971029 19971128 19971229 19980129 19980226 ..." },
		{ "19970902T090000", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
			"19970902 19970915 19971002 19971015 19971102 19971115 19971202 19971215 19980102 19980115" },
		{ "19970930T090000", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
			"19970930 19971001 19971031 19971101 19971130 19971201 19971231 19980101 19980131 19980201" },
		{ "19970910T090000", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
			"19970910 19970911 19970912 19970913 19970914 19970915 19990310 19990311 19990312 19990313" },
		{ "19970902T090000", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
			"19970902 19970909 19970916 19970923 19970930 19971104 19971111 19971118 19971125 19980106 "
			"..." },
		{ "19970610T090000", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
			"19970610 19970710 19980610 19980710 19990610 19990710 20000610 20000710 20010610 20010710" },
		{ "19970310T090000", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
			"19970310 19990110 19990210 19990310 20010110 20010210 20010310 20030110 20030210 20030310" },
		{ "19970101T090000", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
			"19970101 19970410 19970719 20000101 20000409 20000718 20030101 20030410 20030719 20060101" },
		{ "19970519T090000", "FREQ=YEARLY;BYDAY=20MO", "19970519 19980518 19990517 ..." },
		{ "19970512T090000", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512 19980511 19990517 ..." },
		{ "19970313T090000", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
			"19970313 19970320 19970327 19980305 19980312 19980319 19980326 19990304 ..." },
		{ "19970605T090000", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
			"19970605 19970612 19970619 19970626 19970703 ..." },
		{ "19970902T090000", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
			"19980213 19980313 19981113 19990813 20001013 ..." },
		{ "19970913T090000", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
			"19970913 19971011 19971108 19971213 19980110 19980207 19980307 19980411 19980509 19980613 "
			"..." },
		{ "19961105T090000", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
			"19961105 20001107 20041102 ..." },
		{ "19970904T090000", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904 19971007 19971106" },
		{ "19970929T090000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
			"19970929 19971030 19971127 19971230 19980129 19980226 19980330 ..." },
		{ "19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
			"19970805 19970810 19970819 19970824" },
		{ "19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
			"19970805 19970817 19970819 19970831" },
		{ "20070115T090000", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
			"20070115 20070130 20070215 20070315 20070330" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_rule(cases[i].start, cases[i].rule, false, cases[i].dates);
}

TEST(the_examples_of_rfc_5545_with_times_of_day)
{
	assert_rule("19970902T090000", "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", true,
		"19970902T090000 19970902T120000 19970902T150000");
	assert_rule("19970902T090000", "FREQ=MINUTELY;INTERVAL=15;COUNT=6", true,
		"19970902T090000 19970902T091500 19970902T093000 19970902T094500 19970902T100000 19970902T101500");
	assert_rule("19970902T090000", "FREQ=MINUTELY;INTERVAL=90;COUNT=4", true,
		"19970902T090000 19970902T103000 19970902T120000 19970902T133000");
	const char *day = "19970902T160000 19970902T162000 19970902T164000 19970903T090000 19970903T092000 ...";
	assert_rule("19970902T160000", "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", true, day);
	assert_rule("19970902T160000", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", true, day);
}

/* What libical, dateutil or both get wrong (field notes); worked out by hand. */
TEST(classes_that_other_libraries_get_wrong)
{
	/* BY lists in any order */
	assert_rule("20260101T000000", "FREQ=DAILY;BYHOUR=15,0;COUNT=3", true,
		"20260101T000000 20260101T150000 20260102T000000");
	/* WKST in the Arabic world with several days */
	assert_rule("20220401T090000", "FREQ=WEEKLY;INTERVAL=6;BYDAY=TU,FR;WKST=SA", false,
		"20220401 20220510 20220513 20220621 ...");
	/* the first week has no instance: the weeks still count from it */
	assert_rule("20221007T090000", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU", false, "20221009 20221030 20221120 ...");
	/* week 1 of 2026 begins on 2025-12-29, week 53 of 2026 ends on 2027-01-03 */
	assert_rule("20250101T090000", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", false, "20251229 20270104 20280103 ...");
	assert_rule("20250101T090000", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,SU", false,
		"20261228 20270103 20321227 20330102 ...");
	assert_rule("20250101T090000", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", false, "20251228 20270103 20280102 ...");
	assert_rule("20250101T090000", "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO,FR", false,
		"20250103 20270104 20270108 20290101 20290105 ...");
	/* a week number alone: the weekday is DTSTART's */
	assert_rule("20250507T090000", "FREQ=YEARLY;BYWEEKNO=20", false, "20250514 20260513 20270519 ...");
	/* BYSETPOS is of the whole set, times included */
	assert_rule("20260105T000000", "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=8,20;BYSETPOS=2,-1", true,
		"20260105T200000 20260106T200000 20260112T200000 ...");
	/* weekdays with and without number */
	assert_rule("20260101T090000", "FREQ=MONTHLY;BYDAY=2TU,FR", false,
		"20260102 20260109 20260113 20260116 20260123 20260130 20260206 ...");
	/* from the end of month and year */
	assert_rule("20260131T090000", "FREQ=DAILY;BYMONTHDAY=-1", false, "20260131 20260228 20260331 ...");
	assert_rule(
		"20260101T090000", "FREQ=YEARLY;BYYEARDAY=-1,366", false, "20261231 20271231 20281231 20291231 ...");
	/* days that not every month and year has are left out */
	assert_rule("20260131T090000", "FREQ=MONTHLY", false, "20260131 20260331 20260531 20260731 ...");
	assert_rule("20240229T090000", "FREQ=YEARLY", false, "20240229 20280229 20320229 ...");
	assert_rule("20960229T090000", "FREQ=YEARLY", false, "20960229 21040229 ...");
	/* BYHOUR means nothing to a date */
	assert_rule("20260101", "FREQ=DAILY;BYHOUR=9,10", false, "20260101 20260102 20260103 ...");
	assert_rule("20260101", "FREQ=HOURLY;INTERVAL=48;COUNT=2", false, "20260101 20260103");
}

TEST(dtstart_is_the_first_of_count_when_it_is_to_be)
{
	assert_str(listed(opened("20221007T090000", "FREQ=WEEKLY;BYDAY=SU;COUNT=3", true), 9, false),
		STR("20221007 20221009 20221016"));
	assert_str(listed(opened("20221009T090000", "FREQ=WEEKLY;BYDAY=SU;COUNT=3", true), 9, false),
		STR("20221009 20221016 20221023"));
	assert_str(listed(opened("20221009T090000", "FREQ=WEEKLY;UNTIL=20200101", true), 9, false), STR("20221009"));
}

/* Skipping ahead gives what walking would. */
TEST(a_seek_lands_where_walking_would)
{
	static const char *const rules[] = { "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=500",
		"FREQ=WEEKLY;BYDAY=MO,FR;COUNT=77", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
		"FREQ=MONTHLY;BYDAY=-1FR;COUNT=60", "FREQ=MONTHLY;BYMONTHDAY=31",
		"FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,SU", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=10,-3;COUNT=9",
		"FREQ=HOURLY;INTERVAL=7", "FREQ=HOURLY;INTERVAL=7;COUNT=3000",
		"FREQ=MINUTELY;INTERVAL=50;BYHOUR=9;COUNT=400", "FREQ=DAILY;BYMONTH=2,7;BYHOUR=3,12;COUNT=300",
		"FREQ=SECONDLY;INTERVAL=7777;COUNT=3000", "FREQ=SECONDLY;BYSECOND=0,30;INTERVAL=977;COUNT=900",
		"FREQ=MINUTELY;BYMINUTE=0,30;INTERVAL=17;COUNT=900", "FREQ=HOURLY;BYHOUR=9,17;COUNT=900" };
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		for (int64_t days = 0; days < 1500; days += 37) {
			int64_t target = wall_of("20260105T101500").local + days * DAY_S + days, walked = 0, sought = 0;
			struct rrule_iter *walk = opened("20260105T101500", rules[i], true),
					  *seek = opened("20260105T101500", rules[i], true);
			bool more;
			do
				more = rrule_next(walk, &walked);
			while (more && walked < target);
			rrule_seek(seek, target);
			for (int n = 0; n < 4; n++, more = rrule_next(walk, &walked)) {
				bool found = rrule_next(seek, &sought);
				if (found != more || (more && sought != walked))
					fail_msg("%s, %d days: %d %lld, not %d %lld", rules[i], (int)days, found,
						(long long)sought, more, (long long)walked);
				if (!more)
					break;
			}
		}
}

TEST(a_rule_in_steps_of_seconds_is_skipped_by_arithmetic)
{
	struct rrule_iter *it = opened("20200101T000000", "FREQ=SECONDLY;COUNT=1000000000", true);
	rrule_seek(it, wall_of("20261124T000000").local);
	assert_str(listed(it, 2, true), STR("20261124T000000 20261124T000001 ..."));
	it = opened("20200101T000000", "FREQ=SECONDLY;COUNT=1000000000", true);
	rrule_seek(it, wall_of("20510909T014639").local);
	assert_str(listed(it, 2, true), STR("20510909T014639"));
	it = opened("20200101T000000", "FREQ=DAILY", true);
	rrule_seek(it, wall_of("99981230T000000").local);
	assert_str(listed(it, 1, false), STR("99981230 ..."));
}

TEST(rules_without_an_instance_end_and_cheaply)
{
	static const char *const rules[] = {
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
		"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=YEARLY;BYDAY=MO;BYSETPOS=366",
		"FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
		"FREQ=DAILY;INTERVAL=7;BYDAY=TU",
		"FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
		"FREQ=MINUTELY;INTERVAL=1440;BYHOUR=9",
		"FREQ=SECONDLY;BYSETPOS=2",
		"FREQ=SECONDLY;INTERVAL=604800;BYDAY=TU",
		"FREQ=YEARLY;INTERVAL=400;BYYEARDAY=366;BYMONTH=1",
		"FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
		"FREQ=YEARLY;INTERVAL=4294967295",

	};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		int64_t local;
		double before = spent_ms();
		struct rrule_iter *it = opened("20260105T000000", rules[i], false); /* a Monday */
		bool first = rrule_next(it, &local);
		if (first && rrule_next(it, &local))
			fail_msg("%s has instances", rules[i]);
		if (spent_ms() - before > 1000) /* some 10 ms without sanitizers */
			fail_msg("%s took %d ms", rules[i], (int)(spent_ms() - before));
	}
}

TEST(what_the_grammar_does_not_have_is_refused)
{
	static const char *const rules[] = { "", "FREQ=", "FREQ=FORTNIGHTLY", "INTERVAL=2", "FREQ=DAILY;INTERVAL=0",
		"FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=99999999999", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=x",
		"FREQ=DAILY;COUNT=1;UNTIL=20260101", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;UNTIL=2026",
		"FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYMINUTE=60", "FREQ=DAILY;BYSECOND=61", "FREQ=DAILY;BYDAY=XX",
		"FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=54MO", "FREQ=MONTHLY;BYMONTHDAY=0",
		"FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=YEARLY;BYYEARDAY=367", "FREQ=YEARLY;BYWEEKNO=54",
		"FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY;BYSETPOS=367", "FREQ=YEARLY;BYMONTH=", "FREQ=YEARLY;BYMONTH=1,",
		"FREQ=YEARLY;X=1", "FREQ=YEARLY;BYDAY", "FREQ=WEEKLY;WKST=1" };
	struct rrule rule;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (!err_is(rrule_parse(&test_cx, str_of(rules[i]), &rule), ICAL_DATA))
			fail_msg("accepted: %s", rules[i]);
	assert_err(rrule_parse(&test_cx, STR("FREQ=YEARLY;RSCALE=HEBREW"), &rule), ICAL_RSCALE);
	assert_err(rrule_parse(&test_cx, STR("FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=FORWARD"), &rule), ICAL_RSCALE);
	assert_ok(rrule_parse(&test_cx, STR("rscale=gregorian;freq=daily;byday=mo;"), &rule));
}

TEST(durations_are_read_as_written) /* RFC 5545 §3.3.6 */
{
	struct span s;
	assert_true(span_parse(STR("P15DT5H0M20S"), &s));
	assert_int_equal(s.days, 15);
	assert_int_equal(s.seconds, 5 * 3600 + 20);
	assert_true(span_parse(STR("-P7W"), &s));
	assert_int_equal(s.days, -49);
	const struct str bad[] = { STR(""), STR("P"), STR("PT"), STR("1D"), STR("P1"), STR("P1H"), STR("PT1D"),
		STR("PT1S1H"), STR("P-1D"), STR("P99999999999D"), STR("PT1H1H") };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (span_parse(bad[i], &s))
			fail_msg("accepted: %.*s", STR_ARG(bad[i]));
}

TESTS(RUN(the_examples_of_rfc_5545_3_8_5_3), RUN(the_examples_of_rfc_5545_with_times_of_day),
	RUN(classes_that_other_libraries_get_wrong), RUN(dtstart_is_the_first_of_count_when_it_is_to_be),
	RUN(a_seek_lands_where_walking_would), RUN(a_rule_in_steps_of_seconds_is_skipped_by_arithmetic),
	RUN(rules_without_an_instance_end_and_cheaply), RUN(what_the_grammar_does_not_have_is_refused),
	RUN(durations_are_read_as_written))
