/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libical's answers, in the language of rrule_lines.c. UNTIL is forced on a rule without an end: libical searches for
 * instances that never come.
 */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	static char line[65536];
	icalerror_set_errors_are_fatal(0);
	while (fgets(line, sizeof line, stdin)) {
		char *save, *start = strtok_r(line, " \n", &save), *seek = strtok_r(NULL, " \n", &save);
		char *count = strtok_r(NULL, " \n", &save), *text = strtok_r(NULL, " \n", &save);
		if (!text)
			return 1;
		struct icalrecurrencetype rule = icalrecurrencetype_from_string(text);
		struct icaltimetype begin = icaltime_from_string(start), t;
		if (!rule.count && icaltime_is_null_time(rule.until))
			rule.until = icaltime_from_string("20600101T000000");
		icalrecur_iterator *it = icalrecur_iterator_new(rule, begin);
		long want = strtol(count, NULL, 10), n = 0;
		while (it && n < want && !icaltime_is_null_time(t = icalrecur_iterator_next(it))) {
			if (*seek != '-' && icaltime_compare(t, icaltime_from_string(seek)) < 0)
				continue;
			char *instance = icaltime_as_ical_string_r(t);
			printf("%s%s", n++ ? " " : "", instance);
			free(instance);
		}
		puts(it ? "" : "refused");
		fflush(stdout);
		if (it)
			icalrecur_iterator_free(it);
	}
	return 0;
}
