/* SPDX-License-Identifier: Apache-2.0 */
/* An event is changed: what was named, and what hangs on it. */
#include "tests/support/events.h"

#include "caldav/calendar/recur/instances.h"

static err_t patch(struct str data, struct str instance, const struct event *to, unsigned fields, struct str *out)
{
	const struct event_change change = { instance, to, fields, STR_ABSENT };
	struct event_changed changed;
	TRY(event_patch(&test_cx, data, &change, &changed));
	*out = changed.data;
	return OK;
}

#define ODD                                                                                                            \
	HEAD "X-WR-CALNAME:mine\r\nBEGIN:VEVENT\r\nx-odd;A=\"b\":ke\r\n pt\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\n"   \
	     "SUMMARY;LANGUAGE=de:old\r\nDTSTART;TZID=Europe/Berlin:20261124T090000\r\nDURATION:PT1H\r\n"              \
	     "ATTENDEE;ROLE=CHAIR;X-K=v:mailto:A@example.org\r\nATTENDEE:mailto:b@example.org\r\n"                     \
	     "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\n" TAIL

TEST(a_change_touches_its_own_lines_alone)
{
	struct event with = { .title = STR("new") };
	struct str out;
	assert_ok(patch(STR(ODD), STR_ABSENT, &with, EVENT_TITLE, &out));
	assert_str(out, STR(HEAD "X-WR-CALNAME:mine\r\nBEGIN:VEVENT\r\nx-odd;A=\"b\":ke\r\n pt\r\nUID:u\r\nDTSTAMP:" NOW
				 "\r\nLAST-MODIFIED:" NOW "\r\n"
				 "SUMMARY:new\r\nDTSTART;TZID=Europe/Berlin:20261124T090000\r\nDURATION:PT1H\r\n"
				 "ATTENDEE;ROLE=CHAIR;X-K=v:mailto:A@example.org\r\nATTENDEE:mailto:b@example.org\r\n"
				 "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\n" TAIL));
	with.title = STR_ABSENT;
	assert_ok(patch(STR(ODD), STR_ABSENT, &with, EVENT_TITLE | EVENT_LOCATION, &out));
	assert_true(str_find(out, STR("SUMMARY")) == SIZE_MAX);
}

TEST(attendees_who_stay_keep_their_parameters)
{
	const struct event_attendee attendees[] = { { STR("a@example.org"), STR_ABSENT, PARTSTAT_DECLINED },
		{ STR("b@example.org"), STR_ABSENT, PARTSTAT_NEEDS_ACTION },
		{ STR("c@example.org"), STR("C"), PARTSTAT_NEEDS_ACTION } };
	struct event with = { .attendees = attendees, .attendee_count = 3 };
	struct str out;
	assert_ok(patch(STR(ODD), STR_ABSENT, &with, EVENT_ATTENDEES, &out));
	assert_true(str_find(out,
			    STR("DURATION:PT1H\r\nATTENDEE;PARTSTAT=DECLINED;ROLE=CHAIR;X-K=v:mailto:A@example.org\r\n"
				"ATTENDEE:mailto:b@example.org\r\n"
				"ATTENDEE;CN=\"C\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:c@example.org\r\nBEGIN:"
				"VALARM")) != SIZE_MAX);
}

TEST(a_new_time_replaces_the_old_and_brings_its_zone)
{
	struct event with = {
		.start = at("2026-11-24T15:00:00Z"), .end = at("2026-11-24T16:30:00Z"), .zone = STR("America/New_York")
	};
	struct str out;
	assert_ok(patch(STR(ODD), STR_ABSENT, &with, EVENT_START | EVENT_END, &out));
	struct event e = read_back(out);
	assert_true(e.start.us == with.start.us && e.end.us == with.end.us && e.sequence == 1);
	assert_str(e.zone, with.zone);
	assert_true(str_find(out, STR("TZID:America/New_York")) != SIZE_MAX &&
		    str_find(out, STR("DURATION:PT1H30M\r\n")) != SIZE_MAX);
	const int32_t reminders[] = { 30 };
	struct event reminded = { .title = STR("x"), .reminders = reminders, .reminder_count = 1 };
	assert_ok(patch(STR(ODD), STR_ABSENT, &reminded, EVENT_REMINDERS, &out));
	e = read_back(out);
	assert_true(e.reminder_count == 1 && e.reminders[0] == 30);
}

#define SERIES                                                                                                         \
	HEAD "BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20261124T090000\r\n"     \
	     "DTEND;TZID=Europe/Berlin:20261124T100000\r\nSUMMARY:s\r\nX-KEEP:1\r\nRRULE:FREQ=DAILY;COUNT=5\r\n"       \
	     "EXDATE;TZID=Europe/Berlin:20261126T090000\r\nEND:VEVENT\r\n"                                             \
	     "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID;TZID=Europe/Berlin:20261127T090000\r\n"                           \
	     "DTSTART;TZID=Europe/Berlin:20261127T200000\r\nSUMMARY:late\r\nEND:VEVENT\r\n" TAIL

