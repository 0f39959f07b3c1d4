/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/validate.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define NOW "20251124T160000Z" /* test_cx.now */

static struct instant at(const char *text)
{
	struct instant t;
	if (!instant_from_rfc3339(str_of(text), &t))
		fail_msg("bad time in test: %s", text);
	return t;
}

static struct event read_back(struct str data)
{
	struct ical *object;
	struct ical_facts facts;
	struct event e;
	err_t bad = ical_validate(&test_cx, data, &facts);
	if (bad)
		fail_msg("%.*s\n%.*s", STR_ARG(err_text(bad)), STR_ARG(data));
	assert_ok(ical_parse(&test_cx, data, &object));
	assert_ok(event_read(&test_cx, object, ical_main(object), STR_ABSENT, &e));
	return e;
}

static err_t patch(struct str data, struct str instance, const struct event *to, unsigned fields, struct str *out)
{
	const struct event_change change = { instance, to, fields, STR_ABSENT };
	struct event_changed changed;
	TRY(event_patch(&test_cx, data, &change, &changed));
	*out = changed.data;
	return OK;
}

static struct str written(const struct event *e)
{
	struct str data = STR_ABSENT;
	assert_ok(event_write(&test_cx, e, &data));
	return data;
}

TEST(an_event_survives_its_writing)
{
	const struct event_date exdates[] = { { at("2026-12-01T08:00:00Z"), false } };
	const struct event_attendee attendees[] = { { STR("a@example.org"), STR("Ada \"L\" ^;:,"), PARTSTAT_ACCEPTED },
		{ STR("b@example.org"), STR_ABSENT, PARTSTAT_NEEDS_ACTION } };
	const int32_t reminders[] = { 15, 1440 };
	struct event e = {
		.uid = STR("u@example.org"),
		.title = STR("Lunch; with, \\ all\nof us: üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü"),
		.description = STR("two\r\nlines"),
		.location = STR("Room 1"),
		.category = STR("work, really"),
		.color = STR("#ff8800"),
		.url = STR("https://example.org/?a=1,2;3"),
		.start = at("2026-11-24T08:00:00Z"),
		.end = at("2026-11-24T09:00:00Z"),
		.zone = STR("Europe/Berlin"),
		.rrule = STR("FREQ=WEEKLY;COUNT=5"),
		.exdates = exdates,
		.exdate_count = 1,
		.organizer = STR("a@example.org"),
		.attendees = attendees,
		.attendee_count = 2,
		.reminders = reminders,
		.reminder_count = 2,
		.status = EVENT_TENTATIVE,
		.transparent = true,
	};
	struct str data = written(&e);
	struct event back = read_back(data);
	assert_str(back.uid, e.uid);
	assert_str(back.title, e.title);
	assert_str(back.description, STR("two\nlines"));
	assert_str(back.location, e.location);
	assert_str(back.category, e.category);
	assert_str(back.color, e.color);
	assert_str(back.url, e.url);
	assert_true(back.start.us == e.start.us && back.end.us == e.end.us && !back.all_day);
	assert_str(back.zone, e.zone);
	assert_str(back.rrule, e.rrule);
	assert_true(back.recurring && back.exdate_count == 1 && back.exdates[0].at.us == exdates[0].at.us);
	assert_int_equal(back.attendee_count, 2);
	assert_str(back.attendees[0].name, attendees[0].name);
	assert_str(back.attendees[0].email, attendees[0].email);
	assert_int_equal(back.attendees[0].status, PARTSTAT_ACCEPTED);
	assert_int_equal(back.attendees[1].status, PARTSTAT_NEEDS_ACTION);
	assert_int_equal(back.reminder_count, 2);
	assert_int_equal(back.reminders[0], 15);
	assert_int_equal(back.reminders[1], 1440);
	assert_int_equal(back.status, EVENT_TENTATIVE);
	assert_true(back.transparent && back.created_at.us == test_cx.now.us && back.updated_at.us == test_cx.now.us);
	struct str rest = data, line;
	while (str_cut(&rest, '\n', &line))
		assert_true(line.len <= 76);
	assert_true(str_find(data, STR("DTSTART;TZID=Europe/Berlin:20261124T090000\r\n")) != SIZE_MAX);
	assert_true(str_find(data, STR("EXDATE;TZID=Europe/Berlin:20261201T090000\r\n")) != SIZE_MAX);
}

TEST(days_utc_and_floating_times_are_written_as_such)
{
	struct event day = { .title = STR("x"),
		.all_day = true,
		.start = at("2026-11-24T00:00:00Z"),
		.end = at("2026-11-25T00:00:00Z") };
	struct str data = written(&day);
	assert_true(str_find(data, STR("DTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261125\r\n")) != SIZE_MAX);
	assert_true(read_back(data).all_day && read_back(data).end.us == day.end.us);
	assert_int_equal(read_back(data).uid.len, 32);
	struct event utc = { .start = at("2026-11-24T10:00:00Z"), .end = at("2026-11-24T10:00:00Z") };
	data = written(&utc);
	assert_true(str_find(data, STR("DTSTART:20261124T100000Z\r\n")) != SIZE_MAX);
	assert_true(str_find(data, STR("VTIMEZONE")) == SIZE_MAX);
	struct event floating = {
		.floating = true, .start = at("2026-11-24T10:00:00Z"), .end = at("2026-11-24T11:00:00Z")
	};
	data = written(&floating);
	assert_true(str_find(data, STR("DTSTART:20261124T100000\r\n")) != SIZE_MAX);
	assert_true(read_back(data).floating);
}

