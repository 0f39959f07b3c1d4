/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instant that is written is the instant that is read, around every change of clock of every zone from 2020
 * to 2035, by every writer: a new event, a change, an override, EXDATE, RDATE, the move of a series; with the system's
 * zones and with the same as a VTIMEZONE of a name that nobody knows.
 */
#include "tests/support/test.h"

#include <stdio.h>

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/validate.h"
#include "server/base/clock.h"

#define ZONES_MAX 1000
#define CHANGES_MAX 64
#define YEAR_2020 INT64_C(1577836800)
#define YEAR_2036 INT64_C(2082758400)

static struct {
	struct str names[ZONES_MAX];
	size_t count;
} zones;

static void zones_list(void)
{
	char line[512];
	FILE *index = fopen("/usr/share/zoneinfo/tzdata.zi", "re");
	assert_non_null(index);
	zones.count = 0;
	while (fgets(line, sizeof line, index)) {
		struct str rest = str_of(line), kind, name;
		if (str_cut(&rest, ' ', &kind) && str_eq(kind, STR("Z")) && str_cut(&rest, ' ', &name) &&
			zones.count < ZONES_MAX)
			zones.names[zones.count++] = str_dup(test_mem, name);
	}
	fclose(index);
	assert_true(zones.count > 300);
}

/* xorshift: the same instants in every run. */
static uint64_t random_state;
static int64_t some(int64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (int64_t)(random_state % (uint64_t)below);
}

static struct event read_event(struct str data, struct str instance)
{
	struct ical *object;
	struct ical_facts facts;
	const struct series *s;
	struct series_instance i;
	struct event e;
	err_t bad = ical_validate(&test_cx, data, &facts);
	if (bad)
		fail_msg("%.*s\n%.*s", STR_ARG(err_text(bad)), STR_ARG(data));
	assert_ok(ical_parse(&test_cx, data, &object));
	if (!instance.ptr) {
		assert_ok(event_read(&test_cx, object, ical_main(object), STR_ABSENT, &e));
		return e;
	}
	assert_ok(series_read(&test_cx, object, &s));
	if (!series_instance(test_mem, s, instance, zone_utc(), &i))
		fail_msg("no instance %.*s\n%.*s", STR_ARG(instance), STR_ARG(data));
	assert_ok(event_read_instance(&test_cx, object, &i, STR_ABSENT, &e));
	return e;
}

static void assert_same(
	const char *writer, struct str zone, const struct event *got, const struct event *want, struct str data)
{
	if (got->start.us != want->start.us || got->end.us != want->end.us)
		fail_msg("%s, %.*s: %.*s to %.*s, read as %.*s to %.*s\n%.*s", writer, STR_ARG(zone),
			STR_ARG(instant_rfc3339(test_mem, want->start)), STR_ARG(instant_rfc3339(test_mem, want->end)),
			STR_ARG(instant_rfc3339(test_mem, got->start)), STR_ARG(instant_rfc3339(test_mem, got->end)),
			STR_ARG(data));
}

/* The zone's own VTIMEZONE, under a name that nobody knows. */
static struct str renamed(struct str data, struct str zone)
{
	struct buf out = buf_new(test_mem, 65536);
	struct str rest = data, line;
	while (str_cut(&rest, '\n', &line)) {
		size_t at = str_find(line, STR("TZID"));
		buf_add(&out, str_sub(line, 0, at == SIZE_MAX ? line.len : at + 5));
		if (at != SIZE_MAX) {
			BUF_LIT(&out, "Our Own");
			buf_add(&out, str_from(line, at + 5 + zone.len));
		}
		buf_char(&out, '\n');
	}
	return buf_str(&out);
}

struct around {
	struct str zone;
	struct str series, own_series; /* a daily one in this zone, and in its own VTIMEZONE */
	struct str instance;           /* one of its instances */
	bool own_is_right;             /* a VTIMEZONE of ours holds from the year before 2020 on */
};

static struct str patched(struct str data, struct str instance, const struct event *to, unsigned fields)
{
	const struct event_change change = { instance, to, fields, STR_ABSENT };
	struct event_changed changed = { .data = STR_ABSENT };
	err_t e = event_patch(&test_cx, data, &change, &changed);
	if (e && !err_is(e, INVALID_VALUE))
		fail_msg("%.*s\n%.*s", STR_ARG(err_text(e)), STR_ARG(data));
	return e ? STR_ABSENT : changed.data;
}

static void check_new(const struct around *a, const struct event *times)
{
	struct event e = *times;
	struct str data;
	e.zone = a->zone;
	assert_ok(event_write(&test_cx, &e, &data));
	struct event got = read_event(data, STR_ABSENT);
	assert_same("a new event", a->zone, &got, times, data);
}

static void check_change(
	const char *name, struct str data, struct str instance, struct str zone, const struct event *times)
{
	struct event to = read_event(data, instance);
	to.start = times->start;
	to.end = times->end;
	struct str out = patched(data, instance, &to, EVENT_START | EVENT_END);
	if (!out.ptr && instance.ptr)
		fail_msg("%s, %.*s: refused\n%.*s", name, STR_ARG(zone), STR_ARG(data));
	if (!out.ptr)
		return; /* the move of a series to a second pass */
	struct event got = read_event(out, instance);
	assert_same(name, zone, &got, times, out);
}

