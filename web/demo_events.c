/* SPDX-License-Identifier: Apache-2.0 */
#include "web/demo_events.h"

#include "caldav/calendar/store.h"
#include "server/base/buf.h"

#define DAY_S INT64_C(86400)
#define WEEKDAY_OF_DAY_0 3 /* 1970-01-01 was a Thursday; Monday is 0 */

/* clang-format off */
static const struct {
	const char *summary, *location, *rrule;
	int day;            /* from the Monday of this week */
	int start_minute;   /* of the day, UTC; -1: the whole day */
	int minutes;
} events[] = {
	{ "Team stand-up",            NULL,                       "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", 0, 9 * 60,       15 },
	{ "Lunch with Sam",           "Café Ostwind",             NULL,                               1, 12 * 60,      60 },
	{ "Quarterly planning",       "Room 4, second floor",     NULL,                               2, 13 * 60 + 30, 120 },
	{ "Dentist",                  "12 Harbour Street",        NULL,                               3, 8 * 60,       45 },
	{ "Demo for Northwind",       "https://meet.example/demo", NULL,                              8, 15 * 60,      30 },
	{ "Pay rent",                 NULL,                       "FREQ=MONTHLY;BYMONTHDAY=1",        0, -1,           0 },
	{ "Weekend trip",             "Lake district",            NULL,                               12, -1,          0 },
};
/* clang-format on */

static struct str date_text(struct arena *mem, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return str_fmt(mem, "%04d%02d%02d", (int)year, month, of_month);
}

static void add_times(struct arena *mem, struct buf *out, size_t i, int64_t monday)
{
	int64_t day = monday + events[i].day;
	if (events[i].start_minute < 0) {
		/* A monthly rule begins on a day that it has itself (RFC 5545 §3.8.5.3). */
		struct str date = date_text(mem, day);
		if (events[i].rrule)
			date = str_fmt(mem, "%.*s01", STR_ARG(str_sub(date, 0, 6)));
		buf_fmt(out, "DTSTART;VALUE=DATE:%.*s\r\n", STR_ARG(date));
		return;
	}
	int64_t start = day * DAY_S + events[i].start_minute * 60;
	struct str from = instant_ical(mem, instant_of_s(start));
	struct str to = instant_ical(mem, instant_of_s(start + events[i].minutes * 60));
	buf_fmt(out, "DTSTART:%.*s\r\nDTEND:%.*s\r\n", STR_ARG(from), STR_ARG(to));
}

static struct str event_text(struct ctx *cx, size_t i, struct str uid, int64_t monday)
{
	struct buf out = buf_new(cx->mem, 4096);
	BUF_LIT(&out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Calends//Demo//EN\r\nBEGIN:VEVENT\r\n");
	buf_fmt(&out, "UID:%.*s\r\nDTSTAMP:%.*s\r\n", STR_ARG(uid), STR_ARG(instant_ical(cx->mem, cx->now)));
	add_times(cx->mem, &out, i, monday);
	if (events[i].rrule)
		buf_fmt(&out, "RRULE:%s\r\n", events[i].rrule);
	buf_fmt(&out, "SUMMARY:%s\r\n", events[i].summary);
	/* A comma or semicolon in a text is escaped (§3.3.11). */
	if (events[i].location) {
		BUF_LIT(&out, "LOCATION:");
		for (const char *c = events[i].location; *c; c++) {
			if (*c == ',' || *c == ';')
				buf_char(&out, '\\');
			buf_char(&out, *c);
		}
		BUF_LIT(&out, "\r\n");
	}
	BUF_LIT(&out, "END:VEVENT\r\nEND:VCALENDAR\r\n");
	return buf_str(&out);
}

err_t demo_events_put(struct ctx *cx, struct id account)
{
	int64_t today = instant_s(cx->now) / DAY_S;
	int64_t monday = today - (today + WEEKDAY_OF_DAY_0) % 7;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		struct str uid = str_fmt(cx->mem, "demo-%zu@calends.example", i + 1);
		struct object_write in = {
			.account = account,
			.calendar_name = STR_INIT("default"),
			.name = str_fmt(cx->mem, "demo-%zu.ics", i + 1),
			.data = event_text(cx, i, uid, monday),
			.author = account,
		};
		enum put_outcome outcome;
		struct object made;
		TRY(object_put(cx, &in, &outcome, &made));
	}
	return OK;
}
