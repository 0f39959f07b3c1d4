/* SPDX-License-Identifier: Apache-2.0 */
/* What rules in other calendars cost in CPU, at the first time in a process and later: bench_rscale. Build with
 * MODE=release. */
#include <stdio.h>
#include <time.h>

#include "caldav/calendar/validate.h"
#include "caldav/calendar/zone/zone.h"

static double spent_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(void)
{
	static const char *const rules[] = { "RSCALE=HEBREW;FREQ=YEARLY", "RSCALE=CHINESE;FREQ=YEARLY",
		"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", "RSCALE=HEBREW;FREQ=DAILY;BYMONTH=4;BYMONTHDAY=30",
		"RSCALE=HEBREW;FREQ=WEEKLY;BYMONTH=4;BYMONTHDAY=30", "RSCALE=DANGI;FREQ=DAILY;BYMONTH=12L",
		"RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1L;BYMONTHDAY=30",
		"RSCALE=HEBREW;FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=100000",
		"RSCALE=CHINESE;FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=100000" };
	struct ctx cx = { .mem = arena_open(), .now = instant_of_s(1780000000) };
	(void)!zone_setup(&cx);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		double took[9];
		for (int round = 0; round < 9; round++) {
			struct str data = str_fmt(cx.mem,
				"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:"
				"20130210T090000Z\r\nRRULE:%s\r\n"
				"END:VEVENT\r\nEND:VCALENDAR\r\n",
				rules[i]);
			struct ical_facts facts;
			double begin = spent_ms();
			err_t e = ical_validate(&cx, data, &facts);
			took[round] = spent_ms() - begin;
			if (e)
				printf("%.*s\n", STR_ARG(err_text(e)));
			arena_reset(cx.mem);
		}
		printf("%-80s first %7.2f ms, then %6.2f ms\n", rules[i], took[0], took[8]);
	}
	arena_close(cx.mem);
	return 0;
}
