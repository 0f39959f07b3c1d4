/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the calendar's views: instances of events by the user's clock, in order of start. */
#pragma once

#include "caldav/calendar/view/agenda.h"
#include "web/calendar_view.h"

#define CALENDAR_ENTRIES_MAX 5000
#define CALENDAR_FOUND_MAX 100 /* of a search */

struct calendar_entry {
	struct id object;
	struct str id;            /* evt_…, of an instance evt_…_20261124T090000Z */
	struct str title;         /* never empty */
	struct str location;      /* absent: none */
	struct str hue;           /* calendar_hues() */
	struct str etag;          /* of the object, as REST and CalDAV have it */
	size_t calendar;          /* its index in view->calendars */
	int64_t start, end;       /* on the user's clock */
	int64_t from_day, to_day; /* both shown; to_day is the last that it touches */
	bool all_day, recurring, cancelled, tentative, transparent;
	bool fixed; /* nobody may change it */
};

struct calendar_entries {
	struct calendar_entry *items;
	size_t count;
	bool more; /* there are others, which are not here */
};

/*
 * All of the days that the view shows, or those among them that have its words.
 *
 * errors  RANGE_TOO_LARGE, TOO_COSTLY (agenda.h)
 */
MUST_CHECK err_t calendar_entries_read(
	struct request *rq, const struct calendar_view *view, struct calendar_entries *out);

/*
 * The same days, of each entry only when it is: start, end, from_day and to_day, of the first `most` in order of start
 * (agenda_spots()). What stands at spots_out[i] is entry i.
 */
MUST_CHECK err_t calendar_spans_read(struct request *rq, const struct calendar_view *view, size_t most,
	struct calendar_entries *out, const struct spot **spots_out);
/* What the entries chosen[0 … count) are; one that went meanwhile keeps an empty title. */
MUST_CHECK err_t calendar_entries_fill(struct request *rq, const struct calendar_view *view, const struct spot *spots,
	const size_t *chosen, size_t count, struct calendar_entries *entries);

/* A bar in a month, and not a line: of days, or of a day and more. */
bool entry_is_bar(const struct calendar_entry *entry);
/* "2026-11-24", or "2026-11-24T09:00:00" on the user's clock; the end of whole days is the day after the last. */
struct str calendar_entry_start(struct arena *mem, const struct calendar_entry *entry);
struct str calendar_entry_end(struct arena *mem, const struct calendar_entry *entry);

/* "09:00–10:00", "All day", "From 24 Nov 09:00" … as it is told on this day. */
struct str calendar_entry_time(struct request *rq, const struct calendar_entry *entry, int64_t day);
