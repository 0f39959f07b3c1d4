/* SPDX-License-Identifier: Apache-2.0 */
/* Our VTIMEZONE of each zone named on a line of input, from 1970 on; "unknown" where there is none. */
#include <stdio.h>
#include <string.h>

#include "caldav/calendar/recur/vtimezone.h"

int main(void)
{
	static char line[256];
	struct ctx cx = { .mem = arena_open() };
	while (fgets(line, sizeof line, stdin)) {
		struct str name = str_trim(str_of(line), STR_BLANK);
		const struct zone *zone = zone_by_name(name);
		struct buf out = buf_new(cx.mem, 1 << 20);
		if (zone)
			vtimezone_write_as(cx.mem, zone, name, 0, &out);
		else
			BUF_LIT(&out, "unknown\n");
		printf("%.*s", (int)out.len, out.ptr);
		arena_reset(cx.mem);
	}
	arena_close(cx.mem);
	return 0;
}
