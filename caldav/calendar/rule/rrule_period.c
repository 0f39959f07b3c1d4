/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The days of a period (RFC 5545 §3.3.10): BY... parts expand or limit, which is to say that days pass all of them.
 *
 *     FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR, the period 2026
 *     its weeks are 2025-12-29 (week 1) to 2027-01-03: 53 of them, so week 53 begins on 2026-12-28
 *     of its days the Friday passes: 2027-01-01, a day of the next year that belongs to this period
 *
 *     FREQ=DAILY;BYMONTH=3;BYHOUR=9 counts days: one that fails leads even_fill() to the first of the next month, and
 *     from there by INTERVAL to the next period that can pass, so that eleven months take a step or two each.
 */
#include "caldav/calendar/rule/rrule_private.h"

const struct rrule_freq_row rrule_freqs[] = {
	[RRULE_SECONDLY] = { 1, INT64_C(12622780800) },
	[RRULE_MINUTELY] = { 60, 210379680 },
	[RRULE_HOURLY] = { 3600, 3506328 },
	[RRULE_DAILY] = { DAY_S, 146097 },
	[RRULE_WEEKLY] = { 7 * DAY_S, 20871 },
	[RRULE_MONTHLY] = { 0, 4800 },
	[RRULE_YEARLY] = { 0, 400 },
};

static bool set_has(const struct rrule_set *set, int64_t n, int64_t from_end)
{
	return (set->plus[n / 64] >> n % 64 & 1) || (set->minus[from_end / 64] >> from_end % 64 & 1);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return -floor_div(-a, b);
}

static bool spend(struct rrule_iter *it, int steps)
{
	it->budget -= steps;
	if (it->budget < 0)
		it->ended = it->gave_up = true;
	return !it->ended;
}

/* ---- days ---- */

/* The first day of week 1 of a year: the week with at least four days in it (RFC 5545 §3.3.10, BYWEEKNO). */
int64_t rrule_week_1(int64_t year, int wkst)
{
	int64_t january_1 = days_from_civil(year, 1, 1);
	int64_t into = floor_mod(day_of_week(january_1) - wkst, 7);
	return january_1 - into + (into > 3 ? 7 : 0);
}

struct rrule_day rrule_day_of(int64_t number)
{
	struct rrule_day d = { .number = number };
	civil_from_days(number, &d.year, &d.month, &d.of_month);
	int64_t january_1 = days_from_civil(d.year, 1, 1);
	int64_t next = d.month == 12 ? days_from_civil(d.year + 1, 1, 1) : days_from_civil(d.year, d.month + 1, 1);
	d.month_length = (int)(next - number) + d.of_month - 1;
	d.of_year = (int)(number - january_1) + 1;
	d.year_length = (int)(days_from_civil(d.year + 1, 1, 1) - january_1);
	return d;
}

static bool week_matches(const struct rrule *r, const struct rrule_day *d)
{
	int64_t year = d->year + 1;
	while (rrule_week_1(year, r->wkst) > d->number)
		year--;
	int64_t first = rrule_week_1(year, r->wkst), weeks = (rrule_week_1(year + 1, r->wkst) - first) / 7;
	int64_t week = (d->number - first) / 7;
	return set_has(&r->weeks, week + 1, weeks - week);
}

static bool weekday_matches(const struct rrule *r, const struct rrule_day *d)
{
	int weekday = day_of_week(d->number);
	if (r->weekdays >> weekday & 1)
		return true;
	bool in_month = r->freq == RRULE_MONTHLY || (r->parts & RRULE_BYMONTH);
	int n = in_month ? d->of_month : d->of_year, length = in_month ? d->month_length : d->year_length;
	return (r->nth_plus[weekday] >> ((n - 1) / 7 + 1) & 1) || (r->nth_minus[weekday] >> ((length - n) / 7 + 1) & 1);
}

static bool month_matches(const struct rrule *r, const struct rrule_day *d)
{
	if ((r->parts & RRULE_BYMONTH) && !(r->months >> d->month & 1))
		return false;
	return !(r->parts & RRULE_BYMONTHDAY) || set_has(&r->monthdays, d->of_month, d->month_length - d->of_month + 1);
}

