/* SPDX-License-Identifier: Apache-2.0 */
/* What is found of small objects when they are stored. */
#pragma once

#include "caldav/calendar/validate.h"
#include "tests/support/ical.h"

#define TODO(lines) HEAD "BEGIN:VTODO\r\nUID:u\r\n" lines "END:VTODO\r\n" TAIL
#define JOURNAL(lines) HEAD "BEGIN:VJOURNAL\r\nUID:u\r\n" lines "END:VJOURNAL\r\n" TAIL
#define START "DTSTART:20261124T090000Z\r\n"

static inline struct ical_facts checked(struct str data)
{
	struct ical_facts facts = { 0 };
	err_t e = ical_validate(&test_cx, data, &facts);
	if (e)
		fail_msg("%s: %.*s\n%.*s", err_row(e->kind)->name, STR_ARG(err_text(e)), STR_ARG(data));
	return facts;
}
