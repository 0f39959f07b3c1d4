/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/rscale.h"

#include <stdlib.h>

#include "caldav/calendar/recur/rscale_private.h"

/* Days are asked one after the other. */
struct year_at_hand {
	bool known;
	struct months_year year;
};

/* ---- days of a month ---- */

/* BYDAY: numbers count in the month, or in the year where months play no part (RFC 5545 §3.3.10). */
static bool weekday_passes(
	const struct rscale *s, const struct months_year *year, const struct month *month, int64_t day)
{
	if (!(s->rule.parts & RRULE_BYDAY))
		return true;
	int weekday = day_of_week(day);
	if (s->rule.weekdays >> weekday & 1)
		return true;
	bool in_year = s->yearly && !has_months(s);
	int64_t n = day - (in_year ? year->first : month->first), length = in_year ? year->length : month->length;
	if (n < 0 || n >= length)
		return false; /* skipped to another month */
	return (s->rule.nth_plus[weekday] >> (n / 7 + 1) & 1) ||
	       (s->rule.nth_minus[weekday] >> ((length - 1 - n) / 7 + 1) & 1);
}

struct days {
	int64_t *items;
	size_t count;
};

static void day_add(struct days *days, int64_t day)
{
	if (days->count < RRULE_DAYS_MAX)
		days->items[days->count++] = day;
}

/* A day of the month, or what SKIP makes of it (RFC 7529 §4.1). */
static void monthday_add(
	const struct rscale *s, const struct months_year *year, const struct month *m, int n, struct days *days)
{
	int64_t day = n > 0 ? m->first + n - 1 : m->first + m->length + n;
	if (n > m->length || -n > m->length) {
		if (s->skip == ICAL_SKIP_OMIT)
			return;
		bool forward = s->skip == ICAL_SKIP_FORWARD;
		day = n > 0 ? m->first + m->length - !forward : m->first - !forward;
	}
	if (weekday_passes(s, year, m, day))
		day_add(days, day);
}

static void month_add(const struct rscale *s, const struct months_year *year, const struct month *m, struct days *days)
{
	if (!has_days(s) && (s->rule.parts & RRULE_BYDAY)) {
		for (int64_t day = m->first; day < m->first + m->length; day++)
			if (weekday_passes(s, year, m, day))
				day_add(days, day);
		return;
	}
	uint64_t plus = has_days(s) ? s->days : UINT64_C(1) << s->start_day;
	for (int n = 1; n < 40; n++) {
		if (plus >> n & 1)
			monthday_add(s, year, m, n, days);
		if (s->days_from_end >> n & 1)
			monthday_add(s, year, m, -n, days);
	}
}

/* ---- months ---- */

/*
 * Does the month stand for one of BYMONTH? Itself, or for the leap month that is not there: SKIP=BACKWARD makes 5L the
 * 5 that no 5L follows, SKIP=FORWARD the 6 that none precedes.
 */
static bool month_passes(const struct rscale *s, const struct month *m, const struct month *before, bool leap_follows)
{
	uint32_t bit = UINT32_C(1) << m->number;
	if ((m->leap ? s->leap_months : s->months) & bit)
		return true;
	if (m->leap || s->skip == ICAL_SKIP_OMIT)
		return false;
	if (s->skip == ICAL_SKIP_BACKWARD)
		return (s->leap_months & bit) && !leap_follows;
	return !before->leap && (s->leap_months & UINT32_C(1) << before->number);
}

static bool month_of_year_passes(const struct rscale *s, const struct months_year *year, int at, int *steps)
{
	struct months_year other;
	struct month before = { 0 };
	int64_t i;
	if (!has_months(s))
		return true;
	if (at > 0) {
		before = year->months[at - 1];
	} else if (s->leap_months) {
		i = months_year_of(s->calendar, year->first - 1, steps);
		if (months_year(s->calendar, i, &other, steps))
			before = other.months[other.count - 1];
	}
	/* The leap month that follows the last one is still of this year. */
	bool leap_follows = at + 1 < year->count && year->months[at + 1].leap;
	return month_passes(s, &year->months[at], &before, leap_follows);
}

/* ---- for rule/ ---- */

static int64_t period_of(const struct rrule_calendar *c, int64_t day, int *steps)
{
	const struct rscale *s = (const struct rscale *)(const void *)c;
	int64_t index = -1;
	if (s->yearly)
		return months_year_of(s->calendar, day, steps);
	return months_index(s->calendar, day, &index, steps) ? index : -1;
}

