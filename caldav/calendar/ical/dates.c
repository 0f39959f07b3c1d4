/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/ical/dates.h"

#include "server/base/clock.h"

static bool two_digits(const char *at, int *out)
{
	if (!char_is_digit(at[0]) || !char_is_digit(at[1]))
		return false;
	*out = (at[0] - '0') * 10 + (at[1] - '0');
	return true;
}

static int month_length(int64_t year, int month)
{
	int64_t next = month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
	return (int)(next - days_from_civil(year, month, 1));
}

bool wall_parse(struct str text, struct wall *out)
{
	int century, year, month, day, hour, minute, second;
	if (text.len < 8 || !two_digits(text.ptr, &century) || !two_digits(text.ptr + 2, &year) ||
		!two_digits(text.ptr + 4, &month) || !two_digits(text.ptr + 6, &day))
		return false;
	year += century * 100;
	if (month < 1 || month > 12 || day < 1 || day > month_length(year, month))
		return false;
	bool date = text.len == 8 || (text.len == 9 && char_lower(text.ptr[8]) == 'z');
	struct wall w = { .local = days_from_civil(year, month, day) * DAY_S, .date = date };
	if (w.date) {
		*out = w;
		return true;
	}
	if (text.len < 15 || char_lower(text.ptr[8]) != 't' || !two_digits(text.ptr + 9, &hour) ||
		!two_digits(text.ptr + 11, &minute) || !two_digits(text.ptr + 13, &second) || hour > 23 ||
		minute > 59 || second > 60)
		return false;
	w.utc = text.len == 16 && char_lower(text.ptr[15]) == 'z';
	if (text.len != (w.utc ? 16U : 15U))
		return false;
	w.local += hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
	*out = w;
	return true;
}

struct str wall_text(struct arena *mem, struct wall w)
{
	int64_t days = floor_div(w.local, DAY_S), year;
	int month, day, rest = (int)floor_mod(w.local, DAY_S);
	civil_from_days(days, &year, &month, &day);
	if (w.date)
		return str_fmt(mem, "%04d%02d%02d", (int)year, month, day);
	return str_fmt(mem, "%04d%02d%02dT%02d%02d%02d%s", (int)year, month, day, rest / 3600, rest / 60 % 60,
		rest % 60, w.utc ? "Z" : "");
}

bool span_parse(struct str text, struct span *out)
{
	static const struct {
		char unit;
		bool time;
		int64_t days, seconds;
	} units[] = { { 'w', false, 7, 0 }, { 'd', false, 1, 0 }, { 'h', true, 0, 3600 }, { 'm', true, 0, 60 },
		{ 's', true, 0, 1 } };
	struct span span = { 0 };
	bool in_time = false, any = false;
	int64_t sign = 1;
	size_t at = 0, unit = 0;
	if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-'))
		sign = text.ptr[at++] == '-' ? -1 : 1;
	if (at >= text.len || char_lower(text.ptr[at++]) != 'p')
		return false;
	while (at < text.len) {
		if (!in_time && char_lower(text.ptr[at]) == 't') {
			in_time = true;
			at++;
			continue;
		}
		size_t digits = at;
		uint64_t n;
		while (digits < text.len && char_is_digit(text.ptr[digits]))
			digits++;
		if (digits == text.len || !str_to_u64(str_sub(text, at, digits), 999999999, &n))
			return false;
		while (unit < ARRAY_LEN(units) && units[unit].unit != char_lower(text.ptr[digits]))
			unit++; /* each at most once, from weeks to seconds */
		if (unit == ARRAY_LEN(units) || units[unit].time != in_time)
			return false;
		span.days += sign * (int64_t)n * units[unit].days;
		span.seconds += sign * (int64_t)n * units[unit].seconds;
		any = true;
		unit++;
		at = digits + 1;
	}
	*out = span;
	return any;
}

bool offset_parse(struct str text, int32_t *out)
{
	int sign = 1, fields[3] = { 0 }; /* hours, minutes, seconds */
	size_t at = 0, n = 0;
	text = str_trim(text, STR_BLANK);
	if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-'))
		sign = text.ptr[at++] == '-' ? -1 : 1;
	size_t colon = str_find(text, STR(":"));
	if (colon == at + 1 && char_is_digit(text.ptr[at])) /* +1:00 */
		fields[n++] = text.ptr[at++] - '0';
	while (at < text.len && n < ARRAY_LEN(fields)) {
		if (n && text.ptr[at] == ':')
			at++;
		if (text.len - at < 2 || !two_digits(text.ptr + at, &fields[n++]))
			return false;
		at += 2;
	}
	if (!n || at != text.len || fields[0] > 23 || fields[1] > 59 || fields[2] > 59)
		return false;
	*out = sign * (fields[0] * 3600 + fields[1] * 60 + fields[2]);
	return true;
}
