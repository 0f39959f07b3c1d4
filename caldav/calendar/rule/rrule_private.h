/* SPDX-License-Identifier: Apache-2.0 */
/* What rrule.c (opening, walking) and rrule_period.c (which days and times a period has) share. */
#pragma once

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/rule/rrule.h"
#include "server/base/clock.h"

#define LAST_LOCAL INT64_C(253402300799) /* 9999-12-31T23:59:59 */
#define RRULE_DAY_PARTS (RRULE_BYDAY | RRULE_BYMONTHDAY | RRULE_BYYEARDAY | RRULE_BYWEEKNO | RRULE_BYMONTH)

struct rrule_freq_row {
	int64_t unit;  /* seconds, of those periods that are all alike */
	int64_t cycle; /* periods in 400 years, after which the calendar repeats */
};
extern const struct rrule_freq_row rrule_freqs[];

struct rrule_iter {
	struct rrule rule;                     /* with what DTSTART adds */
	const struct rrule_calendar *calendar; /* NULL: Gregorian */
	struct rrule_start start;
	int64_t until;
	int64_t origin; /* the first period: year, month since year 0, or seconds / unit */

	/* Times of a day, or of an hour or minute where that is the period. */
	uint8_t hours[24], minutes[60], seconds[60];
	int64_t hour_count, minute_count, second_count, time_count;

	/* The period at hand. */
	int64_t k; /* its number; it begins at origin + k * interval */
	bool in_period;
	int64_t base;                 /* seconds at which its first day (or itself, when shorter) begins */
	int16_t days[RRULE_DAYS_MAX]; /* its days, counted from base */
	int64_t day_count;
	int32_t picked[2 * 366]; /* BYSETPOS: numbers in the set */
	int64_t size, at;        /* of the set, or of what was picked; the next one */

	int64_t target;     /* of the last seek */
	int64_t stop;       /* nothing after it is wanted */
	int64_t emitted;    /* for COUNT: also those passed over */
	bool start_emitted; /* or not wanted */
	int64_t dry_from, dry_limit;
	int64_t day_checked;
	bool day_good;
	int budget;
	bool ended, gave_up;
};

struct rrule_day {
	int64_t number;
	int64_t year;
	int month, of_month, month_length, of_year, year_length;
};

struct rrule_day rrule_day_of(int64_t number);
int64_t rrule_week_1(int64_t year, int wkst); /* the first day of a year's week 1 */
/*
 * The first second at or after `t`, within its day, that passes the limits BYHOUR, BYMINUTE, BYSECOND as far as the
 * frequency is finer; the next midnight where there is none.
 */
int64_t rrule_time_limited(const struct rrule *r, int64_t t);

/* The period of another calendar in which a day lies. */
int64_t rrule_calendar_period(struct rrule_iter *it, int64_t day);
/* Fill `days` with the period number k, or where periods are short with the next that has any. False: the rule ends. */
bool rrule_fill(struct rrule_iter *it);
