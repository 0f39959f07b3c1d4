/* SPDX-License-Identifier: Apache-2.0 */
/* How a month is laid out: weeks of seven days, each with a few lanes in which bars lie from day to day. */
#pragma once

#include "web/calendar_entries.h"

#define MONTH_LANES 3
#define MONTH_WEEKS_MAX 6

struct month_slot {
	const struct calendar_entry *entry; /* NULL: free */
	int days;                           /* that it takes from here on, in this week; 0: it began on a day before */
	bool from_before, goes_on;          /* the week before, after */
};

struct month_day {
	struct month_slot lanes[MONTH_LANES];
	int entries; /* all of the day */
	int hidden;  /* those that have no lane */
};

struct calendar_month {
	struct month_day days[MONTH_WEEKS_MAX * 7];
};

/*
 * The view's days with its entries, bars above what has a time. Entries that have no lane are counted, and are not
 * read: so a month costs what it shows, however much is in it. `entries` is where they are, those without a lane too.
 */
MUST_CHECK err_t calendar_month_read(struct request *rq, const struct calendar_view *view,
	struct calendar_entries *entries, struct calendar_month *out);
