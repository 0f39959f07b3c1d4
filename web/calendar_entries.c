/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_entries.h"

#include "web/manner.h"
#include "web/say.h"

static struct str id_of(struct arena *mem, const struct agenda_item *item)
{
	struct str id = id_text(mem, "evt", item->object.id);
	if (!item->instance || !item->event.recurrence_id.ptr)
		return id;
	return str_fmt(mem, "%.*s_%.*s", STR_ARG(id), STR_ARG(item->event.recurrence_id));
}

/* On the user's clock. */
static void set_span(struct calendar_entry *e, int64_t start, int64_t end)
{
	e->start = start;
	e->end = end > start ? end : start;
	e->from_day = floor_div(e->start, DAY_S);
	e->to_day = e->end > e->start ? floor_div(e->end - 1, DAY_S) : e->from_day;
}

/* One item as an entry of the view. */
static struct calendar_entry entry_of(
	struct request *rq, const struct calendar_view *view, const struct agenda_item *item)
{
	struct arena *mem = rq->cx.mem;
	const struct event *event = &item->event;
	struct calendar_entry e = {
		.object = item->object.id,
		.id = id_of(mem, item),
		.title = event->title.len ? event->title : say(rq, "(No title)"),
		.location = event->location,
		.calendar = calendar_view_find(view, item->object.calendar),
		.etag = str_fmt(mem, "\"%.*s\"", STR_ARG(hex_of(mem, item->object.etag))),
		.all_day = event->all_day,
		.recurring = event->recurring || item->instance,
		.cancelled = event->status == EVENT_CANCELLED,
		.tentative = event->status == EVENT_TENTATIVE,
		.transparent = event->transparent,
	};
	if (e.calendar < view->calendar_count) {
		e.hue = view->hues[e.calendar];
		e.fixed = !view->calendars[e.calendar].writable;
	}
	int64_t start = instant_s(event->start), end = instant_s(event->end);
	if (e.all_day) /* days are the same in every zone */
		set_span(&e, start, end);
	else
		set_span(&e, zone_to_local(view->zone, start), zone_to_local(view->zone, end));
	return e;
}

static struct id_list shown_calendars(struct arena *mem, const struct calendar_view *view)
{
	struct id *ids = arena_array(mem, struct id, view->calendar_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < view->calendar_count; i++)
		if (calendar_is_shown(view, &view->calendars[i]))
			ids[count++] = view->calendars[i].id;
	return (struct id_list){ ids, count };
}

static err_t sieve_of(struct ctx *cx, const struct calendar_view *view, struct agenda_sieve **out)
{
	struct words *words = arena_new(cx->mem, struct words);
	*out = NULL;
	if (!view->q.ptr)
		return OK;
	TRY(words_read(cx, str_beginning(view->q, WORDS_OCTETS_MAX), words));
	*out = arena_new(cx->mem, struct agenda_sieve);
	**out = (struct agenda_sieve){ .words = words, .changed_since = INSTANT_BEFORE };
	return OK;
}

/* Page after page until there is enough. */
static err_t read_pages(struct request *rq, const struct calendar_view *view, struct agenda_query q, size_t most,
	struct calendar_entries *out)
{
	struct ctx *cx = &rq->cx;
	struct agenda_sieve *sieve;
	struct agenda_list list;
	struct agenda_position position;
	TRY(sieve_of(cx, view, &sieve));
	do {
		TRY(sieve ? agenda_in_range_sieved(cx, &q, sieve, &list) : agenda_in_range(cx, &q, &list));
		for (size_t i = 0; i < list.count && out->count < most; i++)
			out->items[out->count++] = entry_of(rq, view, &list.items[i]);
		out->more = list.more;
		position = list.last;
		q.position = &position;
	} while (list.more && list.stands && out->count < most);
	return OK;
}

