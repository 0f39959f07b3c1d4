/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule is walked period by period (a year, a month, … a second). A period's set of instances is days × times: the
 * days are listed, the times of a day are three short tables, and an instance is found by its number, so that BYSETPOS,
 * COUNT and skipping never list what they pass over.
 */
#include "caldav/calendar/rrule.h"

#include "caldav/calendar/dates.h"
#include "server/base/clock.h"

#define DAYS_MAX 371                     /* of a year, or of 53 weeks */
#define LAST_LOCAL INT64_C(253402300799) /* 9999-12-31T23:59:59 */
#define BUDGET 200000                    /* steps of one iterator, some 50 ns each */

static const struct {
	int64_t unit;  /* seconds, of those periods that are all alike */
	int64_t cycle; /* periods in 400 years, after which the calendar repeats */
} freqs[] = {
	[RRULE_SECONDLY] = { 1, INT64_C(12622780800) },
	[RRULE_MINUTELY] = { 60, 210379680 },
	[RRULE_HOURLY] = { 3600, 3506328 },
	[RRULE_DAILY] = { DAY_SECONDS, 146097 },
	[RRULE_WEEKLY] = { 7 * DAY_SECONDS, 20871 },
	[RRULE_MONTHLY] = { 0, 4800 },
	[RRULE_YEARLY] = { 0, 400 },
};

#define DAY_PARTS (RRULE_BYDAY | RRULE_BYMONTHDAY | RRULE_BYYEARDAY | RRULE_BYWEEKNO | RRULE_BYMONTH)

struct rrule_iter {
	struct rrule rule; /* with what DTSTART adds */
	struct rrule_start start;
	int64_t until;
	int64_t origin; /* the first period: year, month since year 0, or seconds / unit */

	/* Times of a day, or of an hour or minute where that is the period. */
	uint8_t hours[24], minutes[60], seconds[60];
	int64_t hour_count, minute_count, second_count, time_count;

	/* The period at hand. */
	int64_t k; /* its number; it begins at origin + k * interval */
	bool in_period;
	int64_t base;           /* seconds at which its first day (or itself, when shorter) begins */
	int16_t days[DAYS_MAX]; /* its days, counted from base */
	int64_t day_count;
	int32_t picked[2 * 366]; /* BYSETPOS: numbers in the set */
	int64_t size, at;        /* of the set, or of what was picked; the next one */

	int64_t target;     /* of the last seek */
	int64_t emitted;    /* for COUNT: also those passed over */
	bool start_emitted; /* or not wanted */
	int64_t dry_from, dry_limit;
	int64_t day_checked;
	bool day_good;
	int budget;
	bool ended, gave_up;
};

/* ---- small things ---- */

