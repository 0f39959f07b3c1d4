/* SPDX-License-Identifier: Apache-2.0 */
#include "web/event_dates.h"

#include <stdlib.h>

#include "web/manner.h"
#include "web/rule_words.h"
#include "web/say.h"

#define DATES_SHOWN 5

static int date_cmp(const void *a, const void *b)
{
	const struct event_date *x = a, *y = b;
	return x->at.us < y->at.us ? -1 : x->at.us > y->at.us;
}

/* "Tue, 10 Mar 2026", and the time where it is another than the series has. */
static struct str date_said(struct request *rq, const struct event *series, struct event_date date)
{
	const struct zone *zone = viewer_zone(rq);
	bool day = date.day || series->all_day;
	int64_t at = day ? instant_s(date.at) : zone_to_local(zone, instant_s(date.at));
	struct str said = day_words_short(rq->cx.mem, request_language(rq), floor_div(at, DAY_S));
	int64_t usual = floor_mod(zone_to_local(zone, instant_s(series->start)), DAY_S);
	if (day || floor_mod(at, DAY_S) == usual)
		return said;
	return say_with(rq, "{day} at {time}", "day", said, "time", time_of_day(rq, at), NULL);
}

/* The next few; where fewer are to come, the last few; and how many others there are. Absent: none. */
static struct str dates_said(
	struct request *rq, const struct event *series, const struct event_date *dates, size_t count)
{
	struct arena *mem = rq->cx.mem;
	struct event_date *sorted = arena_array(mem, struct event_date, count + 1);
	struct str items[DATES_SHOWN + 1];
	size_t from = 0, shown = count < DATES_SHOWN ? count : DATES_SHOWN;
	if (!count)
		return STR_ABSENT;
	for (size_t i = 0; i < count; i++)
		sorted[i] = dates[i];
	qsort(sorted, count, sizeof *sorted, date_cmp);
	while (from + shown < count && instant_before(sorted[from].at, rq->cx.now))
		from++;
	for (size_t i = 0; i < shown; i++)
		items[i] = date_said(rq, series, sorted[from + i]);
	if (count == shown)
		return words_listed(rq, items, shown);
	items[shown] = say_count(rq, (int64_t)(count - shown), SAY("another day"), SAY("{n} other days"));
	return words_listed(rq, items, shown + 1);
}

/* Where an instance of its own would be by the series. */
static struct str due_said(struct request *rq, const struct agenda_item *item)
{
	int64_t at = zone_to_local(viewer_zone(rq), instant_s(item->due));
	struct str day = day_long(rq, floor_div(at, DAY_S));
	if (item->event.all_day)
		return day;
	return str_fmt(rq->cx.mem, "%.*s, %.*s", STR_ARG(day), STR_ARG(time_of_day(rq, at)));
}

void event_dates_values(struct request *rq, const struct event_shown *shown, struct html_values *v)
{
	const struct event *series = &shown->series;
	const struct agenda_item *item = &shown->item;
	html_set(v, "except_on", dates_said(rq, series, series->exdates, series->exdate_count));
	html_set(v, "also_on", dates_said(rq, series, series->rdates, series->rdate_count));
	html_set_flag(v, "was_changed", item->own);
	if (item->own && item->due.us != item->start.us)
		html_set(v, "was_due", due_said(rq, item));
}
