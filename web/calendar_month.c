/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_month.h"

#include <string.h>

#include "caldav/calendar/ical/dates.h"

bool entry_is_bar(const struct calendar_entry *e)
{
	return e->all_day || e->end - e->start >= DAY_SECONDS;
}

static bool is_free(const struct month_day *week, int from, int to, int lane)
{
	for (int d = from; d <= to; d++)
		if (week[d].lanes[lane].entry)
			return false;
	return true;
}

/* In the first lane that is free on all of its days; where none is, it is counted. */
static void put(struct month_day *week, const struct calendar_entry *e, int from, int to, bool before, bool after)
{
	int lane = 0;
	for (int d = from; d <= to; d++)
		week[d].entries++;
	while (lane < MONTH_LANES && !is_free(week, from, to, lane))
		lane++;
	for (int d = from; d <= to; d++) {
		if (lane == MONTH_LANES) {
			week[d].hidden++;
			continue;
		}
		week[d].lanes[lane] = (struct month_slot){ e, d == from ? to - from + 1 : 0, before, after };
	}
}

static void put_in_weeks(const struct calendar_view *view, const struct calendar_entry *e, struct month *out)
{
	int64_t last = entry_is_bar(e) ? e->to_day : e->from_day;
	int64_t from = e->from_day - view->first, to = last - view->first;
	if (from < 0 && !entry_is_bar(e)) /* it began on the evening before the first day */
		from = to = 0;
	for (int64_t week = 0; week < view->count / 7; week++) {
		int64_t monday = week * 7, sunday = monday + 6;
		if (from > sunday || to < monday)
			continue;
		put(out->days + monday, e, (int)(from < monday ? 0 : from - monday),
			(int)(to > sunday ? 6 : to - monday), from<monday, to> sunday);
	}
}

void month_lay_out(const struct calendar_view *view, const struct calendar_entries *entries, struct month *out)
{
	memset(out, 0, sizeof *out);
	for (int bars = 1; bars >= 0; bars--)
		for (size_t i = 0; i < entries->count; i++)
			if (entry_is_bar(&entries->items[i]) == (bars == 1))
				put_in_weeks(view, &entries->items[i], out);
}
