/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_month.h"

#include <string.h>

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

static void put_in_weeks(const struct calendar_view *view, const struct calendar_entry *e, struct calendar_month *out)
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

static void lay_out(
	const struct calendar_view *view, const struct calendar_entries *entries, struct calendar_month *out)
{
	memset(out, 0, sizeof *out);
	for (int bars = 1; bars >= 0; bars--)
		for (size_t i = 0; i < entries->count; i++)
			if (entry_is_bar(&entries->items[i]) == (bars == 1))
				put_in_weeks(view, &entries->items[i], out);
}

/* Those that begin in a lane of a week, each once. */
static size_t choose(
	const struct calendar_entries *entries, const struct calendar_month *month, struct arena *mem, size_t *out)
{
	bool *taken = arena_array(mem, bool, entries->count);
	size_t count = 0;
	for (size_t d = 0; d < ARRAY_LEN(month->days); d++)
		for (size_t lane = 0; lane < MONTH_LANES; lane++) {
			const struct month_slot *slot = &month->days[d].lanes[lane];
			size_t i = slot->entry ? (size_t)(slot->entry - entries->items) : 0;
			if (!slot->entry || taken[i])
				continue;
			taken[i] = true;
			out[count++] = i;
		}
	return count;
}

/* What went between the steps has no lane any more. */
static void clear_gone(struct calendar_month *month)
{
	for (size_t d = 0; d < ARRAY_LEN(month->days); d++)
		for (size_t lane = 0; lane < MONTH_LANES; lane++) {
			struct month_slot *slot = &month->days[d].lanes[lane];
			if (slot->entry && !slot->entry->title.len) {
				month->days[d].entries--;
				*slot = (struct month_slot){ 0 };
			}
		}
}

err_t calendar_month_read(struct request *rq, const struct calendar_view *view, struct calendar_entries *entries,
	struct calendar_month *out)
{
	const struct spot *spots;
	size_t *chosen = arena_array(rq->cx.mem, size_t, ARRAY_LEN(out->days) * MONTH_LANES);
	TRY(calendar_spans_read(rq, view, AGENDA_SPOTS_MAX, entries, &spots));
	lay_out(view, entries, out);
	size_t count = choose(entries, out, rq->cx.mem, chosen);
	TRY(calendar_entries_fill(rq, view, spots, chosen, count, entries));
	clear_gone(out);
	return OK;
}