static struct str instances(struct str data)
{
	struct ical *object;
	struct occurrence *list;
	size_t n;
	struct buf b = buf_new(test_mem, 65536);
	struct ical_facts facts;
	assert_ok(ical_validate(&test_cx, data, &facts));
	assert_ok(ical_parse(&test_cx, data, &object));
	assert_ok(ical_expand(&test_cx, object, INSTANT_BEFORE, INSTANT_FOREVER, STR_ABSENT, 100, &list, &n));
	for (size_t i = 0; i < n; i++) {
		struct event e;
		assert_ok(event_read(&test_cx, object, list[i].component, STR_ABSENT, &e));
		buf_fmt(&b, "%s%.*s=%.*s%s", i ? " " : "",
			STR_ARG(str_sub(instant_ical(test_mem, list[i].start), 6, 13)), STR_ARG(e.title),
			list[i].cancelled ? "!" : "");
	}
	return buf_str(&b);
}

TEST(one_instance_is_changed_by_an_override)
{
	struct event with = { .title = STR("new"),
		.start = at("2026-11-25T12:00:00Z"),
		.end = at("2026-11-25T13:00:00Z"),
		.zone = STR("Europe/Berlin") };
	struct str out, again;
	assert_str(instances(STR(SERIES)), STR("24T0800=s 25T0800=s 27T1900=late 28T0800=s"));
	assert_ok(patch(STR(SERIES), STR("20261125T080000Z"), &with, EVENT_TITLE | EVENT_START | EVENT_END, &out));
	assert_str(instances(out), STR("24T0800=s 25T1200=new 27T1900=late 28T0800=s"));
	assert_true(str_find(out, STR("X-KEEP:1\r\nDTEND")) == SIZE_MAX);
	assert_ok(patch(out, STR("20261125T080000Z"), &(struct event){ .title = STR("newer") }, EVENT_TITLE, &again));
	assert_str(instances(again), STR("24T0800=s 25T1200=newer 27T1900=late 28T0800=s"));
	assert_ok(patch(STR(SERIES), STR("20261127T080000Z"), &with, EVENT_TITLE, &out));
	assert_str(instances(out), STR("24T0800=s 25T0800=s 27T1900=new 28T0800=s"));
	static const char *const missing[] = { "20261126T080000Z", "20261124T080001Z", "20261201T080000Z", "20261125",
		"x", "" };
	for (size_t i = 0; i < ARRAY_LEN(missing); i++)
		assert_err(patch(STR(SERIES), str_of(missing[i]), &with, EVENT_TITLE, &out), NOT_FOUND);
}

/* At half past two of a night that has none: its id is the instant it has, which half past three would share. */
TEST(an_instance_in_the_gap_of_a_clock_is_changed_and_taken_out)
{
	struct str series =
		STR("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:s\r\n"
		    "DTSTART;TZID=Europe/Berlin:20270327T023000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
		    "END:VEVENT\r\nEND:VCALENDAR\r\n");
	struct str out, id = STR("20270328T013000Z");
	assert_ok(patch(series, id, &(struct event){ .title = STR("new") }, EVENT_TITLE, &out));
	assert_true(str_find(out, STR("RECURRENCE-ID;TZID=Europe/Berlin:20270328T023000")) != SIZE_MAX);
	assert_ok(event_remove_instance(&test_cx, out, id, &out));
	assert_true(str_find(out, STR("RECURRENCE-ID")) == SIZE_MAX);
	assert_err(event_remove_instance(&test_cx, out, id, &out), NOT_FOUND);
}

TEST(exceptions_move_with_the_series)
{
	struct event with = {
		.start = at("2026-11-24T14:00:00Z"), .end = at("2026-11-24T15:00:00Z"), .zone = STR("Europe/London")
	};
	struct str out;
	assert_ok(patch(STR(SERIES), STR_ABSENT, &with, EVENT_START | EVENT_END, &out));
	assert_str(instances(out), STR("24T1400=s 25T1400=s 27T1900=late 28T1400=s"));
	struct event day = { .all_day = true, .start = at("2026-12-01T00:00:00Z"), .end = at("2026-12-02T00:00:00Z") };
	assert_ok(patch(STR(SERIES), STR_ABSENT, &day, EVENT_START | EVENT_END, &out));
	assert_str(instances(out), STR("27T1900=late 01T0000=s 02T0000=s 05T0000=s"));
	struct event once = with;
	assert_ok(patch(STR(SERIES), STR_ABSENT, &once, EVENT_START | EVENT_END | EVENT_RECURRENCE, &out));
	assert_str(instances(out), STR("24T1400=s"));
}

