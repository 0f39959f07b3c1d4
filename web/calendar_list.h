/* SPDX-License-Identifier: Apache-2.0 */
/* How days are listed: what each has, bars first, and how many others there are where that is too much for a page. */
#pragma once

#include "web/calendar_entries.h"

#define LIST_ENTRIES_MAX 250 /* of a page, about */
#define WEEK_DAY_MAX 24      /* entries of a day in a week */
#define AGENDA_DAY_MAX 100   /* and in an agenda */

#define AGENDA_SPOTS_FIRST 1000 /* read at first, which are more than an agenda's page shows */

struct list_day {
	const struct calendar_entry **entries;
	size_t count;
	size_t hidden; /* others, which the day's own view has */
};

struct calendar_list {
	struct list_day *days; /* view->count of them, from view->first on */
	bool goes_on;          /* an agenda that ended early */
};

/*
 * The view's days with their entries. Those that are not shown are counted, and are not read. An agenda ends after
 * LIST_ENTRIES_MAX entries: then view->count is less than it was. Words (view->q) are sought in all: each entry that
 * was found stands once, on the day on which it begins.
 */
MUST_CHECK err_t calendar_list_read(
	struct request *rq, struct calendar_view *view, struct calendar_entries *entries, struct calendar_list *out);
