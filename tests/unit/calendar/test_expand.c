/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ical.h"

#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/time_range.h"

/* "start/end" of each instance, "!" after one that is not busy, "#id" after overrides' own. */
static struct str expanded(struct str data, const char *start, const char *end, struct str zone)
{
	struct occurrence *list = NULL;
	size_t n = 0;
	struct buf b = buf_new(test_mem, 65536);
	struct ical *object = parsed(data);
	assert_ok(ical_expand(&test_cx, object, at(start), at(end), zone, 100, &list, &n));
	for (size_t i = 0; i < n; i++) {
		buf_add(&b, i ? STR(" ") : STR(""));
		buf_add(&b, instant_ical(test_mem, list[i].start));
		if (list[i].end.us != list[i].start.us) {
			buf_char(&b, '/');
			buf_add(&b, instant_ical(test_mem, list[i].end));
		}
		if (!list[i].busy)
			buf_char(&b, '!');
		if (ical_prop(list[i].component, STR("RECURRENCE-ID"))) {
			buf_char(&b, '#');
			buf_add(&b, list[i].recurrence_id);
		}
	}
	return buf_str(&b);
}

static void assert_expands(struct str data, const char *start, const char *end, const char *expected)
{
	struct str got = expanded(data, start, end, STR_ABSENT);
	if (!str_eq(got, str_of(expected)))
		fail_msg("%s .. %s:\n%.*s, not\n%s of\n%.*s", start, end, STR_ARG(got), expected, STR_ARG(data));
}

