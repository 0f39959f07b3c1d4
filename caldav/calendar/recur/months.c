/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/months.h"

#include <libical/ical.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unicode/ucal.h>

#include "server/base/clock.h"

#define CALENDARS_MAX 24
#define YEARS 1080                 /* of 354 days at the least, from 1583 to 2600 */
#define FIRST_DAY INT64_C(-141349) /* 1583-01-01: the Gregorian calendar is in use */
#define LAST_DAY INT64_C(230103)   /* 2600-01-01 */
#define COLD_STEPS 300             /* what a year not known yet counts as … */
#define COLD_STEPS_SLOW 6000       /* … where the sky is asked */
#define MONTH_DAYS 29.530588853    /* between two new moons, in the mean */
#define NEW_MOON 10963.5           /* of January 2000, as Chinese and Hebrew months have it, within two days */
#define MOONS_BEFORE 6000          /* from 1583 to then there are fewer */

struct row {
	int32_t first;
	uint8_t count;
	struct {
		uint8_t number, leap, length;
	} months[MONTHS_MAX];
};

enum { COLD, KNOWN, UNKNOWN };

struct months_calendar {
	char name[32], upper[32];
	pthread_mutex_t lock; /* of icu and of writing rows */
	UCalendar *icu;
	int32_t base; /* ICU's number of the year 0 */
	bool is_hebrew, is_slow;
	_Atomic unsigned char state[YEARS];
	struct row rows[YEARS];
};

/* Like the table of zones, these are the process's: named once, rows filled under their lock and then only read. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct months_calendar calendars[CALENDARS_MAX];
static size_t calendar_count;

/* ---- names ---- */

/* ICU's calendars, as libical offers them for RSCALE. */
static void name_all(void)
{
	icalarray *names = icalrecurrencetype_rscale_supported_calendars();
	for (size_t i = 0; names && i < names->num_elements && calendar_count < CALENDARS_MAX; i++) {
		struct months_calendar *c = &calendars[calendar_count];
		struct str name = str_of(*(const char **)icalarray_element_at(names, i));
		if (!name.len || name.len >= sizeof c->name)
			continue;
		for (size_t n = 0; n < name.len; n++) {
			c->name[n] = char_lower(name.ptr[n]);
			c->upper[n] = char_is_alpha(name.ptr[n]) ? (char)(c->name[n] - 32) : name.ptr[n];
		}
		c->is_hebrew = strcmp(c->name, "hebrew") == 0;
		c->is_slow = strcmp(c->name, "chinese") == 0 || strcmp(c->name, "dangi") == 0;
		pthread_mutex_init(&c->lock, NULL);
		calendar_count++;
	}
	if (names)
		icalarray_free(names);
}

const struct months_calendar *months_calendar(struct str name)
{
	static const struct {
		struct str alias, name;
	} aliases[] = { { STR_INIT("gregory"), STR_INIT("gregorian") },
		{ STR_INIT("islamicc"), STR_INIT("islamic-civil") },
		{ STR_INIT("ethioaa"), STR_INIT("ethiopic-amete-alem") } };
	pthread_once(&once, name_all);
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_eq_nocase(name, aliases[i].alias))
			name = aliases[i].name;
	for (size_t i = 0; i < calendar_count; i++)
		if (str_eq_nocase(name, str_of(calendars[i].name)))
			return &calendars[i];
	return NULL;
}

struct str months_calendar_name(size_t i)
{
	pthread_once(&once, name_all);
	return i < calendar_count ? str_of(calendars[i].upper) : STR_ABSENT;
}

/* ---- asking ICU ---- */

#define DAY_MS 86400000.0

static int field(struct months_calendar *c, int64_t day, UCalendarDateFields field, UErrorCode *status)
{
	ucal_setMillis(c->icu, (double)day * DAY_MS, status);
	return ucal_get(c->icu, field, status);
}

static bool icu_open(struct months_calendar *c)
{
	static const UChar utc[] = { 'U', 'T', 'C', 0 };
	char locale[64];
	UErrorCode status = U_ZERO_ERROR;
	if (c->icu)
		return true;
	(void)snprintf(locale, sizeof locale, "@calendar=%s", c->name);
	c->icu = ucal_open(utc, -1, locale, UCAL_DEFAULT, &status);
	if (U_FAILURE(status) || !c->icu)
		return false;
	c->base = field(c, FIRST_DAY, UCAL_EXTENDED_YEAR, &status);
	return U_SUCCESS(status);
}