static bool set_has(const struct rrule_set *set, int64_t n, int64_t from_end)
{
	return (set->plus[n / 64] >> n % 64 & 1) || (set->minus[from_end / 64] >> from_end % 64 & 1);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return -floor_div(-a, b);
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

static int weekday_of(int64_t day)
{
	return (int)floor_mod(day + 3, 7); /* 1970-01-01 was a Thursday; 0 is Monday */
}

static bool end(struct rrule_iter *it)
{
	it->ended = true;
	return false;
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
static int64_t week_1(int64_t year, int wkst)
{
	int64_t january_1 = days_from_civil(year, 1, 1);
	int64_t into = floor_mod(weekday_of(january_1) - wkst, 7);
	return january_1 - into + (into > 3 ? 7 : 0);
}

struct day {
	int64_t number;
	int64_t year;
	int month, of_month, month_length, of_year, year_length;
};

static struct day day_of(int64_t number)
{
	struct day d = { .number = number };
	civil_from_days(number, &d.year, &d.month, &d.of_month);
	int64_t january_1 = days_from_civil(d.year, 1, 1);
	int64_t next = d.month == 12 ? days_from_civil(d.year + 1, 1, 1) : days_from_civil(d.year, d.month + 1, 1);
	d.month_length = (int)(next - number) + d.of_month - 1;
	d.of_year = (int)(number - january_1) + 1;
	d.year_length = (int)(days_from_civil(d.year + 1, 1, 1) - january_1);
	return d;
}

static bool week_matches(const struct rrule *r, const struct day *d)
{
	int64_t year = d->year + 1;
	while (week_1(year, r->wkst) > d->number)
		year--;
	int64_t first = week_1(year, r->wkst), weeks = (week_1(year + 1, r->wkst) - first) / 7;
	int64_t week = (d->number - first) / 7;
	return set_has(&r->weeks, week + 1, weeks - week);
}

static bool weekday_matches(const struct rrule *r, const struct day *d)
{
	int weekday = weekday_of(d->number);
	if (r->weekdays >> weekday & 1)
		return true;
	bool in_month = r->freq == RRULE_MONTHLY || (r->parts & RRULE_BYMONTH);
	int n = in_month ? d->of_month : d->of_year, length = in_month ? d->month_length : d->year_length;
	return (r->nth_plus[weekday] >> ((n - 1) / 7 + 1) & 1) || (r->nth_minus[weekday] >> ((length - n) / 7 + 1) & 1);
}

/* Does a day pass all BY… parts that speak of days? */
static bool day_matches(const struct rrule *r, const struct day *d)
{
	if ((r->parts & RRULE_BYMONTH) && !(r->months >> d->month & 1))
		return false;
	if ((r->parts & RRULE_BYMONTHDAY) && !set_has(&r->monthdays, d->of_month, d->month_length - d->of_month + 1))
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
		it->base = number * DAY_SECONDS;
	if (it->day_count < DAYS_MAX)
		it->days[it->day_count++] = (int16_t)(number - it->base / DAY_SECONDS);
}

static void month_days(struct rrule_iter *it, int64_t year, int month)
{
	struct day d = day_of(days_from_civil(year, month, 1));
	for (; d.of_month <= d.month_length; d.of_month++, d.number++, d.of_year++)
		if (day_matches(&it->rule, &d))
			day_add(it, d.number);
}

/* ---- periods: each fills base[]; false where the rule ends ---- */

static bool year_fill(struct rrule_iter *it)
{
	int64_t year = it->origin + it->k * it->rule.interval;
	if (year > 9999)
		return false;
	if (it->rule.parts & RRULE_BYWEEKNO) {
		/* The weeks of a year are its own, also where they reach into another. */
		int64_t first = week_1(year, it->rule.wkst), weeks = (week_1(year + 1, it->rule.wkst) - first) / 7;
		for (int64_t week = 0; week < weeks; week++)
			for (int64_t i = 0; i < 7 && set_has(&it->rule.weeks, week + 1, weeks - week); i++) {
				struct day d = day_of(first + week * 7 + i);
				if (day_matches(&it->rule, &d))
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
	if (first > LAST_LOCAL / DAY_SECONDS)
		return false;
	bool by_weekday_alone = (it->rule.parts & DAY_PARTS) == RRULE_BYDAY;
	for (int64_t i = 0; i < 7; i++) {
		if (!(it->rule.weekdays >> weekday_of(first + i) & 1) && it->rule.parts & RRULE_BYDAY)
			continue;
		struct day d = by_weekday_alone ? (struct day){ .number = first + i } : day_of(first + i);
		if (by_weekday_alone || day_matches(&it->rule, &d))
			day_add(it, d.number);
	}
	return spend(it, by_weekday_alone ? 1 : 4);
}

static bool day_good(struct rrule_iter *it, int64_t number)
{
	if (!(it->rule.parts & DAY_PARTS))
		return true;
	if (number != it->day_checked) {
		struct day d = day_of(number);
		it->day_checked = number;
		it->day_good = day_matches(&it->rule, &d);
	}
	return it->day_good;
}

/* The next day that may match: the first of the next month where the month itself is wrong. */
static int64_t day_after(const struct rrule_iter *it, int64_t number)
{
	if (!(it->rule.parts & RRULE_BYMONTH))
		return number + 1;
	struct day d = day_of(number);
	return it->rule.months >> d.month & 1 ? number + 1 : number + d.month_length - d.of_month + 1;
}

static int next_bit(uint64_t bits, int from, int end)
{
	while (from < end && !(bits >> from & 1))
		from++;
	return from;
}

/*
 * The first second at or behind `t`, within its day, that passes the limits BYHOUR, BYMINUTE, BYSECOND as far as the
 * frequency is finer; the next midnight where there is none.
 */
static int64_t time_limited(const struct rrule *r, int64_t t)
{
	int64_t midnight = floor_div(t, DAY_SECONDS) * DAY_SECONDS;
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
	return hour > 23 ? midnight + DAY_SECONDS : midnight + hour * 3600 + minute * 60 + second;
}

/* Days, hours, minutes and seconds: go on to the next period that passes all limits. */
static bool even_fill(struct rrule_iter *it)
{
	int64_t unit = freqs[it->rule.freq].unit;
	while (spend(it, 1)) {
		int64_t t = (it->origin + it->k * it->rule.interval) * unit, want = t;
		int64_t day = floor_div(t, DAY_SECONDS);
		if (t > LAST_LOCAL || it->k - it->dry_from > it->dry_limit)
			return false;
		if (!day_good(it, day))
			want = day_after(it, day) * DAY_SECONDS;
		else if (it->rule.freq < RRULE_DAILY)
			want = time_limited(&it->rule, t);
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

/* ---- the set of a period ---- */

static int64_t element(const struct rrule_iter *it, int64_t n)
{
	int64_t time = n % it->time_count;
	int64_t hour = it->hours[time / (it->minute_count * it->second_count)];
	int64_t minute = it->minutes[time / it->second_count % it->minute_count];
	return it->base + it->days[n / it->time_count] * DAY_SECONDS + hour * 3600 + minute * 60 +
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

/* Make the period number k, or a later one, the one at hand. */
static bool period_fill(struct rrule_iter *it)
{
	static bool (*const fill[])(
		struct rrule_iter *) = { even_fill, even_fill, even_fill, even_fill, week_fill, month_fill, year_fill };
	it->day_count = 0;
	if (!fill[it->rule.freq](it))
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

/* The number of the first instance at or behind `local` in the period at hand. */
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
	int of_day = (int)floor_mod(it->start.local, DAY_SECONDS);
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

static void days_default(struct rrule *r, const struct day *d)
{
	if (r->freq < RRULE_MONTHLY || (r->freq == RRULE_YEARLY && (r->parts & RRULE_BYWEEKNO)))
		weekdays_flatten(r);
	bool weekly = r->freq == RRULE_WEEKLY ||
		      (r->freq == RRULE_YEARLY && (r->parts & RRULE_BYWEEKNO)); /* the weekday is what is missing */
	if (r->freq < RRULE_WEEKLY || (r->parts & (RRULE_BYDAY | RRULE_BYMONTHDAY | RRULE_BYYEARDAY)))
		return;
	if (weekly) {
		r->parts |= RRULE_BYDAY;
		r->weekdays = (uint8_t)(1U << weekday_of(d->number));
		return;
	}
	if (r->freq == RRULE_YEARLY && !(r->parts & RRULE_BYMONTH)) {
		r->parts |= RRULE_BYMONTH;
		r->months = (uint16_t)(1U << d->month);
	}
	r->parts |= RRULE_BYMONTHDAY;
	set_put(&r->monthdays, d->of_month);
}

static int64_t origin_of(const struct rrule *r, int64_t local, const struct day *d)
{
	switch (r->freq) {
	case RRULE_YEARLY:
		if (r->parts & RRULE_BYWEEKNO)
			return week_1(d->year, r->wkst) > d->number        ? d->year - 1
			       : week_1(d->year + 1, r->wkst) <= d->number ? d->year + 1
									   : d->year;
		return d->year;
	case RRULE_MONTHLY:
		return d->year * 12 + d->month - 1;
	case RRULE_WEEKLY:
		return d->number - floor_mod(weekday_of(d->number) - r->wkst, 7);
	case RRULE_DAILY:
	case RRULE_HOURLY:
	case RRULE_MINUTELY:
	case RRULE_SECONDLY:
		break;
	}
	return floor_div(local, freqs[r->freq].unit);
}

/* Can steps of `interval` from the start ever come upon an hour, minute and second that pass the limits? */
static bool times_reachable(const struct rrule_iter *it)
{
	const struct rrule *r = &it->rule;
	if (r->freq >= RRULE_DAILY || !(r->parts & (RRULE_BYHOUR | RRULE_BYMINUTE | RRULE_BYSECOND)))
		return true;
	int64_t unit = freqs[r->freq].unit, step = greatest_divisor(r->interval, DAY_SECONDS / unit) * unit;
	for (int64_t t = floor_mod(it->origin * unit, step); t < DAY_SECONDS; t += step)
		if (time_limited(r, t) == t)
			return true;
	return false;
}

struct rrule_iter *rrule_open(struct arena *mem, const struct rrule *rule, struct rrule_start start)
{
	struct rrule_iter *it = arena_new(mem, struct rrule_iter);
	struct day d = day_of(floor_div(start.local, DAY_SECONDS));
	it->rule = *rule;
	it->start = start;
	it->until = start.until_local < LAST_LOCAL ? start.until_local : LAST_LOCAL;
	if (start.date) {
		it->rule.parts &= ~(unsigned)(RRULE_BYHOUR | RRULE_BYMINUTE | RRULE_BYSECOND);
		if (it->rule.freq < RRULE_DAILY) { /* hours of a date: its day */
			int64_t days = it->rule.interval * freqs[it->rule.freq].unit / DAY_SECONDS;
			it->rule.freq = RRULE_DAILY;
			it->rule.interval = days ? days : 1;
		}
	}
	days_default(&it->rule, &d);
	times_fill(it);
	it->origin = origin_of(&it->rule, start.local, &d);
	int64_t cycle = freqs[it->rule.freq].cycle;
	it->dry_limit = cycle / greatest_divisor(cycle, it->rule.interval);
	it->target = INT64_MIN;
	it->start_emitted = !start.counts_start;
	it->day_checked = INT64_MIN;
	it->budget = BUDGET;
	it->ended = !times_reachable(it);
	return it;
}

/* ---- walking ---- */

/* How many instances has every period? 0 where that is not so, or not known without looking. */
static int64_t constant_size(const struct rrule_iter *it)
{
	const struct rrule *r = &it->rule;
	unsigned limits = DAY_PARTS;
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
static int64_t period_of(const struct rrule_iter *it, int64_t local)
{
	int64_t day = floor_div(local, DAY_SECONDS), index, year;
	int month, of_month;
	if (it->rule.freq == RRULE_WEEKLY)
		return floor_div(day - it->origin, 7 * it->rule.interval);
	if (it->rule.freq < RRULE_WEEKLY)
		return floor_div(floor_div(local, freqs[it->rule.freq].unit) - it->origin, it->rule.interval);
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

bool rrule_gave_up(const struct rrule_iter *it)
{
	return it->gave_up;
}
