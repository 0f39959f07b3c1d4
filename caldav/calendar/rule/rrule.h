/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recurrence rules (RFC 5545 §3.3.10) in the Gregorian calendar. Work is on local time (zone.h), so a daily 09:00 stays
 * at 09:00; the caller turns results into instants.
 *
 * Rules of any shape are accepted that the grammar allows; work is bounded, not the rule: skipping ahead is arithmetic,
 * a rule that can never match again is found out by the calendar's 400-year cycle, and a budget of steps ends the rest.
 */
#pragma once

#include "server/base/ctx.h"

enum rrule_freq {
	RRULE_SECONDLY,
	RRULE_MINUTELY,
	RRULE_HOURLY,
	RRULE_DAILY,
	RRULE_WEEKLY,
	RRULE_MONTHLY,
	RRULE_YEARLY
};
enum rrule_part {
	RRULE_BYSECOND = 1,
	RRULE_BYMINUTE = 2,
	RRULE_BYHOUR = 4,
	RRULE_BYDAY = 8,
	RRULE_BYMONTHDAY = 16,
	RRULE_BYYEARDAY = 32,
	RRULE_BYWEEKNO = 64,
	RRULE_BYMONTH = 128,
	RRULE_BYSETPOS = 256
};

/* A set of numbers within ±383: a bit for each. */
struct rrule_set {
	uint64_t plus[6], minus[6];
};

struct rrule {
	enum rrule_freq freq;
	unsigned parts;   /* enum rrule_part: which BY… are given */
	int64_t interval; /* at least 1 */
	int64_t count;    /* 0: no COUNT */
	bool has_until, until_utc, until_date;
	int64_t until; /* seconds: UTC if until_utc, else local; midnight if until_date */
	int wkst;      /* 0 Monday … 6 Sunday */
	uint64_t seconds, minutes;
	uint32_t hours;
	uint16_t months; /* bit 1 … bit 12 */
	struct rrule_set monthdays, yeardays, weeks, positions;
	uint8_t weekdays;                   /* BYDAY without a number; bit 0 Monday */
	uint64_t nth_plus[7], nth_minus[7]; /* BYDAY with a number, by weekday: bits 1 … 53 */
};

/* ICAL_DATA with what is wrong; ICAL_RSCALE for another calendar than GREGORIAN (RFC 7529). */
MUST_CHECK err_t rrule_parse(struct ctx *cx, struct str text, struct rrule *out);

struct rrule_iter;

/*
 * Another calendar (RFC 7529), as recur/rscale.c has them: years and months are its own, while weeks, days and times
 * are everybody's. Days are counted from 1970-01-01. Each call adds to *steps what it cost, in steps of some 50 ns.
 */
struct rrule_calendar {
	/* The number of the year (YEARLY) or month (MONTHLY) that a day lies in, in a row without gaps. */
	int64_t (*period_of)(const struct rrule_calendar *c, int64_t day, int *steps);
	/* The days that such a period has by BYMONTH, BYMONTHDAY, BYDAY and SKIP, in order, each once, at most
	 * RRULE_DAYS_MAX. False: it lies beyond what the calendar knows. */
	bool (*period_days)(const struct rrule_calendar *c, int64_t period, int64_t *days, size_t *count, int *steps);
	/* DAILY and WEEKLY: does a day pass BYMONTH and BYMONTHDAY? */
	bool (*day_passes)(const struct rrule_calendar *c, int64_t day, int *steps);
	/* The next day that may; INT64_MAX: none does any more. */
	int64_t (*day_after)(const struct rrule_calendar *c, int64_t day, int *steps);
};
#define RRULE_DAYS_MAX 400 /* of a year, or of 53 weeks */

struct rrule_start {
	int64_t local;       /* DTSTART */
	int64_t until_local; /* UNTIL as local time, inclusive; INT64_MAX: none */
	bool counts_start;   /* DTSTART is the first instance (and counted) even where the rule does not match it */
	bool date;           /* DTSTART is a DATE: BYHOUR, BYMINUTE and BYSECOND are ignored */
};

/* An iterator in `mem`. The rule must stay. */
struct rrule_iter *rrule_open(struct arena *mem, const struct rrule *rule, struct rrule_start start);
/* The same in another calendar, which must stay too; NULL is the Gregorian one. */
struct rrule_iter *rrule_open_in(
	struct arena *mem, const struct rrule *rule, struct rrule_start start, const struct rrule_calendar *calendar);
/* Continue with the first instance at or after `local` (forward only). */
void rrule_seek(struct rrule_iter *it, int64_t local);
/* Nothing after `local` is wanted: the search for the next one need not go on beyond. */
void rrule_stop_after(struct rrule_iter *it, int64_t local);
/* The next instance in order. False: no more, or out of budget (rrule_gave_up). */
bool rrule_next(struct rrule_iter *it, int64_t *local_out);
/* Did the budget end before all up to `local` was looked at? */
bool rrule_gave_up(const struct rrule_iter *it, int64_t local);
