/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instants and how they are written. The clock is read once a request, a run of a job or a command: cx->now. Operations
 * take the time from there.
 */
#pragma once

#include "server/base/str.h"

/* Microseconds since 1970-01-01T00:00:00Z, without leap seconds. */
struct instant {
	int64_t us;
};

#define INSTANT_FOREVER ((struct instant){ INT64_MAX })  /* PostgreSQL's 'infinity' */
#define INSTANT_BEFORE ((struct instant){ INT64_MIN })   /* '-infinity' */
#define INSTANT_NONE ((struct instant){ INT64_MIN + 1 }) /* absent: NULL in the database */
#define US_PER_S INT64_C(1000000)
#define DAY_S INT64_C(86400) /* of a clock that nobody changes */

/* Division that rounds down: of -1 s, the day is -1. */
static inline int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static inline int64_t floor_mod(int64_t a, int64_t b)
{
	return a - floor_div(a, b) * b;
}

struct instant instant_now(void);
uint64_t clock_monotonic_ms(void); /* for time-outs */
uint64_t clock_monotonic_us(void); /* for measuring */
struct instant instant_add_s(struct instant t, int64_t seconds);
struct instant instant_of_s(int64_t unix_s); /* what no instant can hold is INSTANT_FOREVER or INSTANT_BEFORE */
int64_t instant_s(struct instant t);         /* floor of Unix seconds */
bool instant_is_none(struct instant t);
bool instant_before(struct instant a, struct instant b);
int int64_cmp(const void *a, const void *b); /* for qsort and bsearch of days and seconds: the earlier first */

/* Proleptic Gregorian. month 1..12, day 1..31; days since 1970-01-01. */
int64_t days_from_civil(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *year_out, int *month_out, int *day_out);
int day_of_week(int64_t days); /* 0: Monday */

struct str instant_rfc3339(
	struct arena *mem, struct instant t);                 /* 2026-11-24T05:30:54Z, fraction only if there is one */
struct str instant_imf(struct arena *mem, struct instant t);  /* Tue, 24 Nov 2026 05:30:54 GMT (RFC 9110 §5.6.7) */
struct str instant_ical(struct arena *mem, struct instant t); /* 20261124T053054Z (RFC 5545 §3.3.5, form 2) */

/* RFC 3339 date-time with an offset (Z or ±hh:mm), years 0000 to 9999. Refuses second 60 and anything left over. */
bool instant_from_rfc3339(struct str s, struct instant *out);
/* An HTTP-date in any of its three forms (RFC 9110 §5.6.7); `now` tells the century of a year of two digits. */
bool instant_from_http(struct str s, struct instant now, struct instant *out);
/* YYYYMMDDTHHMMSSZ as CalDAV's time-range has it. */
bool instant_from_ical(struct str s, struct instant *out);
