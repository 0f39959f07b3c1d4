/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule is walked period by period (a year, a month, … a second). A period's set of instances is days × times: the
 * days are listed, the times of a day are three short tables, and an instance is found by its number, so that BYSETPOS,
 * COUNT and skipping never list what they pass over.
 *
 *     DTSTART 2026-01-30T09:00, FREQ=MONTHLY;BYMONTHDAY=30,31;BYHOUR=9,17;BYSETPOS=1,-1
 *
 *     period k   days     times         the set, by number                      picked
 *     0 January  30, 31   09:00, 17:00  0: 30T09  1: 30T17  2: 31T09  3: 31T17  0, 3
 *     1 February none                                                           (dry)
 *     2 March    30, 31   09:00, 17:00  0: 30T09  1: 30T17  2: 31T09  3: 31T17  0, 3
 *
 *     rrule_seek(2026-03-31T12:00): jump() makes k the period before March, since the weeks of a year may lie in the
 * next one; February is filled and empty; in March first_from() halves its way to 31T17.
 */
#include "caldav/calendar/rule/rrule_private.h"

#define BUDGET 200000          /* steps of one iterator, some 50 ns each */
#define BUDGET_CALENDAR 400000 /* in another calendar: 20 ms */

static bool end(struct rrule_iter *it)
{
	it->ended = true;
	return false;
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
	while (b) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* ---- the set of a period ---- */

static int64_t element(const struct rrule_iter *it, int64_t n)
{
	int64_t time = n % it->time_count;
	int64_t hour = it->hours[time / (it->minute_count * it->second_count)];
	int64_t minute = it->minutes[time / it->second_count % it->minute_count];
	return it->base + it->days[n / it->time_count] * DAY_S + hour * 3600 + minute * 60 +
	       it->seconds[time % it->second_count];
}

static int64_t instance(const struct rrule_iter *it, int64_t n)
{
	return element(it, it->rule.parts & RRULE_BYSETPOS ? it->picked[n] : n);
}

/* BYSETPOS from 1 on and from the end, merged in order (RFC 5545 §3.3.10). */
static int64_t positions_pick(struct rrule_iter *it, int64_t size)
{
	const struct rrule_set *set = &it->rule.positions;
	int64_t picked = 0, from_end = size - 366 > 366 ? size - 366 : 366;
	for (int64_t n = 0; n < size; n++) {
		if (n == 366)
			n = from_end; /* no position lies between */
		if (n >= size)
			break;
		bool hit = (n < 366 && (set->plus[(n + 1) / 64] >> (n + 1) % 64 & 1)) ||
			   (size - n <= 366 && (set->minus[(size - n) / 64] >> (size - n) % 64 & 1));
		if (hit)
			it->picked[picked++] = (int32_t)n;
	}
	return picked;
}

/* No earlier than this does the period at hand begin. */
static int64_t period_reached(const struct rrule_iter *it)
{
	int64_t index = it->origin + it->k * it->rule.interval, day;
	if (it->rule.freq < RRULE_WEEKLY)
		return index * rrule_freqs[it->rule.freq].unit;
	if (it->rule.freq == RRULE_WEEKLY)
		return (it->origin + it->k * it->rule.interval * 7) * DAY_S;
	if (it->calendar) { /* thirteen months or twelve, a year has 353 days at the least */
		int64_t days = it->rule.freq == RRULE_YEARLY ? 353 : 27;
		day = floor_div(it->start.local, DAY_S) - 400 + it->k * it->rule.interval * days;
	} else if (it->rule.freq == RRULE_YEARLY) {
		day = days_from_civil(index, 1, 1) - 7; /* weeks of a year may lie in the one before */
	} else {
		day = days_from_civil(floor_div(index, 12), (int)floor_mod(index, 12) + 1, 1);
	}
	return day * DAY_S;
}

/* Make the period number k, or a later one, the one at hand. */
static bool period_fill(struct rrule_iter *it)
{
	if (period_reached(it) > it->stop || !rrule_fill(it))
		return end(it);
	it->size = it->day_count * it->time_count;
	if (it->rule.parts & RRULE_BYSETPOS)
		it->size = positions_pick(it, it->size);
	it->at = 0;
	if (it->size)
		it->dry_from = it->k;
	else if (it->k - it->dry_from > it->dry_limit)
		it->ended = true; /* 400 years without one: there will be none */
	it->in_period = true;
	return !it->ended;
}

/* The number of the first instance at or after `local` in the period at hand. */
static int64_t first_from(const struct rrule_iter *it, int64_t local)
{
	int64_t low = it->at, high = it->size;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		if (instance(it, middle) < local)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- opening ---- */

static void table_fill(uint8_t *table, int64_t *count, uint64_t bits)
{
	*count = 0;
	for (unsigned i = 0; i < 60; i++)
		if (bits >> i & 1)
			table[(*count)++] = (uint8_t)i;
}

/* What a rule does not say comes from DTSTART; what a frequency finer than a part's unit sets is fixed to 0. */
static void times_fill(struct rrule_iter *it)
{
	const struct rrule *r = &it->rule;
	int of_day = (int)floor_mod(it->start.local, DAY_S);
	uint64_t hours = r->freq < RRULE_DAILY ? 1 : r->parts & RRULE_BYHOUR ? r->hours : UINT64_C(1) << of_day / 3600;
	uint64_t minutes = r->freq < RRULE_HOURLY      ? 1
			   : r->parts & RRULE_BYMINUTE ? r->minutes
						       : UINT64_C(1) << of_day / 60 % 60;
	uint64_t seconds = r->freq < RRULE_MINUTELY    ? 1
			   : r->parts & RRULE_BYSECOND ? r->seconds
						       : UINT64_C(1) << of_day % 60;
	table_fill(it->hours, &it->hour_count, hours);
	table_fill(it->minutes, &it->minute_count, minutes);
	table_fill(it->seconds, &it->second_count, seconds);
	it->time_count = it->hour_count * it->minute_count * it->second_count;
}

static void set_put(struct rrule_set *set, int n)
{
	set->plus[n / 64] |= UINT64_C(1) << n % 64;
}

/* Numbers before weekdays mean something in months and years only, and not beside week numbers. */
static void weekdays_flatten(struct rrule *r)
{
	for (int i = 0; i < 7; i++) {
		if (r->nth_plus[i] || r->nth_minus[i])
			r->weekdays = (uint8_t)(r->weekdays | 1U << i);
		r->nth_plus[i] = r->nth_minus[i] = 0;
	}
}

static void days_default(struct rrule *r, const struct rrule_day *d, bool other_calendar)
{
	if (other_calendar && r->freq >= RRULE_MONTHLY)
		return; /* it knows its own day and month */
	if (r->freq < RRULE_MONTHLY || (r->freq == RRULE_YEARLY && (r->parts & RRULE_BYWEEKNO)))
		weekdays_flatten(r);
	bool weekly = r->freq == RRULE_WEEKLY ||
		      (r->freq == RRULE_YEARLY && (r->parts & RRULE_BYWEEKNO)); /* the weekday is what is missing */
	if (r->freq < RRULE_WEEKLY || (r->parts & (RRULE_BYDAY | RRULE_BYMONTHDAY | RRULE_BYYEARDAY)))
		return;
	if (weekly) {
		r->parts |= RRULE_BYDAY;
		r->weekdays = (uint8_t)(1U << day_of_week(d->number));
		return;
	}
	if (r->freq == RRULE_YEARLY && !(r->parts & RRULE_BYMONTH)) {
		r->parts |= RRULE_BYMONTH;
		r->months = (uint16_t)(1U << d->month);
	}
	r->parts |= RRULE_BYMONTHDAY;
	set_put(&r->monthdays, d->of_month);
}

static int64_t origin_of(const struct rrule *r, int64_t local, const struct rrule_day *d)
{
	switch (r->freq) {
	case RRULE_YEARLY:
		if (r->parts & RRULE_BYWEEKNO)
			return rrule_week_1(d->year, r->wkst) > d->number        ? d->year - 1
			       : rrule_week_1(d->year + 1, r->wkst) <= d->number ? d->year + 1
										 : d->year;
		return d->year;
	case RRULE_MONTHLY:
		return d->year * 12 + d->month - 1;
	case RRULE_WEEKLY:
		return d->number - floor_mod(day_of_week(d->number) - r->wkst, 7);
	case RRULE_DAILY:
	case RRULE_HOURLY:
	case RRULE_MINUTELY:
	case RRULE_SECONDLY:
		break;
	}
	return floor_div(local, rrule_freqs[r->freq].unit);
}

/* Can steps of `interval` from the start ever come upon an hour, minute and second that pass the limits? */
static bool times_reachable(const struct rrule_iter *it)
{
	const struct rrule *r = &it->rule;
	if (r->freq >= RRULE_DAILY || !(r->parts & (RRULE_BYHOUR | RRULE_BYMINUTE | RRULE_BYSECOND)))
		return true;
	int64_t unit = rrule_freqs[r->freq].unit, step = greatest_divisor(r->interval, DAY_S / unit) * unit;
	for (int64_t t = floor_mod(it->origin * unit, step); t < DAY_S; t += step)
		if (rrule_time_limited(r, t) == t)
			return true;
	return false;
}

struct rrule_iter *rrule_open(struct arena *mem, const struct rrule *rule, struct rrule_start start)
{
	return rrule_open_in(mem, rule, start, NULL);
}

struct rrule_iter *rrule_open_in(
	struct arena *mem, const struct rrule *rule, struct rrule_start start, const struct rrule_calendar *calendar)
{
	struct rrule_iter *it = arena_new(mem, struct rrule_iter);
	struct rrule_day d = rrule_day_of(floor_div(start.local, DAY_S));
	it->rule = *rule;
	it->calendar = calendar;
	it->start = start;
	it->until = start.until_local < LAST_LOCAL ? start.until_local : LAST_LOCAL;
	if (start.date) {
		it->rule.parts &= ~(unsigned)(RRULE_BYHOUR | RRULE_BYMINUTE | RRULE_BYSECOND);
		if (it->rule.freq < RRULE_DAILY) { /* hours of a date: its day */
			int64_t days = it->rule.interval * rrule_freqs[it->rule.freq].unit / DAY_S;
			it->rule.freq = RRULE_DAILY;
			it->rule.interval = days ? days : 1;
		}
	}
	days_default(&it->rule, &d, calendar != NULL);
	times_fill(it);
	it->budget = calendar ? BUDGET_CALENDAR : BUDGET;
	if (calendar && it->rule.freq >= RRULE_MONTHLY)
		it->origin = rrule_calendar_period(it, d.number);
	else
		it->origin = origin_of(&it->rule, start.local, &d);
	int64_t cycle = rrule_freqs[it->rule.freq].cycle;
	/* Other calendars do not repeat in 400 years: they end where they are not known, or the budget does. */
	it->dry_limit = calendar ? INT64_MAX : cycle / greatest_divisor(cycle, it->rule.interval);
	it->target = INT64_MIN;
	it->stop = INT64_MAX;
	it->start_emitted = !start.counts_start;
	it->day_checked = INT64_MIN;
	it->ended = it->ended || !times_reachable(it);
	return it;
}

/* ---- walking ---- */

/* How many instances has every period? 0 where that is not so, or not known without looking. */
static int64_t constant_size(const struct rrule_iter *it)
{
	const struct rrule *r = &it->rule;
	unsigned limits = RRULE_DAY_PARTS;
	if (r->freq > RRULE_WEEKLY)
		return 0;
	if (r->freq == RRULE_WEEKLY)
		limits &= ~(unsigned)RRULE_BYDAY;
	if (r->freq <= RRULE_HOURLY)
		limits |= RRULE_BYHOUR;
	if (r->freq <= RRULE_MINUTELY)
		limits |= RRULE_BYMINUTE;
	if (r->freq <= RRULE_SECONDLY)
		limits |= RRULE_BYSECOND;
	return r->parts & limits ? 0 : it->size;
}

/* The number of the period in which `local` lies. */
static int64_t period_of(struct rrule_iter *it, int64_t local)
{
	int64_t day = floor_div(local, DAY_S), index, year;
	int month, of_month;
	if (it->rule.freq == RRULE_WEEKLY)
		return floor_div(day - it->origin, 7 * it->rule.interval);
	if (it->rule.freq < RRULE_WEEKLY)
		return floor_div(floor_div(local, rrule_freqs[it->rule.freq].unit) - it->origin, it->rule.interval);
	if (it->calendar)
		return floor_div(rrule_calendar_period(it, day) - it->origin, it->rule.interval);
	civil_from_days(day, &year, &month, &of_month);
	index = it->rule.freq == RRULE_YEARLY ? year : year * 12 + month - 1;
	return floor_div(index - it->origin, it->rule.interval);
}

/* Jump to just before the period of `target`, where nothing between has to be counted one by one. */
static void jump(struct rrule_iter *it)
{
	if (it->target <= it->start.local)
		return;
	int64_t target = it->target < LAST_LOCAL ? it->target : LAST_LOCAL;
	int64_t to = period_of(it, target) - 1; /* weeks of a year may lie in the next one */
	if (to <= it->k)
		return;
	if (it->rule.count) {
		int64_t size = it->k ? constant_size(it) : 0; /* the first period is cut by DTSTART */
		if (!size)
			return;
		int64_t passed = to - it->k;
		if (passed > (it->rule.count - it->emitted) / size)
			passed = (it->rule.count - it->emitted) / size;
		it->emitted += passed * size;
		to = it->k + passed;
	}
	it->k = it->dry_from = to;
}

/* Take from the period at hand what is before DTSTART or before the target, counting the latter. */
static void period_skip(struct rrule_iter *it)
{
	int64_t start = it->start.local + it->start.counts_start; /* DTSTART itself was emitted, or is to be */
	if (it->k <= 1)
		it->at = first_from(it, start);
	int64_t from = first_from(it, it->target);
	it->emitted += from - it->at;
	it->at = from;
}

bool rrule_next(struct rrule_iter *it, int64_t *local_out)
{
	if (!it->start_emitted) {
		it->start_emitted = true;
		it->emitted = 1;
		if (it->start.local >= it->target) {
			*local_out = it->start.local;
			return true;
		}
	}
	while (!it->ended) {
		if (!it->in_period) {
			jump(it);
			if (!period_fill(it))
				return false;
			period_skip(it);
		}
		if (it->rule.count && it->emitted >= it->rule.count)
			return end(it);
		if (it->at >= it->size) {
			it->in_period = false;
			it->k++;
			continue;
		}
		int64_t local = instance(it, it->at++);
		if (local > it->until)
			return end(it);
		it->emitted++;
		*local_out = local;
		return true;
	}
	return false;
}

void rrule_seek(struct rrule_iter *it, int64_t local)
{
	if (local <= it->target)
		return;
	it->target = local;
	if (it->in_period)
		period_skip(it);
}

void rrule_stop_after(struct rrule_iter *it, int64_t local)
{
	it->stop = local;
}

bool rrule_gave_up(const struct rrule_iter *it, int64_t local)
{
	return it->gave_up && period_reached(it) <= local;
}
