/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_entries.h"

#include "caldav/calendar/ical/dates.h"
#include "web/say.h"

static struct str id_of(struct arena *mem, const struct agenda_item *item)
{
	struct str id = id_text(mem, "evt", item->object.id);
	if (!item->instance || !item->event.recurrence_id.ptr)
		return id;
	return str_fmt(mem, "%.*s_%.*s", STR_ARG(id), STR_ARG(item->event.recurrence_id));
}

/* Days are the same in every zone; a time is told by the user's clock. */
static void place(const struct zone *zone, const struct agenda_item *item, struct calendar_entry *e)
{
	int64_t start = instant_s(item->event.start), end = instant_s(item->event.end);
	e->start = e->all_day ? start : zone_to_local(zone, start);
	e->end = e->all_day ? end : zone_to_local(zone, end);
	if (e->end < e->start)
		e->end = e->start;
	e->from_day = floor_div(e->start, DAY_SECONDS);
	e->to_day = e->end > e->start ? floor_div(e->end - 1, DAY_SECONDS) : e->from_day;
}

struct calendar_entry calendar_entry_of(
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
	place(view->zone, item, &e);
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
	TRY(words_read(cx, str_beginning(view->q, WORDS_MAX), words));
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
	struct agenda_position place;
	TRY(sieve_of(cx, view, &sieve));
	do {
		TRY(sieve ? agenda_in_range_sieved(cx, &q, sieve, &list) : agenda_in_range(cx, &q, &list));
		for (size_t i = 0; i < list.count && out->count < most; i++)
			out->items[out->count++] = calendar_entry_of(rq, view, &list.items[i]);
		out->more = list.more;
		place = list.last;
		q.place = &place;
	} while (list.more && list.stands && out->count < most);
	return OK;
}

err_t calendar_entries_read(struct request *rq, const struct calendar_view *view, struct calendar_entries *out)
{
	struct arena *mem = rq->cx.mem;
	size_t most = view->q.ptr ? CALENDAR_FOUND_MAX : CALENDAR_ENTRIES_MAX;
	struct agenda_query q = {
		.actor = &view->actor,
		.calendars = shown_calendars(mem, view),
		.zone = rq->principal->tz,
		.start = instant_of_s(zone_to_utc(view->zone, view->first * DAY_SECONDS)),
		.end = instant_of_s(zone_to_utc(view->zone, (view->first + view->count) * DAY_SECONDS)),
		.expand = true,
		.limit = AGENDA_PAGE_MAX,
	};
	struct calendar_entries entries = { .items = arena_array(mem, struct calendar_entry, most) };
	if (q.calendars.count)
		TRY(read_pages(rq, view, q, most, &entries));
	*out = entries;
	return OK;
}

struct str calendar_entry_time(struct request *rq, const struct calendar_entry *e, int64_t day)
{
	struct arena *mem = rq->cx.mem;
	bool begins = e->from_day == day, ends = e->to_day == day;
	if (e->all_day || (!begins && !ends))
		return say(rq, "All day");
	if (e->start == e->end)
		return time_of_day(mem, e->start);
	if (begins && ends)
		return str_fmt(
			mem, "%.*s–%.*s", STR_ARG(time_of_day(mem, e->start)), STR_ARG(time_of_day(mem, e->end)));
	return begins ? say_with(rq, "From {time}", "time", time_of_day(mem, e->start), NULL)
		      : say_with(rq, "Until {time}", "time", time_of_day(mem, e->end), NULL);
}
