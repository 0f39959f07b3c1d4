/* SPDX-License-Identifier: Apache-2.0 */
/* Small iCalendar objects for unit tests, and what reads one. */
#pragma once

#include "caldav/calendar/ical/ical.h"
#include "tests/support/test.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define PART(lines) "BEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n"
#define EVENT(lines) HEAD PART(lines) TAIL
#define ALARM(lines) "BEGIN:VALARM\r\nACTION:DISPLAY\r\n" lines "END:VALARM\r\n"
/* Berlin's clock under a name that nobody knows. */
#define ZONE                                                                                                           \
	"BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"                \
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\n"             \
	"END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"      \
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

static inline struct instant at(const char *text)
{
	struct instant t;
	if (!instant_from_ical(str_of(text), &t))
		fail_msg("bad time in test: %s", text);
	return t;
}

static inline struct ical *parsed(struct str data)
{
	struct ical *object = NULL;
	assert_ok(ical_parse(&test_cx, data, &object));
	return object;
}
