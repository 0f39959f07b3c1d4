/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/clock.h"

#include <string.h>
#include <time.h>

struct instant instant_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (struct instant){ t.tv_sec * US_PER_S + t.tv_nsec / 1000 };
}

uint64_t clock_monotonic_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

struct instant instant_add_s(struct instant t, int64_t seconds)
{
	return (struct instant){ t.us + seconds * US_PER_S };
}

struct instant instant_of_s(int64_t unix_s)
{
	int64_t us;
	if (__builtin_mul_overflow(unix_s, US_PER_S, &us))
		return unix_s < 0 ? INSTANT_BEFORE : INSTANT_FOREVER;
	return (struct instant){ us };
}

int64_t instant_s(struct instant t)
{
	int64_t s = t.us / US_PER_S;
	return t.us % US_PER_S < 0 ? s - 1 : s;
}

bool instant_is_none(struct instant t)
{
	return t.us == INSTANT_NONE.us;
}

bool instant_before(struct instant a, struct instant b)
{
	return a.us < b.us;
}

int int64_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Years begin in March here, so that the leap day is the last of its year; eras are 400 years of 146,097 days. */
int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_from_days(int64_t days, int64_t *year_out, int *month_out, int *day_out)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	*day_out = (int)(of_year - (153 * month + 2) / 5 + 1);
	*month_out = (int)(month < 10 ? month + 3 : month - 9);
	*year_out = year + era * 400 + (*month_out <= 2);
}

struct civil {
	int64_t year, days;
	int month, day, hour, minute, second;
	int64_t micros;
};

static struct civil civil_of(struct instant t)
{
	struct civil c;
	int64_t s = instant_s(t);
	c.micros = t.us - s * US_PER_S;
	int64_t of_day = s % DAY_S;
	if (of_day < 0)
		of_day += DAY_S;
	c.days = (s - of_day) / DAY_S;
	civil_from_days(c.days, &c.year, &c.month, &c.day);
	c.hour = (int)(of_day / 3600);
	c.minute = (int)(of_day / 60 % 60);
	c.second = (int)(of_day % 60);
	return c;
}

/* A number below a hundred. A page of events has hundreds of them: printf would be a fifth of its cost. */
static char *add_two(char *to, unsigned value)
{
	to[0] = (char)('0' + value / 10);
	to[1] = (char)('0' + value % 10);
	return to + 2;
}

/* Two numbers of two digits each, `between` them, and one octet after. */
static char *add_pair(char *to, int first, char between, int second, char after)
{
	to = add_two(to, (unsigned)first);
	*to++ = between;
	to = add_two(to, (unsigned)second);
	*to++ = after;
	return to;
}

int day_of_week(int64_t days)
{
	return (int)floor_mod(days + 3, 7); /* 1970-01-01 was a Thursday */
}

struct str instant_rfc3339(struct arena *mem, struct instant t)
{
	struct civil c = civil_of(t);
	if (c.year < 0 || c.year > 9999)
		return str_fmt(mem, "%04d-%02d-%02dT%02d:%02d:%02d%s", (int)c.year, c.month, c.day, c.hour, c.minute,
			c.second, c.micros ? str_fmt(mem, ".%06dZ", (int)c.micros).ptr : "Z");
	char *text = arena_take(mem, sizeof "0000-00-00T00:00:00.000000Z", 1), *to = text;
	to = add_two(add_two(to, (unsigned)c.year / 100), (unsigned)c.year % 100);
	*to++ = '-';
	to = add_pair(to, c.month, '-', c.day, 'T');
	to = add_pair(to, c.hour, ':', c.minute, ':');
	to = add_two(to, (unsigned)c.second);
	if (c.micros) {
		*to++ = '.';
		to = add_two(to, (unsigned)c.micros / 10000);
		to = add_two(add_two(to, (unsigned)c.micros / 100 % 100), (unsigned)c.micros % 100);
	}
	*to++ = 'Z';
	return (struct str){ text, (size_t)(to - text) };
}