static bool period_days(const struct rrule_calendar *c, int64_t period, int64_t *items, size_t *count, int *steps)
{
	const struct rscale *s = (const struct rscale *)(const void *)c;
	struct days days = { .items = items };
	struct months_year year;
	int from = 0, until;
	if (s->yearly ? !months_year(s->calendar, period, &year, steps)
		      : !months_at(s->calendar, period, &year, &from, steps))
		return false;
	until = s->yearly ? year.count : from + 1;
	for (int m = from; m < until; m++)
		if (month_of_year_passes(s, &year, m, steps))
			month_add(s, &year, &year.months[m], &days);
	if (days.count > 1)
		qsort(items, days.count, sizeof *items, int64_cmp);
	*count = 0;
	for (size_t i = 0; i < days.count; i++)
		if (!i || items[i] != items[i - 1])
			items[(*count)++] = items[i];
	*steps += 4 + (int)days.count;
	return true;
}

/* The month of a day, in the year at hand. -1: it is not known. */
static int month_of_day(const struct rscale *s, int64_t day, int *steps)
{
	struct year_at_hand *hand = s->at_hand;
	const struct months_year *year = &hand->year;
	int at = 0;
	if (!hand->known || day < year->first || day >= year->first + year->length)
		hand->known = months_year(s->calendar, months_year_of(s->calendar, day, steps), &hand->year, steps);
	*steps += 5;
	if (!hand->known || day >= year->first + year->length)
		return -1;
	while (at + 1 < year->count && year->months[at + 1].first <= day)
		at++;
	return at;
}

static bool monthday_passes(const struct rscale *s, const struct month *m, int64_t n)
{
	return !has_days(s) || (s->days >> n & 1) || (s->days_from_end >> (m->length - n + 1) & 1);
}

static bool day_passes(const struct rrule_calendar *c, int64_t day, int *steps)
{
	const struct rscale *s = (const struct rscale *)(const void *)c;
	const struct months_year *year = &s->at_hand->year;
	int at = month_of_day(s, day, steps);
	return at >= 0 && month_of_year_passes(s, year, at, steps) &&
	       monthday_passes(s, &year->months[at], day - year->months[at].first + 1);
}

static int64_t day_after(const struct rrule_calendar *c, int64_t day, int *steps)
{
	const struct rscale *s = (const struct rscale *)(const void *)c;
	const struct months_year *year = &s->at_hand->year;
	int at = month_of_day(s, ++day, steps);
	if (at < 0)
		return months_day_after(s->calendar, day, steps);
	const struct month *m = &year->months[at];
	int64_t n = day - m->first + 1;
	if (month_of_year_passes(s, year, at, steps))
		for (; n <= m->length; n++)
			if (monthday_passes(s, m, n))
				return m->first + n - 1;
	return m->first + m->length;
}

/* ---- walking ---- */

/* What the rule does not say is DTSTART's in this calendar. */
static void start_read(struct rscale *s, int64_t day)
{
	struct months_year year;
	int steps = 0, at = 0;
	if (!months_year(s->calendar, months_year_of(s->calendar, day, &steps), &year, &steps))
		return;
	while (at + 1 < year.count && year.months[at + 1].first <= day)
		at++;
	const struct month *m = &year.months[at];
	s->start_day = (int)(day - m->first) + 1;
	if (s->yearly && !has_months(s) && !has_days(s) && !(s->rule.parts & RRULE_BYDAY))
		*(m->leap ? &s->leap_months : &s->months) |= UINT32_C(1) << m->number;
}

struct rrule_iter *rscale_open(
	struct arena *mem, const struct rrule *rule, const struct rscale *scale, struct rrule_start start)
{
	if (!scale)
		return rrule_open(mem, rule, start);
	struct rscale *s = arena_new(mem, struct rscale);
	*s = *scale;
	s->walk = (struct rrule_calendar){ period_of, period_days, day_passes, day_after };
	s->rule = *rule;
	s->yearly = rule->freq == RRULE_YEARLY;
	s->at_hand = arena_new(mem, struct year_at_hand);
	start_read(s, floor_div(start.local, DAY_S));
	return rrule_open_in(mem, rule, start, &s->walk);
}

struct str rscale_name(size_t i)
{
	return months_calendar_name(i);
}
