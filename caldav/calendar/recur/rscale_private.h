/* SPDX-License-Identifier: Apache-2.0 */
/* A rule in another calendar, as rscale_read.c reads it and rscale.c walks it. */
#pragma once

#include <libical/ical.h>

#include "caldav/calendar/recur/months.h"
#include "caldav/calendar/recur/rscale.h"

struct rscale {
	struct rrule_calendar walk; /* first: rule/ knows no more; set by rscale_open() */
	const struct months_calendar *calendar;
	enum icalrecurrencetype_skip skip;
	uint32_t months, leap_months; /* bits of their numbers; both 0: BYMONTH is not there */
	uint64_t days, days_from_end; /* BYMONTHDAY likewise */
	bool yearly;
	/* of the rule and its DTSTART, set by rscale_open() */
	struct rrule rule;
	int start_day;
	struct year_at_hand *at_hand;
};

static inline bool has_days(const struct rscale *s)
{
	return s->days || s->days_from_end;
}

static inline bool has_months(const struct rscale *s)
{
	return s->months || s->leap_months;
}