static const char *const day_names[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
	"Dec" };

struct str instant_imf(struct arena *mem, struct instant t)
{
	struct civil c = civil_of(t);
	char *text = arena_take(mem, sizeof "Sun, 00 Jan 0000 00:00:00 GMT", 1), *to = text;
	memcpy(to, day_names[day_of_week(c.days)], 3);
	memcpy(to + 3, ", ", 2);
	to = add_two(to + 5, (unsigned)c.day);
	*to++ = ' ';
	memcpy(to, month_names[c.month - 1], 3);
	to[3] = ' ';
	to = add_two(add_two(to + 4, (unsigned)c.year / 100 % 100), (unsigned)c.year % 100);
	*to++ = ' ';
	to = add_pair(to, c.hour, ':', c.minute, ':');
	to = add_two(to, (unsigned)c.second);
	memcpy(to, " GMT", 4);
	return (struct str){ text, (size_t)(to - text) + 4 };
}

struct str instant_ical(struct arena *mem, struct instant t)
{
	struct civil c = civil_of(t);
	return str_fmt(mem, "%04d%02d%02dT%02d%02d%02dZ", (int)c.year, c.month, c.day, c.hour, c.minute, c.second);
}

/* Take exactly `width` digits off the front of s. */
static bool take_digits(struct str *s, size_t width, int *out)
{
	uint64_t value;
	if (s->len < width || !str_to_u64(str_sub(*s, 0, width), 9999, &value))
		return false;
	*out = (int)value;
	*s = str_from(*s, width);
	return true;
}

static bool take_char(struct str *s, char c)
{
	if (!s->len || char_lower(s->ptr[0]) != c)
		return false;
	*s = str_from(*s, 1);
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

static bool civil_valid(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days_in_month((int)c->year, c->month) &&
	       c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

static struct instant instant_of_civil(const struct civil *c)
{
	int64_t s = days_from_civil(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
	return (struct instant){ s * US_PER_S + c->micros };
}

static bool take_fraction(struct str *s, int64_t *micros_out)
{
	int64_t scale = 100000;
	size_t digits = 0;
	*micros_out = 0;
	if (!take_char(s, '.'))
		return true;
	for (; s->len && char_is_digit(s->ptr[0]); *s = str_from(*s, 1), digits++) {
		*micros_out += scale * (s->ptr[0] - '0');
		scale /= 10;
	}
	return digits > 0;
}

static bool take_offset(struct str *s, int64_t *seconds_out)
{
	int hour, minute;
	*seconds_out = 0;
	if (take_char(s, 'z'))
		return true;
	int sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
	if (!sign || !take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute) || hour > 23 ||
		minute > 59)
		return false;
	*seconds_out = sign * (hour * 3600 + minute * 60);
	return true;
}

bool instant_from_rfc3339(struct str s, struct instant *out)
{
	struct civil c = { 0 };
	int year;
	int64_t offset;
	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &c.month) || !take_char(&s, '-') ||
		!take_digits(&s, 2, &c.day) || !(take_char(&s, 't') || take_char(&s, ' ')) ||
		!take_digits(&s, 2, &c.hour) || !take_char(&s, ':') || !take_digits(&s, 2, &c.minute) ||
		!take_char(&s, ':') || !take_digits(&s, 2, &c.second) || !take_fraction(&s, &c.micros) ||
		!take_offset(&s, &offset) || s.len)
		return false;
	c.year = year;
	if (!civil_valid(&c))
		return false;
	*out = instant_add_s(instant_of_civil(&c), -offset);
	return true;
}