#define NIGHTS(more)                                                                                                   \
	STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:s\r\nDTSTART;TZID=Europe/"                                          \
		 "Berlin:20261024T023000\r\nDURATION:PT10M\r\n"                                                        \
		 "RRULE:FREQ=DAILY;COUNT=3\r\n" more TAIL)

static void assert_part(struct str data, const char *part)
{
	if (str_find(data, str_of(part)) == SIZE_MAX)
		fail_msg("no %s in\n%.*s", part, STR_ARG(data));
}

/* Half past two comes twice in the night of the 25th; what names the second pass names it after a new rule, too. */
TEST(what_names_the_second_pass_of_an_hour_names_it_after_a_change_of_the_rule)
{
	struct event with = { .rrule = STR("FREQ=DAILY;COUNT=5") };
	struct str out;
	assert_ok(patch(NIGHTS("RDATE:20261025T013000Z\r\nEXDATE:20261025T013000Z\r\nEND:VEVENT\r\n"), STR_ABSENT,
		&with, EVENT_RULE, &out));
	assert_part(out, "\r\nEXDATE:20261025T013000Z\r\n");
	assert_part(out, "\r\nRDATE:20261025T013000Z\r\n");
	assert_ok(patch(NIGHTS("RDATE:20261025T013000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:late\r\n"
			       "RECURRENCE-ID:20261025T013000Z\r\nDTSTART:20261025T190000Z\r\nEND:VEVENT\r\n"),
		STR_ABSENT, &with, EVENT_RULE, &out));
	assert_part(out, "\r\nRECURRENCE-ID:20261025T013000Z\r\n");
}

/* RFC 5545 §3.3.9: a period with an end and one with a duration are as long as they were. */
TEST(periods_move_with_the_series_and_stay_as_long)
{
	struct event with = {
		.start = at("2026-11-24T10:00:00Z"), .end = at("2026-11-24T11:00:00Z"), .zone = STR("Etc/UTC")
	};
	struct str out;
	assert_ok(patch(STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\n"
				 "RDATE;VALUE=PERIOD:20261202T120000Z/20261202T143000Z,20261203T120000Z/"
				 "PT5M\r\n"
				 "END:VEVENT\r\n" TAIL),
		STR_ABSENT, &with, EVENT_START | EVENT_END, &out));
	struct ical *object;
	assert_ok(ical_parse(&test_cx, out, &object));
	const struct ical_prop *rdate = ical_prop(ical_main(object), STR("RDATE"));
	assert_str(ical_param(rdate, STR("VALUE")), STR("PERIOD"));
	assert_str(rdate->value, STR("20261202T130000Z/PT2H30M,20261203T130000Z/PT5M"));
}

TEST(an_event_or_one_instance_is_cancelled)
{
	struct str out, again;
	assert_ok(event_cancel(&test_cx, STR(ODD), STR_ABSENT, STR_ABSENT, &out));
	assert_true(read_back(out).status == EVENT_CANCELLED && read_back(out).sequence == 1);
	assert_ok(event_cancel(&test_cx, out, STR_ABSENT, STR_ABSENT, &again));
	assert_str(again, out);
	assert_ok(event_cancel(&test_cx, STR(SERIES), STR("20261128T080000Z"), STR_ABSENT, &out));
	assert_str(instances(out), STR("24T0800=s 25T0800=s 27T1900=late 28T0800=s!"));
	assert_ok(event_cancel(&test_cx, STR(SERIES), STR_ABSENT, STR_ABSENT, &out));
	assert_str(instances(out), STR("24T0800=s! 25T0800=s! 27T1900=late! 28T0800=s!"));
	assert_ok(event_remove_instance(&test_cx, STR(SERIES), STR("20261127T080000Z"), &out));
	assert_str(instances(out), STR("24T0800=s 25T0800=s 28T0800=s"));
	assert_err(event_remove_instance(&test_cx, out, STR("20261127T080000Z"), &again), NOT_FOUND);
	assert_err(event_cancel(&test_cx, STR(HEAD "BEGIN:VTODO\r\nUID:u\r\nEND:VTODO\r\n" TAIL), STR_ABSENT,
			   STR_ABSENT, &out),
		ICAL_OBJECT);
}

TESTS(RUN(a_change_touches_its_own_lines_alone), RUN(attendees_who_stay_keep_their_parameters),
	RUN(a_new_time_replaces_the_old_and_brings_its_zone), RUN(one_instance_is_changed_by_an_override),
	RUN(an_instance_in_the_gap_of_a_clock_is_changed_and_taken_out), RUN(exceptions_move_with_the_series),
	RUN(what_names_the_second_pass_of_an_hour_names_it_after_a_change_of_the_rule),
	RUN(periods_move_with_the_series_and_stay_as_long), RUN(an_event_or_one_instance_is_cancelled))
