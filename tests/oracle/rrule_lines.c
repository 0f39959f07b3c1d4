/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For comparing with other expanders. Each line of input: DTSTART, an instant to seek to (or "-"), how many, and the
 * rule; the answer is one line of instances, or "refused" or "gave-up".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/recur/rscale.h"

static void answer(struct ctx *cx, struct str line)
{
	struct str start_text, seek_text, count_text;
	struct wall start, seek;
	struct rrule rule;
	const struct rscale *scale;
	uint64_t count;
	str_cut(&line, ' ', &start_text);
	str_cut(&line, ' ', &seek_text);
	str_cut(&line, ' ', &count_text);
	if (!wall_parse(start_text, &start) || !str_to_u64(count_text, 100000, &count) ||
		rscale_read(cx, line, &rule, &scale)) {
		puts("refused");
		return;
	}
	struct rrule_start from = { .local = start.local,
		.until_local = rule.has_until ? rule.until + (rule.until_date ? DAY_S - 1 : 0) : INT64_MAX,
		.date = start.date };
	struct rrule_iter *it = rscale_open(cx->mem, &rule, scale, from);
	if (wall_parse(seek_text, &seek))
		rrule_seek(it, seek.local);
	int64_t local;
	for (uint64_t i = 0; i < count && rrule_next(it, &local); i++) {
		struct str text = wall_text(cx->mem, (struct wall){ local, start.date, false });
		printf("%s%.*s", i ? " " : "", STR_ARG(text));
	}
	puts(rrule_gave_up(it, INT64_MAX) ? " gave-up" : "");
}

int main(void)
{
	static char line[65536];
	struct ctx cx = { .mem = arena_open() };
	while (fgets(line, sizeof line, stdin)) {
		answer(&cx, str_trim(str_of(line), STR_BLANK));
		fflush(stdout);
		arena_reset(cx.mem);
	}
	arena_close(cx.mem);
	return 0;
}