bool instant_from_ical(struct str s, struct instant *out)
{
	struct civil c = { 0 };
	int year;
	if (!take_digits(&s, 4, &year) || !take_digits(&s, 2, &c.month) || !take_digits(&s, 2, &c.day) ||
		!take_char(&s, 't') || !take_digits(&s, 2, &c.hour) || !take_digits(&s, 2, &c.minute) ||
		!take_digits(&s, 2, &c.second) || !take_char(&s, 'z') || s.len)
		return false;
	c.year = year;
	if (!civil_valid(&c))
		return false;
	*out = instant_of_civil(&c);
	return true;
}

/* ---- RFC 9110 §5.6.7: case-sensitive, no blank too many ---- */

static bool take_text(struct str *s, struct str text)
{
	if (!str_starts(*s, text))
		return false;
	*s = str_from(*s, text.len);
	return true;
}

/* Of three letters, or whole. */
static bool take_day_name(struct str *s, bool whole)
{
	for (size_t i = 0; i < ARRAY_LEN(day_names); i++) {
		struct str name = str_of(day_names[i]);
		if (take_text(s, whole ? name : str_sub(name, 0, 3)))
			return true;
	}
	return false;
}

static bool take_month_name(struct str *s, int *out)
{
	for (size_t i = 0; i < ARRAY_LEN(month_names); i++)
		if (take_text(s, str_of(month_names[i]))) {
			*out = (int)i + 1;
			return true;
		}
	return false;
}

static bool take_clock(struct str *s, struct civil *c)
{
	if (!take_digits(s, 2, &c->hour) || !take_text(s, STR(":")) || !take_digits(s, 2, &c->minute) ||
		!take_text(s, STR(":")) || !take_digits(s, 2, &c->second))
		return false;
	if (c->second == 60)
		c->second = 59; /* a leap second, which Unix time does not have */
	return true;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool imf_date(struct str s, struct civil *c)
{
	int year;
	if (!take_day_name(&s, false) || !take_text(&s, STR(", ")) || !take_digits(&s, 2, &c->day) ||
		!take_text(&s, STR(" ")) || !take_month_name(&s, &c->month) || !take_text(&s, STR(" ")) ||
		!take_digits(&s, 4, &year) || !take_text(&s, STR(" ")) || !take_clock(&s, c))
		return false;
	c->year = year;
	return str_eq(s, STR(" GMT"));
}

/* Sunday, 06-Nov-94 08:49:37 GMT: of the years that end so, the one that is not over 50 years from now. */
static bool rfc850_date(struct str s, struct instant now, struct civil *c)
{
	int year;
	if (!take_day_name(&s, true) || !take_text(&s, STR(", ")) || !take_digits(&s, 2, &c->day) ||
		!take_text(&s, STR("-")) || !take_month_name(&s, &c->month) || !take_text(&s, STR("-")) ||
		!take_digits(&s, 2, &year) || !take_text(&s, STR(" ")) || !take_clock(&s, c))
		return false;
	int64_t this_year = civil_of(now).year;
	c->year = this_year - this_year % 100 + 100 + year;
	while (c->year > this_year + 50)
		c->year -= 100;
	return str_eq(s, STR(" GMT"));
}

/* Sun Nov  6 08:49:37 1994 */
static bool asctime_date(struct str s, struct civil *c)
{
	int year;
	if (!take_day_name(&s, false) || !take_text(&s, STR(" ")) || !take_month_name(&s, &c->month) ||
		!take_text(&s, STR(" ")))
		return false;
	bool padded = take_text(&s, STR(" "));
	if (!take_digits(&s, padded ? 1 : 2, &c->day) || !take_text(&s, STR(" ")) || !take_clock(&s, c) ||
		!take_text(&s, STR(" ")) || !take_digits(&s, 4, &year))
		return false;
	c->year = year;
	return s.len == 0;
}

bool instant_from_http(struct str s, struct instant now, struct instant *out)
{
	struct civil c = { 0 };
	if (!imf_date(s, &c) && !rfc850_date(s, now, &c) && !asctime_date(s, &c))
		return false;
	if (!civil_valid(&c))
		return false;
	*out = instant_of_civil(&c);
	return true;
}
