/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the REST API and what is stored of them, for unit tests. */
#pragma once

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/validate.h"
#include "tests/support/test.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define NOW "20251124T160000Z" /* test_cx.now */

static inline struct instant at(const char *text)
{
	struct instant t;
	if (!instant_from_rfc3339(str_of(text), &t))
		fail_msg("bad time in test: %s", text);
	return t;
}

static inline struct event read_back(struct str data)
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
