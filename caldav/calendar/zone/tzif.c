/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/zone/tzif.h"

#include <string.h>

#include "server/base/clock.h"

#define HEADER_SIZE 44
#define CHANGES_MAX 4096

/* ---- the file ---- */

struct tzif_header {
	uint32_t ut, std, leap, times, types, chars;
};

static uint64_t big_endian(const uint8_t *at, size_t octets)
{
	uint64_t value = 0;
	for (size_t i = 0; i < octets; i++)
		value = value << 8 | at[i];
	return value;
}

static bool header_read(struct bytes file, size_t at, struct tzif_header *out)
{
	if (at > file.len || file.len - at < HEADER_SIZE || memcmp(file.ptr + at, "TZif", 4) != 0)
		return false;
	const uint8_t *field = file.ptr + at + 20;
	uint32_t *const fields[] = { &out->ut, &out->std, &out->leap, &out->times, &out->types, &out->chars };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		*fields[i] = (uint32_t)big_endian(field + i * 4, 4);
		if (*fields[i] > CHANGES_MAX)
			return false;
	}
	return out->types > 0;
}

static size_t block_size(const struct tzif_header *h, size_t time_size)
{
	return h->times * (time_size + 1) + h->types * 6 + h->chars + h->leap * (time_size + 4) + h->std + h->ut;
}

static bool block_read(
	struct arena *mem, const uint8_t *at, const struct tzif_header *h, size_t time_size, struct tzif *out)
{
	const uint8_t *index = at + h->times * time_size, *types = index + h->times;
	struct zone_change *changes = arena_array(mem, struct zone_change, h->times);
	for (size_t i = 0; i < h->times; i++) {
		uint64_t raw = big_endian(at + i * time_size, time_size);
		if (index[i] >= h->types)
			return false;
		const uint8_t *type = types + index[i] * 6U;
		changes[i].utc = time_size == 4 ? (int32_t)(uint32_t)raw : (int64_t)raw;
		changes[i].offset = (int32_t)(uint32_t)big_endian(type, 4);
		changes[i].daylight = type[4] != 0;
		if (i && changes[i].utc <= changes[i - 1].utc)
			return false;
	}
	out->first_offset = (int32_t)(uint32_t)big_endian(types, 4);
	out->changes = changes;
	out->count = h->times;
	return true;
}

bool tzif_parse(struct arena *mem, struct bytes file, struct tzif *out)
{
	struct tzif_header h;
	struct tzif tz = { 0 };
	size_t at = HEADER_SIZE, time_size = 4;
	if (!header_read(file, 0, &h))
		return false;
	if (file.ptr[4] >= '2') { /* the first block is for old readers */
		at += block_size(&h, 4);
		if (!header_read(file, at, &h))
			return false;
		at += HEADER_SIZE;
		time_size = 8;
	}
	size_t size = block_size(&h, time_size);
	if (file.len - at < size || !block_read(mem, file.ptr + at, &h, time_size, &tz))
		return false;
	at += size;
	if (time_size == 8) {
		struct str footer = { (const char *)file.ptr + at, file.len - at }, rule;
		if (!footer.len || footer.ptr[0] != '\n')
			return false;
		footer = str_from(footer, 1);
		if (!str_cut(&footer, '\n', &rule) || !footer.ptr)
			return false;
		tz.has_rule = rule.len > 0;
		if (tz.has_rule && !tz_rule_parse(rule, &tz.rule))
			return false;
	}
	*out = tz;
	return true;
}

/* ---- the rule ---- */

static bool take(struct str *s, char c)
{
	if (!s->len || s->ptr[0] != c)
		return false;
	*s = str_from(*s, 1);
	return true;
}

static bool take_number(struct str *s, uint64_t max, int *out)
{
	size_t digits = 0;
	uint64_t value;
	while (digits < s->len && char_is_digit(s->ptr[digits]))
		digits++;
	if (!str_to_u64(str_sub(*s, 0, digits), max, &value))
		return false;
	*s = str_from(*s, digits);
	*out = (int)value;
	return true;
}

/* An abbreviation: letters, or anything in angle brackets. */
static bool take_name(struct str *s)
{
	size_t n = 0;
	if (take(s, '<')) {
		struct str name;
		return str_cut(s, '>', &name) && s->ptr;
	}
	while (n < s->len && char_is_alpha(s->ptr[n]))
		n++;
	*s = str_from(*s, n);
	return n >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct str *s, int32_t *out)
{
	int sign = take(s, '-') ? -1 : 1, hours, minutes = 0, seconds = 0;
	if (sign == 1)
		(void)take(s, '+');
	if (!take_number(s, 167, &hours))
		return false;
	if (take(s, ':') && !take_number(s, 59, &minutes))
		return false;
	if (take(s, ':') && !take_number(s, 59, &seconds))
		return false;
	*out = sign * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool take_day(struct str *s, struct tz_day *out)
{
	struct tz_day day = { .form = '0', .time = 2 * 3600 };
	if (take(s, 'M')) {
		day.form = 'M';
		if (!take_number(s, 12, &day.month) || !take(s, '.') || !take_number(s, 5, &day.week) ||
			!take(s, '.') || !take_number(s, 6, &day.weekday) || !day.month || !day.week)
			return false;
	} else {
		if (take(s, 'J'))
			day.form = 'J';
		if (!take_number(s, 365, &day.day) || (day.form == 'J' && !day.day))
			return false;
	}
	if (take(s, '/') && !take_time(s, &day.time))
		return false;
	*out = day;
	return true;
}

bool tz_rule_parse(struct str text, struct tz_rule *out)
{
	struct tz_rule rule = { 0 };
	if (!take_name(&text) || !take_time(&text, &rule.std))
		return false;
	rule.std = -rule.std; /* POSIX counts west of Greenwich */
	if (text.len) {
		rule.changes = true;
		rule.dst = rule.std + 3600;
		if (!take_name(&text))
			return false;
		if (text.len && text.ptr[0] != ',') {
			if (!take_time(&text, &rule.dst))
				return false;
			rule.dst = -rule.dst;
		}
		if (!take(&text, ',') || !take_day(&text, &rule.to_dst) || !take(&text, ',') ||
			!take_day(&text, &rule.to_std) || text.len)
			return false;
	}
	*out = rule;
	return true;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t day_in_year(const struct tz_day *day, int64_t year)
{
	int64_t january_1 = days_from_civil(year, 1, 1);
	if (day->form == '0')
		return january_1 + day->day;
	if (day->form == 'J')
		return january_1 + day->day - 1 + (is_leap(year) && day->day >= 60);
	int64_t first = days_from_civil(year, day->month, 1);
	int64_t next = day->month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, day->month + 1, 1);
	int64_t weekday = ((first + 4) % 7 + 7) % 7; /* of the first; 1970-01-01 was a Thursday */
	int64_t date = first + (day->weekday - weekday + 7) % 7 + (day->week - 1) * INT64_C(7);
	return date >= next ? date - 7 : date;
}

void tz_rule_year(const struct tz_rule *rule, int64_t year, struct zone_change out[2])
{
	struct zone_change dst = { day_in_year(&rule->to_dst, year) * DAY_S + rule->to_dst.time - rule->std, rule->dst,
		true };
	struct zone_change std = { day_in_year(&rule->to_std, year) * DAY_S + rule->to_std.time - rule->dst, rule->std,
		false };
	out[0] = dst.utc < std.utc ? dst : std;
	out[1] = dst.utc < std.utc ? std : dst;
}
