/* SPDX-License-Identifier: Apache-2.0 */
#include "web/rule_shape.h"

#include "server/base/buf.h"

static const char *const codes[7] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

/* ---- weekdays ---- */

struct str weekdays_text(struct arena *mem, unsigned weekdays)
{
	struct buf out = buf_new(mem, 32);
	for (size_t i = 0; i < 7; i++)
		if (weekdays >> i & 1)
			buf_fmt(&out, "%s%s", out.len ? "," : "", codes[i]);
	return out.len ? buf_str(&out) : STR("");
}

unsigned weekdays_read(struct str text)
{
	unsigned weekdays = 0;
	struct str one;
	while (str_cut(&text, ',', &one))
		for (size_t i = 0; i < 7; i++)
			if (str_eq(one, str_of(codes[i])))
				weekdays |= 1U << i;
	return weekdays;
}

int weekdays_count(unsigned weekdays)
{
	int count = 0;
	for (; weekdays; weekdays &= weekdays - 1)
		count++;
	return count;
}

int weekdays_first(unsigned weekdays)
{
	int first = 0;
	while (first < 7 && !(weekdays >> first & 1))
		first++;
	return first;
}

/* ---- from a rule ---- */

static bool all_zero(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i])
			return false;
	return true;
}

/* Of bits of which one is set. */
static int first_bit(uint64_t bits)
{
	int at = 0;
	while (!(bits >> at & 1))
		at++;
	return at;
}

/* The one bit that is set; -1: none is, or several are. */
static int only_bit(uint64_t bits)
{
	return !bits || bits & (bits - 1) ? -1 : first_bit(bits);
}

/* The only number of a set, where it is one of 1 to 5 or -1; else 0. */
static int only_position(uint64_t plus, uint64_t minus)
{
	int n = only_bit(plus);
	if (!minus)
		return n >= 1 && n <= 5 ? n : 0;
	return !plus && minus == 2 ? -1 : 0;
}

static bool has_numbered(const struct rrule *r)
{
	return !all_zero(r->nth_plus, 7) || !all_zero(r->nth_minus, 7);
}

/* BYDAY=2TU. */
static bool numbered_day(const struct rrule *r, struct rule_shape *shape)
{
	if (r->weekdays)
		return false;
	for (int i = 0; i < 7; i++) {
		if (!r->nth_plus[i] && !r->nth_minus[i])
			continue;
		if (shape->position) /* another day is there already */
			return false;
		shape->position = only_position(r->nth_plus[i], r->nth_minus[i]);
		shape->weekdays = (uint8_t)(1U << i);
		if (!shape->position)
			return false;
	}
	return shape->position != 0;
}

/* BYDAY=TU;BYSETPOS=2, of one day, of those of work, or of all, which is a day of the month. */
static bool picked_day(const struct rrule *r, struct rule_shape *shape)
{
	const struct rrule_set *set = &r->positions;
	if (has_numbered(r) || !all_zero(set->plus + 1, 5) || !all_zero(set->minus + 1, 5))
		return false;
	shape->position = only_position(set->plus[0], set->minus[0]);
	shape->weekdays = r->weekdays;
	if (shape->weekdays == WEEKDAYS_ALL && shape->position > 0) {
		shape->monthdays = UINT32_C(1) << shape->position;
		shape->weekdays = 0;
		shape->position = 0;
		return true;
	}
	return shape->position && (weekdays_count(shape->weekdays) == 1 || shape->weekdays == WEEKDAYS_WORK ||
					  shape->weekdays == WEEKDAYS_ALL);
}

static bool month_days(const struct rrule *r, struct rule_shape *shape)
{
	if (r->monthdays.minus[0] == 2 && !r->monthdays.plus[0]) {
		shape->weekdays = WEEKDAYS_ALL;
		shape->position = -1;
		return true;
	}
	shape->monthdays = (uint32_t)r->monthdays.plus[0];
	return !r->monthdays.minus[0];
}

static bool read_month(const struct rrule *r, unsigned parts, struct rule_shape *shape)
{
	switch (parts) {
	case 0:
		return true;
	case RRULE_BYMONTHDAY:
		return month_days(r, shape);
	case RRULE_BYDAY:
		return numbered_day(r, shape);
	case RRULE_BYDAY | RRULE_BYSETPOS:
		return picked_day(r, shape);
	default:
		return false;
	}
}

/* A day in one month of the year. */
static bool read_year(const struct rrule *r, struct rule_shape *shape)
{
	if (!r->parts)
		return true;
	shape->month = only_bit(r->months);
	return shape->month > 0 && read_month(r, r->parts & ~(unsigned)RRULE_BYMONTH, shape) &&
	       !(shape->monthdays & (shape->monthdays - 1));
}