/* The VTIMEZONE alone, under a name that nobody knows, must give the zone's own times. */
TEST(a_written_vtimezone_is_right_from_then_on)
{
	static const char *const names[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Europe/Dublin",
		"Australia/Sydney", "Asia/Jerusalem", "America/Nuuk", "Africa/Casablanca", "Asia/Pyongyang",
		"America/Santiago", "Australia/Lord_Howe", "Europe/Moscow" };
	static const char *const starts[] = { "2026-11-24T08:00:00Z", "2005-05-05T08:00:00Z", "2015-01-01T00:00:00Z" };
	for (size_t n = 0; n < ARRAY_LEN(names); n++)
		for (size_t s = 0; s < ARRAY_LEN(starts); s++) {
			struct event e = { .start = at(starts[s]),
				.end = at(starts[s]),
				.zone = str_of(names[n]),
				.rrule = STR("FREQ=DAILY;INTERVAL=17") };
			struct str data = written(&e), rest = data, line;
			struct buf renamed = buf_new(test_mem, 65536);
			struct occurrence *want, *got;
			size_t want_count, got_count;
			while (str_cut(&rest, '\n', &line)) { /* TZID of the zone and of DTSTART */
				size_t tzid = str_find(line, STR("TZID"));
				buf_add(&renamed, str_sub(line, 0, tzid == SIZE_MAX ? line.len : tzid + 5));
				if (tzid != SIZE_MAX) {
					BUF_LIT(&renamed, "Unknown Zone");
					buf_add(&renamed, str_from(line, tzid + 5 + strlen(names[n])));
				}
				buf_char(&renamed, '\n');
			}
			struct ical *own, *named;
			assert_ok(ical_parse(&test_cx, buf_str(&renamed), &own));
			assert_ok(ical_parse(&test_cx, data, &named));
			assert_ok(ical_expand(&test_cx, named, e.start, at("2037-01-01T00:00:00Z"), STR_ABSENT, 1000,
				&want, &want_count));
			assert_ok(ical_expand(&test_cx, own, e.start, at("2037-01-01T00:00:00Z"), STR_ABSENT, 1000,
				&got, &got_count));
			assert_int_equal(got_count, want_count);
			for (size_t i = 0; i < got_count; i++)
				if (got[i].start.us != want[i].start.us)
					fail_msg("%s at %.*s:\n%.*s", names[n],
						STR_ARG(instant_rfc3339(test_mem, want[i].start)), STR_ARG(data));
		}
}

TEST(fields_that_are_wrong_are_named)
{
	const struct event_attendee bad_email[] = { { STR("nobody"), STR_ABSENT, PARTSTAT_NEEDS_ACTION } };
	const struct event_attendee injected[] = { { STR("a@b\r\nX:1"), STR_ABSENT, PARTSTAT_NEEDS_ACTION } };
	struct instant start = at("2026-11-24T08:00:00Z"), end = at("2026-11-24T09:00:00Z");
	const struct {
		struct event event;
		const char *param;
	} cases[] = {
		{ { .start = end, .end = start }, "end_time" },
		{ { .start = start, .end = end, .all_day = true }, "start_time" },
		{ { .start = at("2026-11-24T00:00:00Z"), .end = at("2026-11-24T00:00:00Z"), .all_day = true },
			"end_time" },
		{ { .start = start, .end = end, .zone = STR("../etc/passwd") }, "timezone" },
		{ { .start = start, .end = end, .rrule = STR("FREQ=NEVER") }, "recurrence.rule" },
		{ { .start = start, .end = end, .rrule = STR("FREQ=DAILY\r\n;COUNT=1") }, "recurrence.rule" },
		{ { .start = start, .end = end, .title = STR("a\x01") }, "title" },
		{ { .start = start, .end = end, .title = STR("\xFF") }, "title" },
		{ { .start = start, .end = end, .url = STR("https://a\r\nX:1") }, "url" },
		{ { .start = start, .end = end, .color = STR("#12345g") }, "color_hex" },
		{ { .start = start, .end = end, .uid = STR("a\r\nb") }, "client_uid" },
		{ { .start = start, .end = end, .attendees = bad_email, .attendee_count = 1 }, "attendees" },
		{ { .start = start, .end = end, .attendees = injected, .attendee_count = 1 }, "attendees" },
		{ { .start = start, .end = end, .organizer = STR("a;b@c") }, "organizer" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str data;
		err_t e = event_write(&test_cx, &cases[i].event, &data);
		if (!err_is(e, INVALID_VALUE) || !str_eq(e->param, str_of(cases[i].param)))
			fail_msg("case %zu: %.*s", i, STR_ARG(e ? e->param : STR("OK")));
	}
}

/* ---- changing ---- */

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

TESTS(RUN(an_event_survives_its_writing), RUN(days_utc_and_floating_times_are_written_as_such),
	RUN(a_written_vtimezone_is_right_from_then_on), RUN(fields_that_are_wrong_are_named),
	RUN(a_change_touches_its_own_lines_alone), RUN(attendees_who_stay_keep_their_parameters),
	RUN(a_new_time_replaces_the_old_and_brings_its_zone), RUN(one_instance_is_changed_by_an_override),
	RUN(an_instance_in_the_gap_of_a_clock_is_changed_and_taken_out), RUN(exceptions_move_with_the_series),
	RUN(what_names_the_second_pass_of_an_hour_names_it_after_a_change_of_the_rule),
	RUN(periods_move_with_the_series_and_stay_as_long), RUN(an_event_or_one_instance_is_cancelled))