static bool calendar_passes(struct rrule_iter *it, int64_t day)
{
	int steps = 0;
	bool passes = it->calendar->day_passes(it->calendar, day, &steps);
	return spend(it, steps) && passes;
}

/* As struct rrule_calendar has it, and not beyond what time has. */
static int64_t calendar_day_after(struct rrule_iter *it, int64_t number)
{
	const int64_t last = LAST_LOCAL / DAY_S + 1;
	int steps = 0;
	int64_t day = it->calendar->day_after(it->calendar, number, &steps);
	(void)spend(it, steps);
	return day < last ? day : last;
}

/* Does a day pass all BY… parts that speak of days? */
static bool day_matches(struct rrule_iter *it, const struct rrule_day *d)
{
	const struct rrule *r = &it->rule;
	if (it->calendar ? !calendar_passes(it, d->number) : !month_matches(r, d))
		return false;
	if ((r->parts & RRULE_BYYEARDAY) && !set_has(&r->yeardays, d->of_year, d->year_length - d->of_year + 1))
		return false;
	if ((r->parts & RRULE_BYDAY) && !weekday_matches(r, d))
		return false;
	return !(r->parts & RRULE_BYWEEKNO) || week_matches(r, d);
}

static void day_add(struct rrule_iter *it, int64_t number)
{
	if (!it->day_count)
		it->base = number * DAY_S;
	if (it->day_count < RRULE_DAYS_MAX)
		it->days[it->day_count++] = (int16_t)(number - it->base / DAY_S);
}

static void month_days(struct rrule_iter *it, int64_t year, int month)
{
	struct rrule_day d = rrule_day_of(days_from_civil(year, month, 1));
	for (; d.of_month <= d.month_length; d.of_month++, d.number++, d.of_year++)
		if (day_matches(it, &d))
			day_add(it, d.number);
}

/* ---- periods: each fills base[]; false where the rule ends ---- */

/* A year or month of another calendar. */
static bool rscale_fill(struct rrule_iter *it)
{
	int64_t days[RRULE_DAYS_MAX];
	size_t count = 0;
	int steps = 3;
	if (!it->calendar->period_days(it->calendar, it->origin + it->k * it->rule.interval, days, &count, &steps))
		return false;
	for (size_t i = 0; i < count; i++)
		day_add(it, days[i]);
	return spend(it, steps);
}

int64_t rrule_calendar_period(struct rrule_iter *it, int64_t day)
{
	int steps = 1;
	int64_t period = it->calendar->period_of(it->calendar, day, &steps);
	(void)spend(it, steps);
	return period;
}

static bool year_fill(struct rrule_iter *it)
{
	int64_t year = it->origin + it->k * it->rule.interval;
	if (year > 9999)
		return false;
	if (it->rule.parts & RRULE_BYWEEKNO) {
		/* The weeks of a year are its own, also where they reach into another. */
		int64_t first = rrule_week_1(year, it->rule.wkst),
			weeks = (rrule_week_1(year + 1, it->rule.wkst) - first) / 7;
		for (int64_t week = 0; week < weeks; week++)
			for (int64_t i = 0; i < 7 && set_has(&it->rule.weeks, week + 1, weeks - week); i++) {
				struct rrule_day d = rrule_day_of(first + week * 7 + i);
				if (day_matches(it, &d))
					day_add(it, d.number);
			}
		return spend(it, 12);
	}
	for (int month = 1; month <= 12; month++)
		if (!(it->rule.parts & RRULE_BYMONTH) || it->rule.months >> month & 1)
			month_days(it, year, month);
	return spend(it, 12);
}

static bool month_fill(struct rrule_iter *it)
{
	int64_t index = it->origin + it->k * it->rule.interval;
	int64_t year = floor_div(index, 12);
	int month = (int)floor_mod(index, 12) + 1;
	if (year > 9999)
		return false;
	if (!(it->rule.parts & RRULE_BYMONTH) || it->rule.months >> month & 1)
		month_days(it, year, month);
	return spend(it, 3);
}

