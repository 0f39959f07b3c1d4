/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar's views at /calendar: which days of which calendars a request is about, and the addresses that lead from
 * one view to the next. Days are counted from 1970-01-01, as the user's clock has them.
 */
#pragma once

#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/zone/zone.h"
#include "web/page.h"

enum calendar_view_kind { VIEW_MONTH, VIEW_WEEK, VIEW_DAY, VIEW_AGENDA, CALENDAR_VIEWS };

#define CALENDAR_HUES 8 /* classes of the stylesheet: hue-1 … hue-8 */

struct calendar_view {
	enum calendar_view_kind kind;
	int64_t day;          /* that is looked at */
	int64_t first, count; /* the days that are shown */
	int64_t today;
	bool test;    /* of the test world */
	struct str q; /* words that are sought; absent: none */
	const struct zone *zone;
	struct actor actor;
	struct calendar *calendars;
	size_t calendar_count;
	const struct str *hues; /* of calendars */
	struct id_list off;     /* calendars that are not to be shown */
};

/* What the query asks for; whatever of it makes no sense is as if it were not there. One round trip. */
MUST_CHECK err_t calendar_view_read(struct request *rq, struct calendar_view *out);

/* ?mode=test of the query, or `mode` of the form. */
bool calendar_in_test(struct request *rq);
/* The owner in one of their two worlds, by the clock of that world. One round trip for the test world. */
MUST_CHECK err_t calendar_actor(struct request *rq, bool test, struct actor *out);
/* The user's zone; UTC where it has no name that is known. */
const struct zone *viewer_zone(const struct request *rq);

/* The index of a calendar in view->calendars; SIZE_MAX: it is not there. */
size_t calendar_view_find(const struct calendar_view *view, struct id calendar);
bool calendar_is_shown(const struct calendar_view *view, const struct calendar *calendar);
/*
 * "hue-3" for each: of eight the nearest to the calendar's own colour; for those that have none of their own, in
 * rotation, the one that fewest have.
 */
struct str *calendar_hues(struct arena *mem, const struct calendar *calendars, size_t count);
/* What the dot beside their names is filled with: their own colours, and for those that have none that of their hue. */
struct str *calendar_fills(struct arena *mem, const struct calendar *calendars, size_t count);
/* The same of one, whose hue its owner's others decide: one round trip more where it has no colour of its own. */
MUST_CHECK err_t calendar_fill(
	struct request *rq, const struct actor *actor, const struct calendar *calendar, struct str *out);

/* "/calendar?view=…&date=…" and what else the view is about. */
struct str calendar_href(
	struct arena *mem, const struct calendar_view *view, enum calendar_view_kind kind, int64_t day);
/* One step back or on from what is shown. */
int64_t calendar_step(const struct calendar_view *view, int direction);

/* YYYY-MM-DD, of the years 1 to 9999. */
bool day_parse(struct str text, int64_t *out);
struct str day_text(struct arena *mem, int64_t day);
/* "Tuesday, 24 November 2026"; "Tue 24 Nov"; "November 2026". */
struct str day_long(struct request *rq, int64_t day);
struct str day_short(struct request *rq, int64_t day);
struct str month_long(struct request *rq, int64_t day);
/* From the month of one day to that of another: "November – December 2026", "December 2026 – January 2027". */
struct str months_long(struct request *rq, int64_t from, int64_t to);
/* "09:00" of seconds on the user's clock, as fields of forms have it; for people: time_of_day() of manner.h. */
struct str clock_text(struct arena *mem, int64_t local);
/* Of 1 to 12, and of 0 for Monday to 6. */
struct str month_name(struct request *rq, int month);
struct str weekday_name(struct request *rq, int weekday);
struct str weekday_short(struct request *rq, int weekday);
