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

struct month {
	struct month_day days[MONTH_WEEKS_MAX * 7];
};

/* Entries in order of start, of the days from view->first on. Bars lie above what has a time. */
void month_lay_out(const struct calendar_view *view, const struct calendar_entries *entries, struct month *out);
/* A bar in a month, and not a line: of days, or of a day and more. */
bool entry_is_bar(const struct calendar_entry *entry);