TEST(instances_keep_their_wall_clock_time)
{
	struct str berlin =
		STR(EVENT("DTSTART;TZID=Europe/Berlin:20261023T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"));
	assert_expands(berlin, "20261024T000000Z", "20261027T000000Z",
		"20261024T070000Z/20261024T080000Z 20261025T080000Z/20261025T090000Z "
		"20261026T080000Z/20261026T090000Z");
	/* 02:30 in the spring gap is 03:30, and the next day 02:30 again */
	assert_expands(STR(EVENT("DTSTART;TZID=Europe/Berlin:20260328T023000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20260328T013000Z 20260329T013000Z 20260330T003000Z");
	/* hours are elapsed time: the hour that happens twice counts twice */
	assert_expands(STR(EVENT("DTSTART;TZID=Europe/Berlin:20261025T010000\r\nRRULE:FREQ=HOURLY;COUNT=4\r\n")),
		"20260101T000000Z", "20270101T000000Z",
		"20261024T230000Z 20261025T000000Z 20261025T010000Z 20261025T020000Z");
}

TEST(until_is_inclusive_in_every_form)
{
	assert_expands(
		STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T003000\r\nRRULE:FREQ=DAILY;UNTIL=20261125T233000Z\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261123T233000Z 20261124T233000Z 20261125T233000Z");
	assert_expands(STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T090000\r\nRRULE:FREQ=DAILY;UNTIL=20261125\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261124T080000Z 20261125T080000Z");
	assert_expands(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\nRRULE:FREQ=DAILY;UNTIL=20261125T000000Z\r\n")),
		"20260101T000000Z", "20270101T000000Z",
		"20261124T000000Z/20261125T000000Z 20261125T000000Z/20261126T000000Z");
}

TEST(exdates_take_out_in_every_form)
{
	static const char *const forms[] = { "EXDATE;TZID=Europe/Berlin:20261125T090000", "EXDATE:20261125T080000Z",
		"EXDATE;VALUE=DATE:20261125", "EXDATE;TZID=America/New_York:20261125T030000", "EXDATE:20261125T090000",
		"EXDATE:19990101T000000Z,20261125T080000Z\r\nEXDATE:",
		"EXDATE;VALUE=DATE:20991231,20261125\r\nEXDATE;VALUE=DATE:19990101" };
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct str data = str_fmt(test_mem,
			HEAD "BEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=Europe/Berlin:20261124T090000\r\n%s\r\n"
			     "RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n" TAIL,
			forms[i]);
		assert_expands(data, "20260101T000000Z", "20270101T000000Z", "20261124T080000Z 20261126T080000Z");
	}
}

TEST(rdates_and_two_rules_are_merged_once_each)
{
	assert_expands(STR(EVENT("DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
				 "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\r\n"
				 "RDATE:20261125T090000Z,20261201T090000Z\r\n"
				 "RDATE;VALUE=PERIOD:20261202T090000Z/PT3H,20261203T090000Z/20261203T093000Z\r\n")),
		"20260101T000000Z", "20270101T000000Z",
		"20261124T090000Z/20261124T100000Z 20261125T090000Z/20261125T100000Z 20261126T090000Z/20261126T100000Z "
		"20261201T090000Z/20261201T100000Z 20261202T090000Z/20261202T120000Z "
		"20261203T090000Z/20261203T093000Z");
	/* without a rule, DTSTART is one of them, also when it is not the first */
	assert_expands(STR(EVENT("DTSTART:20261124T090000Z\r\nRDATE:20261123T090000Z\r\n")), "20260101T000000Z",
		"20270101T000000Z", "20261123T090000Z 20261124T090000Z");
	/* a DTSTART that the rule does not match is the first all the same, and counted */
	assert_expands(STR(EVENT("DTSTART:20261124T090000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261124T090000Z 20261125T090000Z");
	assert_expands(
		STR(EVENT("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXRULE:FREQ=DAILY;INTERVAL=2\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261125T090000Z 20261127T090000Z");
}

TEST(overrides_replace_wherever_they_lie)
{
	struct str data = STR(HEAD PART("DTSTART;TZID=Europe/"
					"Berlin:20261124T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n")
			PART("RECURRENCE-ID;TZID=Europe/"
			     "Berlin:20261125T090000\r\nDTSTART:20250101T000000Z\r\nDURATION:PT2H\r\n")
				PART("RECURRENCE-ID:20261126T080000Z\r\nDTSTART;TZID=Europe/"
				     "Berlin:20261126T100000\r\nSTATUS:CANCELLED\r\n")
					PART("RECURRENCE-ID:20300101T080000Z\r\nDTSTART:20300102T080000Z\r\n") TAIL);
	assert_expands(
		data, "20240101T000000Z", "20260101T000000Z", "20250101T000000Z/20250101T020000Z#20261125T080000Z");
	assert_expands(data, "20261101T000000Z", "20311201T000000Z",
		"20261124T080000Z/20261124T090000Z 20261126T090000Z!#20261126T080000Z "
		"20261127T080000Z/20261127T090000Z "
		"20300102T080000Z#20300101T080000Z");
	/* RECURRENCE-ID as a date for a timed series */
	assert_expands(STR(HEAD PART("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")
				       PART("RECURRENCE-ID;VALUE=DATE:20261125\r\nDTSTART:20261125T120000Z\r\n") TAIL),
		"20260101T000000Z", "20270101T000000Z", "20261124T090000Z 20261125T120000Z#20261125T090000Z");
	/* an orphan alone */
	assert_expands(STR(EVENT("RECURRENCE-ID:20261125T090000Z\r\nDTSTART:20261125T120000Z\r\n")), "20260101T000000Z",
		"20270101T000000Z", "20261125T120000Z#20261125T090000Z");
}

TEST(this_and_future_moves_all_that_follow) /* RFC 5545 §3.2.13 */
{
	assert_expands(STR(HEAD PART("DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n") PART(
			       "RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z\r\nDTSTART:20261125T120000Z\r\n"
			       "DURATION:PT2H\r\n")
				       PART("RECURRENCE-ID:20261127T090000Z\r\nDTSTART:20261127T230000Z\r\n") TAIL),
		"20260101T000000Z", "20270101T000000Z",
		"20261124T090000Z/20261124T100000Z 20261125T120000Z/20261125T140000Z#20261125T090000Z "
		"20261126T120000Z/20261126T140000Z#20261126T090000Z 20261127T230000Z#20261127T090000Z");
}

TEST(a_shift_of_centuries_moves_the_one_instance_alone) /* found by fuzz_ical */
{
	assert_expands(
		STR(HEAD PART("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n") PART(
			"RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z\r\nDTSTART:40520206T090000Z\r\n") TAIL),
		"20260101T000000Z", "50000101T000000Z",
		"20261124T090000Z 20261126T090000Z 40520206T090000Z#20261125T090000Z");
}

TEST(an_embedded_zone_is_used_when_its_name_is_unknown)
{
	struct str data = STR(HEAD ZONE PART("DTSTART;TZID=Customized Time Zone:20260101T090000\r\n"
					     "RRULE:FREQ=MONTHLY;BYMONTH=1,7\r\n") TAIL);
	assert_expands(data, "20260101T000000Z", "20270101T000000Z", "20260101T080000Z 20260701T070000Z");
	assert_expands(data, "24000101T000000Z", "24010101T000000Z", "24000101T080000Z 24000701T070000Z");
	/* the name wins over what the file says of it */
	assert_expands(STR(HEAD "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
				"TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" PART(
					"DTSTART;TZID=Europe/Berlin:20260101T090000\r\n") TAIL),
		"20260101T000000Z", "20270101T000000Z", "20260101T080000Z");
}

TEST(a_day_is_a_day_in_the_zone_of_the_query)
{
	struct str data = STR(EVENT("DTSTART;VALUE=DATE:20260329\r\nRRULE:FREQ=YEARLY\r\n"));
	assert_str(expanded(data, "20260101T000000Z", "20270101T000000Z", STR("Europe/Berlin")),
		STR("20260328T230000Z/20260329T220000Z"));
	assert_str(expanded(data, "20260101T000000Z", "20270101T000000Z", STR("America/New_York")),
		STR("20260329T040000Z/20260330T040000Z"));
}

TEST(more_instances_than_the_limit_are_refused)
{
	struct occurrence *list;
	size_t n;
	assert_err(ical_expand(&test_cx, parsed(STR(EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n"))),
			   at("20260101T000000Z"), at("20270101T000000Z"), STR_ABSENT, 1000, &list, &n),
		ICAL_MAX_INSTANCES);
}

TEST(rules_that_exclude_everything_end)
{
	struct str data = STR(EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEXRULE:FREQ=SECONDLY\r\n"));
	struct occurrence *list;
	size_t n;
	assert_expands(data, "20260101T000000Z", "20260102T000000Z", "");
	assert_err(ical_expand(&test_cx, parsed(data), at("20260101T000000Z"), at("21000101T000000Z"), STR_ABSENT, 1000,
			   &list, &n),
		TOO_COSTLY); /* who knows? */
}

/* ---- windows of one instance ---- */

/* The object as it is stored, so that what is packed decides. */
static struct object stored(struct str data)
{
	struct ical_facts facts;
	assert_ok(ical_validate(&test_cx, data, &facts));
	return (struct object){ .data = data,
		.component = facts.component,
		.flags = facts.flags,
		.first_at = facts.first_at,
		.last_at = facts.last_at,
		.occ_until = facts.occ_until,
		.occ = facts.occ };
}

static size_t count_touching(const struct occurrence *all, size_t n, int64_t a, int64_t b)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t first = instant_s(all[i].start), last = instant_s(all[i].end);
		count += first < b && (last > first ? last : first + 1) > a;
	}
	return count;
}

static void check_window(
	struct str data, const struct object *object, const struct occurrence *all, size_t n, int64_t a, int64_t b)
{
	struct occurrence *list;
	size_t count, want = count_touching(all, n, a, b);
	bool in_range, needs_data;
	struct arena_mark mark = arena_mark(test_mem);
	assert_ok(
		ical_expand(&test_cx, parsed(data), instant_of_s(a), instant_of_s(b), STR_ABSENT, 1000, &list, &count));
	assert_ok(object_in_time_range(
		&test_cx, object, instant_of_s(a), instant_of_s(b), STR_ABSENT, &in_range, &needs_data));
	if (count != want || in_range != (want > 0) || needs_data)
		fail_msg("%.*s to %.*s: %zu instances and %s, not %zu, of\n%.*s",
			STR_ARG(instant_ical(test_mem, instant_of_s(a))),
			STR_ARG(instant_ical(test_mem, instant_of_s(b))), count, in_range ? "touched" : "not touched",
			want, STR_ARG(data));
	arena_rewind(test_mem, mark);
}

/*
 * An instance is found by a second at its beginning and one at its end, and nothing is by those before and after: where
 * a THISANDFUTURE shift, a lost or doubled hour, a lost day, the end of COUNT, a long RDATE or a long override makes
 * that hard.
 */
TEST(each_instance_is_found_by_the_narrowest_window)
{
	static const struct {
		const char *data;
		size_t count;
	} cases[] = {
		{ EVENT("DTSTART;TZID=Europe/"
			"Berlin:20261020T023000\r\nDURATION:PT20M\r\nRRULE:FREQ=DAILY;COUNT=12\r\n"),
			12 },
		{ EVENT("DTSTART;TZID=Europe/Berlin:20260325T023000\r\nDURATION:PT2H\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"),
			9 },
		{ EVENT("DTSTART;TZID=Europe/"
			"Berlin:20261024T223000\r\nDURATION:PT10M\r\nRRULE:FREQ=HOURLY;COUNT=9\r\n"),
			9 },
		/* Samoa had no 30 December 2011. */
		{ EVENT("DTSTART;TZID=Pacific/Apia:20111227T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=7\r\n"),
			7 },
		{ EVENT("DTSTART;TZID=Pacific/Apia:20111227T233000\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY;COUNT=6\r\n"),
			6 },
		{ EVENT("DTSTART;TZID=Australia/"
			"Lord_Howe:20260404T014500\r\nDURATION:PT15M\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"),
			3 },
		/* A shift of a day and more, forward and back, and a second one. */
		{ HEAD PART("DTSTART;TZID=Europe/"
			    "Berlin:20261101T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=8\r\n")
				PART("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261107T090000\r\n"
				     "DTSTART;TZID=Europe/Berlin:20261109T040000\r\nDURATION:PT3H\r\n")
					PART("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261116T090000\r\n"
					     "DTSTART;TZID=Europe/Berlin:20261114T220000\r\nDURATION:PT5M\r\n") TAIL,
			8 },
		/* A shift over the change of clock. */
		{ HEAD PART("DTSTART;TZID=Europe/"
			    "Berlin:20261020T010000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=10\r\n")
				PART("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261022T010000\r\n"
				     "DTSTART;TZID=Europe/Berlin:20261022T023000\r\nDURATION:PT1H\r\n") TAIL,
			10 },
		{ HEAD PART("DTSTART;VALUE=DATE:20261101\r\nRRULE:FREQ=WEEKLY;COUNT=6\r\n") PART(
			  "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261115\r\nDTSTART;VALUE=DATE:20261118\r\n"
			  "DTEND;VALUE=DATE:20261120\r\n") TAIL,
			6 },
		/* One that is longer than its neighbours: its tail lies after others. */
		{ HEAD PART("DTSTART:20261101T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=10\r\n") PART(
			  "RECURRENCE-ID:20261104T090000Z\r\nDTSTART:20261104T090000Z\r\nDURATION:PT100H\r\n") TAIL,
			10 },
		{ HEAD PART("DTSTART:20261101T090000Z\r\nDURATION:PT100H\r\nRRULE:FREQ=DAILY;COUNT=10\r\n") PART(
			  "RECURRENCE-ID:20261104T090000Z\r\nDTSTART:20261104T090000Z\r\nDURATION:PT1H\r\n") TAIL,
			10 },
		{ EVENT("DTSTART:20261101T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
			"RDATE;VALUE=PERIOD:20261102T120000Z/P5D,20261120T000000Z/20261120T000001Z\r\n"),
			6 },
		/* The second pass, added beside the first. */
		{ EVENT("DTSTART;TZID=Europe/Berlin:20261024T023000\r\nDURATION:PT10M\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
			"RDATE:20261025T013000Z\r\n"),
			4 },
		{ EVENT("DTSTART:20261101T090000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"), 4 }, /* moments */
	};
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		struct str data = str_of(cases[c].data);
		struct occurrence *all;
		size_t n;
		const struct object object = stored(data);
		assert_ok(ical_expand(
			&test_cx, parsed(data), INSTANT_BEFORE, INSTANT_FOREVER, STR_ABSENT, 1000, &all, &n));
		assert_int_equal(n, cases[c].count);
		for (size_t i = 0; i < n; i++)
			for (int64_t step = -1; step <= 1; step++) {
				int64_t start = instant_s(all[i].start) + step, end = instant_s(all[i].end) + step;
				check_window(data, &object, all, n, start, start + 1);
				check_window(data, &object, all, n, end - 1, end);
			}
	}
}

TESTS(RUN(instances_keep_their_wall_clock_time), RUN(each_instance_is_found_by_the_narrowest_window),
	RUN(until_is_inclusive_in_every_form), RUN(exdates_take_out_in_every_form),
	RUN(rdates_and_two_rules_are_merged_once_each), RUN(overrides_replace_wherever_they_lie),
	RUN(this_and_future_moves_all_that_follow), RUN(a_shift_of_centuries_moves_the_one_instance_alone),
	RUN(an_embedded_zone_is_used_when_its_name_is_unknown), RUN(a_day_is_a_day_in_the_zone_of_the_query),
	RUN(more_instances_than_the_limit_are_refused), RUN(rules_that_exclude_everything_end))