static struct agenda_query query_of(struct request *rq, const struct calendar_view *view)
{
	return (struct agenda_query){
		.actor = &view->actor,
		.calendars = shown_calendars(rq->cx.mem, view),
		.zone = zone_name(view->zone),
		.start = instant_of_s(zone_to_utc(view->zone, view->first * DAY_S)),
		.end = instant_of_s(zone_to_utc(view->zone, (view->first + view->count) * DAY_S)),
		.expand = true,
		.limit = AGENDA_PAGE_MAX,
	};
}

err_t calendar_spans_read(struct request *rq, const struct calendar_view *view, size_t most,
	struct calendar_entries *out, const struct spot **spots_out)
{
	struct agenda_query q = query_of(rq, view);
	struct agenda_spots spots = { 0 };
	if (q.calendars.count)
		TRY(agenda_spots(&rq->cx, &q, most, &spots));
	struct calendar_entry *items = arena_array(rq->cx.mem, struct calendar_entry, spots.count);
	for (size_t i = 0; i < spots.count; i++)
		set_span(&items[i], zone_to_local(view->zone, spots.items[i].start),
			zone_to_local(view->zone, spots.items[i].end));
	*out = (struct calendar_entries){ .items = items, .count = spots.count, .more = spots.more };
	*spots_out = spots.items;
	return OK;
}

err_t calendar_entries_fill(struct request *rq, const struct calendar_view *view, const struct spot *spots,
	const size_t *chosen, size_t count, struct calendar_entries *entries)
{
	struct arena *mem = rq->cx.mem;
	struct agenda_query q = query_of(rq, view);
	struct spot *at = arena_array(mem, struct spot, count);
	struct agenda_item *items = arena_array(mem, struct agenda_item, count);
	bool *found = arena_array(mem, bool, count);
	for (size_t i = 0; i < count; i++)
		at[i] = spots[chosen[i]];
	TRY(agenda_at(&rq->cx, &q, at, count, items, found));
	for (size_t i = 0; i < count; i++)
		if (found[i])
			entries->items[chosen[i]] = entry_of(rq, view, &items[i]);
	return OK;
}

err_t calendar_entries_read(struct request *rq, const struct calendar_view *view, struct calendar_entries *out)
{
	struct arena *mem = rq->cx.mem;
	size_t most = view->q.ptr ? CALENDAR_FOUND_MAX : CALENDAR_ENTRIES_MAX;
	struct agenda_query q = query_of(rq, view);
	struct calendar_entries entries = { .items = arena_array(mem, struct calendar_entry, most) };
	q.limit = most < AGENDA_PAGE_MAX ? most : AGENDA_PAGE_MAX;
	if (q.calendars.count)
		TRY(read_pages(rq, view, q, most, &entries));
	*out = entries;
	return OK;
}

/* ---- as they are told ---- */

bool entry_is_bar(const struct calendar_entry *e)
{
	return e->all_day || e->end - e->start >= DAY_S;
}

static struct str wall_iso(struct arena *mem, int64_t local)
{
	int64_t of_day = floor_mod(local, DAY_S);
	return str_fmt(mem, "%.*sT%02d:%02d:%02d", STR_ARG(day_text(mem, floor_div(local, DAY_S))),
		(int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
}

struct str calendar_entry_start(struct arena *mem, const struct calendar_entry *e)
{
	return e->all_day ? day_text(mem, e->from_day) : wall_iso(mem, e->start);
}

struct str calendar_entry_end(struct arena *mem, const struct calendar_entry *e)
{
	return e->all_day ? day_text(mem, e->to_day + 1) : wall_iso(mem, e->end);
}

struct str calendar_entry_time(struct request *rq, const struct calendar_entry *e, int64_t day)
{
	bool begins = e->from_day == day, ends = e->to_day == day;
	if (e->all_day || (!begins && !ends))
		return say(rq, "All day");
	if (e->start == e->end)
		return time_of_day(rq, e->start);
	if (begins && ends)
		return time_span(rq, e->start, e->end);
	return begins ? say_with(rq, "From {time}", "time", time_of_day(rq, e->start), NULL)
		      : say_with(rq, "Until {time}", "time", time_of_day(rq, e->end), NULL);
}