/* How long is the month that begins there? ICU then stands in the next one. */
static int month_length(struct months_calendar *c, int64_t first, UErrorCode *status)
{
	static const int lengths[] = { 30, 29, 31, 28, 5, 6, 32 }; /* 30 first: where it fits, no other does */
	if (c->is_slow) { /* where each look costs 10 µs: a month of 29 days leaves the second day of the next */
		int day = field(c, first + 30, UCAL_DATE, status);
		return day == 1 ? 30 : day == 2 ? 29 : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		if (field(c, first + lengths[i], UCAL_DATE, status) == 1)
			return lengths[i];
	return 0;
}

static void month_put(struct row *row, int number, bool leap, int length)
{
	row->months[row->count].number = (uint8_t)number;
	row->months[row->count].leap = leap;
	row->months[row->count++].length = (uint8_t)length;
}

/*
 * Months that ICU 72 begins a day off, since it knows the new moon to ten minutes only: what the true one (Meeus,
 * Astronomical Algorithms, chapter 49, to seconds) and the printed calendars of both countries say. Compared for 1954
 * to 2100.
 */
static const struct {
	const char *calendar;
	int32_t icu, true_first;
} misplaced[] = {
	{ "chinese", -5810, -5811 }, /* 1954-02-03, New Year */
	{ "chinese", -5426, -5427 }, /* 1955-02-22 */
	{ "chinese", 10609, 10608 }, /* 1999-01-17 */
	{ "chinese", 15570, 15569 }, /* 2012-08-17 */
	{ "chinese", 17842, 17843 }, /* 2018-11-08 */
	{ "chinese", 20856, 20855 }, /* 2027-02-06, New Year */
	{ "chinese", 21947, 21948 }, /* 2030-02-03, New Year */
	{ "chinese", 36596, 36595 }, /* 2070-03-12 */
	{ "chinese", 46605, 46606 }, /* 2097-08-08 */
	{ "dangi", 17224, 17223 },   /* 2017-02-26 */
	{ "dangi", 29802, 29803 },   /* 2051-08-07 */
};

static int64_t true_first(const struct months_calendar *c, int64_t icu)
{
	for (size_t i = 0; c->is_slow && i < ARRAY_LEN(misplaced); i++)
		if (misplaced[i].icu == icu && strcmp(misplaced[i].calendar, c->name) == 0)
			return misplaced[i].true_first;
	return icu;
}

static bool year_row_read(struct months_calendar *c, int64_t i, struct row *row)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t year = c->base + (int32_t)i;
	ucal_clear(c->icu);
	ucal_set(c->icu, UCAL_EXTENDED_YEAR, year);
	ucal_set(c->icu, UCAL_MONTH, 0);
	ucal_set(c->icu, UCAL_DATE, 1);
	int64_t day = (int64_t)(ucal_getMillis(c->icu, &status) / DAY_MS);
	if (U_FAILURE(status) || day > LAST_DAY || day < FIRST_DAY - 400)
		return false;
	row->first = (int32_t)true_first(c, day);
	(void)field(c, day, UCAL_EXTENDED_YEAR, &status);
	while (row->count < MONTHS_MAX && ucal_get(c->icu, UCAL_EXTENDED_YEAR, &status) == year) {
		int month = ucal_get(c->icu, UCAL_MONTH, &status);
		bool leap = ucal_get(c->icu, UCAL_IS_LEAP_MONTH, &status) == 1;
		int length = month_length(c, day, &status);
		if (U_FAILURE(status) || !length)
			return false;
		month_put(row, month + 1, leap, (int)(true_first(c, day + length) - true_first(c, day)));
		day += length;
	}
	return U_SUCCESS(status) && row->count >= 12;
}

/*
 * The Hebrew year by its own arithmetic. ICU 72 has one wrong: 5807 begins on Monday, 2046-10-01, while ICU, which
 * looks at the weekday after a postponement where the rule means the one before, makes it Tuesday, and 5806 a day too
 * long.
 */
#define HEBREW_ZERO INT64_C(5343)     /* 1582-09-27 */
#define HEBREW_PARTS 25920            /* of a day */
#define HEBREW_EPOCH INT64_C(2092590) /* days before 1970 */

static int64_t hebrew_elapsed(int64_t year)
{
	int64_t months = (235 * year - 234) / 19, parts = 12084 + 13753 * months;
	int64_t day = 29 * months + parts / HEBREW_PARTS;
	return day + (3 * (day + 1) % 7 < 3); /* not on Sunday, Wednesday, Friday */
}

/* No year may have 356 or 382 days. */
static int64_t hebrew_new_year(int64_t year)
{
	int64_t before = hebrew_elapsed(year - 1), day = hebrew_elapsed(year), after = hebrew_elapsed(year + 1);
	return day + (after - day == 356 ? 2 : day - before == 382 ? 1 : 0) - HEBREW_EPOCH;
}

static void hebrew_row(int64_t i, struct row *row)
{
	int64_t year = HEBREW_ZERO + i, first = hebrew_new_year(year);
	int length = (int)(hebrew_new_year(year + 1) - first);
	bool leap = (7 * year + 1) % 19 < 7;
	row->first = (int32_t)first;
	month_put(row, 1, false, 30);
	month_put(row, 2, false, length % 10 == 5 ? 30 : 29);
	month_put(row, 3, false, length % 10 == 3 ? 29 : 30);
	month_put(row, 4, false, 29);
	month_put(row, 5, false, 30);
	if (leap)
		month_put(row, 5, true, 30); /* Adar I (RFC 7529 §4.2) */
	for (int number = 6; number <= 12; number++)
		month_put(row, number, false, number % 2 ? 30 : 29);
}

