/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The years and months of other calendars, as ICU knows them (the Hebrew one is worked out), from the years 1583 to
 * 2600. Days are counted from 1970-01-01. A year is worked out when it is first asked for and then kept for the process
 * (a Chinese one takes up to half a millisecond, all others some microseconds).
 *
 *     Hebrew 5784, a leap year        number  leap  first day      length
 *     Tishri                               1        2023-09-16         30
 *     …
 *     Shevat                               5        2024-01-11         30
 *     Adar I                               5   yes  2024-02-10         30     "5L" (RFC 7529 §4.2)
 *     Adar II                              6        2024-03-11         29
 */
#pragma once

#include "server/base/str.h"

struct months_calendar;

#define MONTHS_MAX 13 /* of a year */

struct month {
	int number;    /* from 1 on, as RFC 7529 §4.2 counts */
	bool leap;     /* it follows the month of this number */
	int64_t first; /* its first day */
	int length;    /* days */
};

struct months_year {
	int64_t first;
	int length, count; /* days; months */
	struct month months[MONTHS_MAX];
};

/* By its CLDR name, in any case, aliases too. NULL: libical and ICU do not know it. */
const struct months_calendar *months_calendar(struct str name);
/* The names, upper case, for CALDAV:supported-rscale-set; absent after the last. */
struct str months_calendar_name(size_t i);
/* What the numbers of months go up to. */
int months_most(const struct months_calendar *c);

/* The year number i, from 0 on. False: it is not known. Adds to *steps what it cost (rrule.h). */
bool months_year(const struct months_calendar *c, int64_t i, struct months_year *out, int *steps);
/* The year in which a day lies; below 0 or beyond all where it is not known. */
int64_t months_year_of(const struct months_calendar *c, int64_t day, int *steps);
/* The first day from this one on that is in a year that is known; INT64_MAX: there is none. */
int64_t months_day_after(const struct months_calendar *c, int64_t day, int *steps);
/* Months in a row, through the years: the number of the one that a day lies in, and back. False: it is not known. */
bool months_index(const struct months_calendar *c, int64_t day, int64_t *out, int *steps);
bool months_at(const struct months_calendar *c, int64_t index, struct months_year *year_out, int *at_out, int *steps);