static bool read_days(const struct rrule *r, struct rule_shape *shape)
{
	bool by_day = r->parts == RRULE_BYDAY && !has_numbered(r);
	if (r->freq == RRULE_MONTHLY)
		return read_month(r, r->parts, shape);
	if (r->freq == RRULE_YEARLY)
		return read_year(r, shape);
	if (by_day && r->freq == RRULE_DAILY && r->interval == 1)
		shape->freq = RRULE_WEEKLY;
	shape->weekdays = r->weekdays;
	return (shape->freq == RRULE_WEEKLY && by_day) || (r->freq >= RRULE_DAILY && !r->parts);
}

/* The first time of a day, which the start has where the rule says none. */
static int64_t first_of_day(const struct rrule *r, int64_t start)
{
	int64_t of_day = floor_mod(start, DAY_S);
	int64_t hour = r->parts & RRULE_BYHOUR ? first_bit(r->hours) : of_day / 3600;
	int64_t minute = r->parts & RRULE_BYMINUTE ? first_bit(r->minutes) : of_day / 60 % 60;
	int64_t second = r->parts & RRULE_BYSECOND ? first_bit(r->seconds) : of_day % 60;
	return hour * 3600 + minute * 60 + second;
}

/* Several in a day: of the last of them, where they are counted from the start alone. */
static int64_t last_within_days(const struct rrule *r, int64_t start, int64_t until)
{
	static const int64_t units[] = { [RRULE_SECONDLY] = 1, [RRULE_MINUTELY] = 60, [RRULE_HOURLY] = 3600 };
	int64_t passed = until - start;
	if (r->parts || passed < 0)
		return until;
	return r->interval > passed ? start
				    : until - passed % (units[r->freq] * r->interval); /* so it cannot overflow */
}

static int64_t last_day(const struct rrule *r, int64_t start, int64_t until)
{
	int64_t day = floor_div(until, DAY_S);
	if (r->until_date)
		return day;
	if (r->freq < RRULE_DAILY)
		return floor_div(last_within_days(r, start, until), DAY_S);
	return floor_mod(until, DAY_S) < first_of_day(r, start) ? day - 1 : day;
}

void rule_shape_end(const struct rrule *r, const struct zone *zone, int64_t start, struct rule_shape *shape)
{
	shape->count = r->count;
	shape->ends = r->has_until;
	if (!r->has_until)
		return;
	int64_t local = r->until_utc ? zone_to_local(zone, r->until) : r->until;
	shape->last_day = last_day(r, start, local);
}

bool rule_shape_of(const struct rrule *r, struct rule_shape *out)
{
	struct rule_shape shape = { .freq = r->freq, .every = r->interval, .wkst = r->wkst };
	if (!read_days(r, &shape))
		return false;
	*out = shape;
	return true;
}

bool rule_shape_read(struct ctx *cx, struct str rule, const struct zone *zone, int64_t start, struct rule_shape *out)
{
	struct rrule r;
	if (rrule_parse(cx, rule, &r) || !rule_shape_of(&r, out))
		return false;
	rule_shape_end(&r, zone, start, out);
	return true;
}

/* ---- to a rule ---- */

static void month_text(struct arena *mem, const struct rule_shape *shape, struct buf *out)
{
	if (shape->weekdays == WEEKDAYS_ALL)
		BUF_LIT(out, ";BYMONTHDAY=-1");
	else if (weekdays_count(shape->weekdays) > 1)
		buf_fmt(out, ";BYDAY=%.*s;BYSETPOS=%d", STR_ARG(weekdays_text(mem, shape->weekdays)), shape->position);
	else
		buf_fmt(out, ";BYDAY=%d%s", shape->position, codes[weekdays_first(shape->weekdays) % 7]);
}

struct str rule_shape_text(struct arena *mem, const struct rule_shape *shape)
{
	static const char *const names[] = { [RRULE_DAILY] = "DAILY",
		[RRULE_WEEKLY] = "WEEKLY",
		[RRULE_MONTHLY] = "MONTHLY",
		[RRULE_YEARLY] = "YEARLY" };
	struct buf out = buf_new(mem, 128);
	buf_fmt(&out, "FREQ=%s", names[shape->freq]);
	if (shape->every != 1)
		buf_fmt(&out, ";INTERVAL=%lld", (long long)shape->every);
	if (shape->every != 1 && shape->freq == RRULE_WEEKLY && shape->wkst && weekdays_count(shape->weekdays) > 1)
		buf_fmt(&out, ";WKST=%s", codes[shape->wkst]);
	if (shape->position)
		month_text(mem, shape, &out);
	else if (shape->weekdays)
		buf_fmt(&out, ";BYDAY=%.*s", STR_ARG(weekdays_text(mem, shape->weekdays)));
	return buf_str(&out);
}
