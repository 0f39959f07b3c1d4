/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_list.h"

static size_t day_most(const struct calendar_view *view)
{
	switch (view->kind) {
	case VIEW_WEEK:
		return WEEK_DAY_MAX;
	case VIEW_AGENDA:
		return view->q.ptr ? LIST_ENTRIES_MAX : AGENDA_DAY_MAX;
	case VIEW_DAY:
	case VIEW_MONTH:
	case CALENDAR_VIEWS:
		break;
	}
	return LIST_ENTRIES_MAX;
}

/* What touches a day stands there. A list of found events has each once. */
static void days_of(const struct calendar_view *view, const struct calendar_entry *e, int64_t *from, int64_t *to)
{
	int64_t last = view->first + view->count - 1;
	*from = e->from_day < view->first ? view->first : e->from_day;
	*to = view->q.ptr ? *from : e->to_day > last ? last : e->to_day;
}

static void put(const struct calendar_view *view, const struct calendar_entry *e, size_t most, struct arena *mem,
	struct calendar_list *out)
{
	int64_t from, to;
	days_of(view, e, &from, &to);
	for (int64_t d = from; d <= to; d++) {
		struct list_day *day = &out->days[d - view->first];
		if (day->count == most) {
			day->hidden++;
			continue;
		}
		if (!(day->count & (day->count - 1))) /* full, as its size doubles */
			day->entries = arena_grow(
				mem, day->entries, day->count * sizeof e, (day->count ? day->count * 2 : 1) * sizeof e);
		day->entries[day->count++] = e;
	}
}

/* An agenda ends before the day that would be too much for its page. */
static void end_page(struct calendar_view *view, struct calendar_list *list)
{
	size_t count = 0;
	for (int64_t d = 0; d < view->count; d++) {
		count += list->days[d].count;
		if (d > 0 && count > LIST_ENTRIES_MAX) {
			view->count = d;
			list->goes_on = true;
			return;
		}
	}
}

/* The entries that are shown, each once. */
static size_t choose(const struct calendar_view *view, const struct calendar_entries *entries,
	const struct calendar_list *list, struct arena *mem, size_t *out)
{
	bool *taken = arena_array(mem, bool, entries->count);
	size_t count = 0;
	for (int64_t d = 0; d < view->count; d++)
		for (size_t k = 0; k < list->days[d].count; k++) {
			size_t i = (size_t)(list->days[d].entries[k] - entries->items);
			if (!taken[i])
				out[count++] = i;
			taken[i] = true;
		}
	return count;
}

/* Those that went between the steps are left out. */
static void leave_out_gone(const struct calendar_view *view, struct calendar_list *list)
{
	for (int64_t d = 0; d < view->count; d++) {
		struct list_day *day = &list->days[d];
		size_t kept = 0;
		for (size_t k = 0; k < day->count; k++)
			if (day->entries[k]->title.len)
				day->entries[kept++] = day->entries[k];
		day->count = kept;
	}
}

/* Which day has what, of as much as was read. An agenda ends where its page is full. */
static void lay_out(struct calendar_view *view, const struct calendar_entries *entries, struct arena *mem,
	struct calendar_list *out)
{
	*out = (struct calendar_list){ .days = arena_array(mem, struct list_day, (size_t)view->count) };
	for (int bars = 1; bars >= 0; bars--)
		for (size_t i = 0; i < entries->count; i++)
			if (entry_is_bar(&entries->items[i]) == (bars == 1))
				put(view, &entries->items[i], day_most(view), mem, out);
	if (view->kind == VIEW_AGENDA && !view->q.ptr)
		end_page(view, out);
}

/* Nothing is missing on the days of a page that ends before the day of the last that was read. */
static bool is_whole(
	const struct calendar_view *view, const struct calendar_entries *entries, const struct calendar_list *list)
{
	return !entries->more ||
	       (list->goes_on && view->first + view->count <= entries->items[entries->count - 1].from_day);
}

/* A full agenda has a few days on its page, and the rest of its month is read for those alone that need it. */
static err_t read_first(struct request *rq, struct calendar_view *view, struct calendar_entries *entries,
	const struct spot **spots, struct calendar_list *out)
{
	int64_t days = view->count;
	TRY(calendar_spans_read(rq, view, AGENDA_SPOTS_FIRST, entries, spots));
	lay_out(view, entries, rq->cx.mem, out);
	if (is_whole(view, entries, out)) {
		entries->more = false;
		return OK;
	}
	view->count = days;
	TRY(calendar_spans_read(rq, view, AGENDA_SPOTS_MAX, entries, spots));
	lay_out(view, entries, rq->cx.mem, out);
	return OK;
}

static err_t read_sought(
	struct request *rq, struct calendar_view *view, struct calendar_entries *entries, struct calendar_list *out)
{
	TRY(calendar_entries_read(rq, view, entries));
	lay_out(view, entries, rq->cx.mem, out);
	return OK;
}

err_t calendar_list_read(
	struct request *rq, struct calendar_view *view, struct calendar_entries *entries, struct calendar_list *out)
{
	struct arena *mem = rq->cx.mem;
	const struct spot *spots = NULL;
	if (view->q.ptr)
		return read_sought(rq, view, entries, out);
	if (view->kind == VIEW_AGENDA) {
		TRY(read_first(rq, view, entries, &spots, out));
	} else {
		TRY(calendar_spans_read(rq, view, AGENDA_SPOTS_MAX, entries, &spots));
		lay_out(view, entries, mem, out);
	}
	size_t *chosen = arena_array(mem, size_t, entries->count);
	size_t count = choose(view, entries, out, mem, chosen);
	TRY(calendar_entries_fill(rq, view, spots, chosen, count, entries));
	leave_out_gone(view, out);
	return OK;
}
