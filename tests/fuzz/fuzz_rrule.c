/* SPDX-License-Identifier: Apache-2.0 */
/* library: calendar */
/* Rules: instances ascend, and a seek lands where walking does. The first 8 octets are DTSTART and the seek. */
#include <stdlib.h>
#include <string.h>

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/rule/rrule.h"

#define WALKED 300

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct ctx cx = { .mem = arena_open() };
	struct rrule rule;
	uint32_t start, ahead;
	if (size >= 8 && !rrule_parse(&cx, (struct str){ (const char *)octets + 8, size - 8 }, &rule)) {
		memcpy(&start, octets, 4);
		memcpy(&ahead, octets + 4, 4);
		struct rrule_start from = { .local = start,
			.counts_start = octets[0] & 1,
			.date = (octets[0] & 6) == 6,
			.until_local = rule.has_until ? rule.until : INT64_MAX };
		if (from.date)
			from.local = floor_div(from.local, DAY_S) * DAY_S;
		int64_t walked[WALKED], local;
		size_t n = 0;
		struct rrule_iter *it = rrule_open(cx.mem, &rule, from);
		while (n < WALKED && rrule_next(it, &local)) {
			if (local < from.local || (n && local <= walked[n - 1]))
				abort();
			walked[n++] = local;
		}
		if (n) {
			size_t i = ahead % n;
			struct rrule_iter *sought = rrule_open(cx.mem, &rule, from);
			rrule_seek(sought, walked[i] - (ahead & 1 && (!i || walked[i - 1] < walked[i] - 1)));
			if (rrule_next(sought, &local) ? local != walked[i] : !rrule_gave_up(sought, INT64_MAX))
				abort();
		}
		struct rrule_iter *far = rrule_open(cx.mem, &rule, from);
		rrule_seek(far, from.local + (int64_t)ahead * 100);
		(void)rrule_next(far, &local);
	}
	arena_close(cx.mem);
	return 0;
}