/* An instant that is out and one that is added, which is so made even where the clock shows an earlier one. */
static void check_dates(const struct around *a, struct str data, const struct event *times)
{
	const struct event_date dates[] = { { times->start, false }, { times->end, false } };
	struct event to = read_event(data, STR_ABSENT);
	to.rdates = &dates[0];
	to.exdates = &dates[1];
	to.rdate_count = to.exdate_count = 1;
	struct str out = patched(data, STR_ABSENT, &to, EVENT_RDATES | EVENT_EXDATES);
	assert_non_null(out.ptr);
	struct event got = read_event(out, STR_ABSENT);
	assert_int_equal(got.rdate_count, 1);
	assert_int_equal(got.exdate_count, 1);
	if (got.rdates[0].at.us != dates[0].at.us || got.exdates[0].at.us != dates[1].at.us)
		fail_msg("dates, %.*s\n%.*s", STR_ARG(a->zone), STR_ARG(out));
	struct str id = instant_ical(test_mem, times->start);
	got = read_event(out, id);
	if (got.start.us != times->start.us)
		fail_msg("RDATE, %.*s\n%.*s", STR_ARG(a->zone), STR_ARG(out));
	assert_same("an added one with an override", a->zone, &got, &got, out);
	check_change("an override of an added one", out, id, a->zone, times);
}

static struct around around_zone(struct str zone)
{
	struct around a = { .zone = zone, .instance = STR("20190712T030000Z") };
	struct event e = { .title = STR("s"),
		.start = instant_of_s(YEAR_2020 - 175 * 86400 + 3 * 3600), /* 2019-07-10T03:00Z: no zone changes then */
		.end = instant_of_s(YEAR_2020 - 175 * 86400 + 4 * 3600),
		.zone = zone,
		.rrule = STR("FREQ=DAILY;COUNT=5") };
	assert_ok(event_write(&test_cx, &e, &a.series));
	a.own_series = zone_by_name(zone) == zone_utc() ? a.series : renamed(a.series, zone);
	return a;
}

static void check_instant(const struct around *a, int64_t at, int64_t length, bool thoroughly)
{
	struct arena_mark mark = arena_mark(test_mem);
	const struct event times = { .start = instant_of_s(at), .end = instant_of_s(at + length) };
	check_new(a, &times);
	check_change("an override", a->series, a->instance, a->zone, &times);
	if (thoroughly) {
		check_change("the move of a series", a->series, STR_ABSENT, a->zone, &times);
		check_change("an override in an own zone", a->own_series, a->instance, a->zone, &times);
		check_change("the move of a series in an own zone", a->own_series, STR_ABSENT, a->zone, &times);
		check_dates(a, a->series, &times);
		check_dates(a, a->own_series, &times);
	}
	arena_rewind(test_mem, mark);
}

TEST(an_instant_is_what_it_was_around_every_change_of_clock)
{
	static const int64_t lengths[] = { 1, 60, 1800, 3600, 5400, 7200, 86400 };
	size_t checked = 0;
	random_state = 20261128;
	zones_list();
	for (size_t z = 0; z < zones.count; z++) {
		struct zone_change changes[CHANGES_MAX];
		const struct zone *zone = zone_by_name(zones.names[z]);
		assert_non_null(zone);
		struct arena_mark mark = arena_mark(test_mem);
		const struct around a = around_zone(zones.names[z]);
		size_t n = zone_changes_after(zone, YEAR_2020, changes, CHANGES_MAX);
		for (size_t i = 0; i < n && changes[i].utc < YEAR_2036; i++) {
			/* One of them in turn: the second before and that of the change, some time after, some before.
			 */
			const int64_t instants[] = { changes[i].utc - 1, changes[i].utc,
				changes[i].utc + some(2 * 3600), changes[i].utc - some(2 * 3600) };
			check_instant(&a, instants[checked % ARRAY_LEN(instants)], lengths[some(ARRAY_LEN(lengths))],
				checked % 13 == 0);
			checked++;
		}
		arena_rewind(test_mem, mark);
	}
	assert_true(checked > 2000);
}

/* A floating event is told by the clock of whoever looks: what that clock cannot say is refused, not moved. */
TEST(a_floating_start_is_right_or_refused)
{
	struct str data = STR("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:u\r\n"
			      "DTSTAMP:20260101T000000Z\r\nDTSTART:20260701T090000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
			      "END:VCALENDAR\r\n");
	int refused = 0;
	for (int64_t s = 0; s < 4 * 3600; s += 600) {
		struct event to = { .start = instant_of_s(INT64_C(1792886400) + s),
			.floating = true }; /* 2026-10-25T00:00Z */
		struct event_changed changed;
		struct ical *object;
		struct event got;
		to.end = instant_add_s(to.start, 1800);
		const struct event_change change = { STR_ABSENT, &to, EVENT_START | EVENT_END, STR("Europe/Berlin") };
		err_t e = event_patch(&test_cx, data, &change, &changed);
		refused += e != OK;
		if (e) {
			assert_err(e, INVALID_VALUE);
			continue;
		}
		assert_ok(ical_parse(&test_cx, changed.data, &object));
		assert_ok(event_read(&test_cx, object, ical_main(object), STR("Europe/Berlin"), &got));
		assert_true(got.floating);
		assert_same("floating", STR("Europe/Berlin"), &got, &to, changed.data);
	}
	assert_int_equal(refused, 6); /* the second pass, by tens of minutes */
}

TESTS(RUN(an_instant_is_what_it_was_around_every_change_of_clock), RUN(a_floating_start_is_right_or_refused))