static bool week_fill(struct rrule_iter *it)
{
	int64_t first = it->origin + it->k * it->rule.interval * 7;
	if (first > LAST_LOCAL / DAY_S)
		return false;
	bool by_weekday_alone = (it->rule.parts & RRULE_DAY_PARTS) == RRULE_BYDAY;
	for (int64_t number = first; number < first + 7; number++) {
		if (it->rule.parts & RRULE_BYDAY && !(it->rule.weekdays >> day_of_week(number) & 1))
			continue;
		if (!by_weekday_alone) {
			struct rrule_day d = rrule_day_of(number);
			if (!day_matches(it, &d))
				continue;
		}
		day_add(it, number);
	}
	if (it->calendar && !it->day_count) { /* on to the week of the next day that may pass */
		int64_t week = floor_div(calendar_day_after(it, first + 6) - it->origin, 7);
		int64_t k = ceil_div(week, it->rule.interval) - 1;
		it->k = k > it->k ? k : it->k;
	}
	return spend(it, by_weekday_alone ? 1 : 4);
}

static bool day_good(struct rrule_iter *it, int64_t number)
{
	if (!(it->rule.parts & RRULE_DAY_PARTS))
		return true;
	if (number != it->day_checked) {
		struct rrule_day d = rrule_day_of(number);
		it->day_checked = number;
		it->day_good = day_matches(it, &d);
	}
	return it->day_good;
}

/* The next day that may match: the first of the next month where the month itself is wrong. */
static int64_t day_after(struct rrule_iter *it, int64_t number)
{
	if (it->calendar)
		return calendar_day_after(it, number);
	if (!(it->rule.parts & RRULE_BYMONTH))
		return number + 1;
	struct rrule_day d = rrule_day_of(number);
	return it->rule.months >> d.month & 1 ? number + 1 : number + d.month_length - d.of_month + 1;
}

static int next_bit(uint64_t bits, int from, int end)
{
	while (from < end && !(bits >> from & 1))
		from++;
	return from;
}

int64_t rrule_time_limited(const struct rrule *r, int64_t t)
{
	int64_t midnight = floor_div(t, DAY_S) * DAY_S;
	int of_day = (int)(t - midnight), hour = of_day / 3600, minute = of_day / 60 % 60, second = of_day % 60;
	if (r->freq <= RRULE_SECONDLY && (r->parts & RRULE_BYSECOND) && !(r->seconds >> second & 1)) {
		second = next_bit(r->seconds, second, 60);
		if (second == 60)
			second = 0, minute++;
	}
	if (r->freq <= RRULE_MINUTELY && (r->parts & RRULE_BYMINUTE) && (minute > 59 || !(r->minutes >> minute & 1))) {
		int found = minute > 59 ? 60 : next_bit(r->minutes, minute, 60);
		second = 0;
		minute = found;
	}
	if (minute > 59)
		minute = 0, second = 0, hour++;
	if (r->freq <= RRULE_HOURLY && (r->parts & RRULE_BYHOUR) && (hour > 23 || !(r->hours >> hour & 1))) {
		hour = hour > 23 ? 24 : next_bit(r->hours, hour, 24);
		minute = second = 0;
	}
	return hour > 23 ? midnight + DAY_S : midnight + hour * 3600 + minute * 60 + second;
}

/* Days, hours, minutes and seconds: go on to the next period that passes all limits. */
static bool even_fill(struct rrule_iter *it)
{
	int64_t unit = rrule_freqs[it->rule.freq].unit;
	while (spend(it, 1)) {
		int64_t t = (it->origin + it->k * it->rule.interval) * unit, want = t;
		int64_t day = floor_div(t, DAY_S);
		if (t > LAST_LOCAL || t > it->stop || it->k - it->dry_from > it->dry_limit)
			return false;
		if (!day_good(it, day))
			want = day_after(it, day) * DAY_S;
		else if (it->rule.freq < RRULE_DAILY)
			want = rrule_time_limited(&it->rule, t);
		if (want == t) {
			it->base = t;
			it->days[0] = 0;
			it->day_count = 1;
			return true;
		}
		int64_t k = ceil_div(floor_div(want, unit) - it->origin, it->rule.interval);
		it->k = k > it->k ? k : it->k + 1;
	}
	return false;
}

bool rrule_fill(struct rrule_iter *it)
{
	static bool (*const fill[])(
		struct rrule_iter *) = { even_fill, even_fill, even_fill, even_fill, week_fill, month_fill, year_fill };
	it->day_count = 0;
	return it->calendar && it->rule.freq >= RRULE_MONTHLY ? rscale_fill(it) : fill[it->rule.freq](it);
}
