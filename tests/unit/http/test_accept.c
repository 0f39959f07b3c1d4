/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/http/accept.h"

TEST(the_type_that_is_liked_best_is_chosen) /* RFC 9110 §12.5.1 */
{
	static const struct str types[] = { STR_INIT("application/json"), STR_INIT("text/calendar") };
	const struct {
		const char *sent;
		int chosen; /* -1: none */
	} cases[] = {
		{ NULL, 0 },
		{ "", 0 },
		{ " , ,", 0 },
		{ "*/*", 0 },
		{ "text/calendar", 1 },
		{ "TEXT/Calendar", 1 },
		{ "text/calendar;charset=utf-8", 1 },
		{ "text/calendar; component=\"VEVENT, q=0\"", 1 },
		{ "text/*", 1 },
		{ "text/calendar, application/json", 0 },
		{ "application/json;q=0.9, text/calendar", 1 },
		{ "application/json, text/calendar;q=0.9", 0 },
		{ "application/json;q=0.001, text/calendar;q=0.002", 1 },
		{ "application/json;Q=0.5, text/calendar;q=1.000", 1 },
		{ "*/*;q=0.1, text/calendar", 1 },
		{ "*/*, application/json;q=0.5", 1 },
		{ "*/*, application/json;q=0", 1 },
		{ "application/*;q=0, */*", 1 },
		{ "text/html, application/json;q=0.2", 0 },
		{ "text/html", -1 },
		{ "text/calendarx", -1 },
		{ "text/calendar;q=0", -1 },
		{ "*/*;q=0", -1 },
		{ "application/json;q=0.000, text/calendar;q=0.", -1 },
		/* malformed: says nothing, and nothing is refused for it */
		{ "text/calendar;q=2", 0 },
		{ "text/calendar;q=1.001", 0 },
		{ "text/calendar;q=0.0001", 0 },
		{ "text/calendar;q=.5", 0 },
		{ "text/calendar;q=-1", 0 },
		{ "text/calendar;q=", 0 },
		{ "text/calendar;q", 0 },
		{ "text/calendar;q=1e0", 0 },
		{ "text", 0 },
		{ "text/", 0 },
		{ "*/calendar", 0 },
		{ "text calendar/x", 0 },
		{ "text/html, image/gif, *; q=.2, */*; q=.2", 0 }, /* of an old Java */
		{ "text/calendar, *; q=.2", 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t chosen = 9;
		bool any = accept_choose(str_of(cases[i].sent), types, ARRAY_LEN(types), &chosen);
		if ((any ? (int)chosen : -1) != cases[i].chosen)
			fail_msg("%s: %d %zu", cases[i].sent, any, chosen);
	}
}

TESTS(RUN(the_type_that_is_liked_best_is_chosen))