static bool row_make(struct months_calendar *c, int64_t i, struct row *row)
{
	if (!c->is_hebrew)
		return icu_open(c) && year_row_read(c, i, row);
	hebrew_row(i, row);
	return row->first <= LAST_DAY;
}

static const struct row *row_of(const struct months_calendar *calendar, int64_t i, int *steps)
{
	if (i < 0 || i >= YEARS)
		return NULL;
	struct months_calendar *c = &calendars[calendar - calendars];
	unsigned char state = atomic_load_explicit(&c->state[i], memory_order_acquire);
	if (state == COLD) {
		pthread_mutex_lock(&c->lock);
		state = atomic_load_explicit(&c->state[i], memory_order_acquire);
		if (state == COLD) {
			struct row row = { 0 };
			state = row_make(c, i, &row) ? KNOWN : UNKNOWN;
			c->rows[i] = row;
			atomic_store_explicit(&c->state[i], state, memory_order_release);
		}
		pthread_mutex_unlock(&c->lock);
		*steps += c->is_slow ? COLD_STEPS_SLOW : COLD_STEPS;
	}
	return state == KNOWN ? &c->rows[i] : NULL;
}

/* ---- years ---- */

int months_most(const struct months_calendar *c)
{
	int steps = 0, most = 12;
	const struct row *row = row_of(c, 400, &steps);
	for (int m = 0; row && m < row->count; m++)
		most = row->months[m].number > most ? row->months[m].number : most;
	return most;
}

bool months_year(const struct months_calendar *c, int64_t i, struct months_year *out, int *steps)
{
	const struct row *row = row_of(c, i, steps);
	if (!row)
		return false;
	struct months_year year = { .first = row->first, .count = row->count };
	for (int m = 0; m < row->count; m++) {
		year.months[m] = (struct month){ row->months[m].number, row->months[m].leap, year.first + year.length,
			row->months[m].length };
		year.length += row->months[m].length;
	}
	*out = year;
	*steps += 1;
	return true;
}

int64_t months_year_of(const struct months_calendar *c, int64_t day, int *steps)
{
	/* All years have 353 to 385 days; the mean of a calendar leads to within a few. */
	const struct row *zero = row_of(c, 0, steps), *far = row_of(c, 900, steps), *row;
	if (!zero || !far || day < zero->first || day > LAST_DAY)
		return day > LAST_DAY ? YEARS : -1;
	int64_t i = (day - zero->first) * 900 / (far->first - zero->first);
	while ((row = row_of(c, i, steps)) && row->first > day)
		i--;
	while ((row = row_of(c, i + 1, steps)) && row->first <= day)
		i++;
	return i;
}

int64_t months_day_after(const struct months_calendar *c, int64_t day, int *steps)
{
	const struct row *zero = row_of(c, 0, steps);
	return zero && day < zero->first ? zero->first : INT64_MAX;
}

/* ---- months in a row ---- */

/* Twelve, or thirteen, in each year; 0: leap months come and go, but each follows a new moon. */
static int months_each(const struct months_calendar *c)
{
	return c->is_hebrew || c->is_slow ? 0 : months_most(c);
}

static bool month_of(const struct months_calendar *c, int64_t day, int64_t *year_out, struct months_year *out,
	int *at_out, int *steps)
{
	int64_t i = months_year_of(c, day, steps);
	if (!months_year(c, i, out, steps))
		return false;
	int m = 0;
	while (m + 1 < out->count && out->months[m + 1].first <= day)
		m++;
	*year_out = i;
	*at_out = m;
	return day < out->first + out->length;
}

/* Which new moon is it? Months begin within two days of the mean, so that rounding tells. */
static int64_t moon_of(int64_t first)
{
	return (int64_t)(((double)first - NEW_MOON) / MONTH_DAYS + MOONS_BEFORE + 0.5);
}

static int64_t middle_of_moon(int64_t moon)
{
	return (int64_t)(NEW_MOON + (double)(moon - MOONS_BEFORE) * MONTH_DAYS + 15);
}

bool months_index(const struct months_calendar *c, int64_t day, int64_t *out, int *steps)
{
	struct months_year year;
	int64_t i;
	int m, each = months_each(c);
	if (!month_of(c, day, &i, &year, &m, steps))
		return false;
	*out = each ? i * each + m : moon_of(year.months[m].first);
	return true;
}

bool months_at(const struct months_calendar *c, int64_t index, struct months_year *year_out, int *at_out, int *steps)
{
	int64_t i;
	int each = months_each(c);
	if (index < 0 || index > (int64_t)YEARS * MONTHS_MAX)
		return false;
	if (!each) /* its middle */
		return month_of(c, middle_of_moon(index), &i, year_out, at_out, steps);
	*at_out = (int)(index % each);
	return months_year(c, index / each, year_out, steps) && *at_out < year_out->count;
}
