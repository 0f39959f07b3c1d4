/* SPDX-License-Identifier: Apache-2.0 */
/* Events as they are written and read; how one is changed: test_event_change.c. */
#include "tests/support/events.h"

#include "caldav/calendar/recur/instances.h"

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
		{ { .start = start, .end = end, .attendees = bad_email, .attendee_count = 1 }, "attendees[0]" },
		{ { .start = start, .end = end, .attendees = injected, .attendee_count = 1 }, "attendees[0]" },
		{ { .start = start, .end = end, .organizer = STR("a;b@c") }, "organizer" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str data;
		err_t e = event_write(&test_cx, &cases[i].event, &data);
		if (!err_is(e, INVALID_VALUE) || !str_eq(e->param, str_of(cases[i].param)))
			fail_msg("case %zu: %.*s", i, STR_ARG(e ? e->param : STR("OK")));
	}
}

TESTS(RUN(an_event_survives_its_writing), RUN(days_utc_and_floating_times_are_written_as_such),
	RUN(a_written_vtimezone_is_right_from_then_on), RUN(fields_that_are_wrong_are_named))
