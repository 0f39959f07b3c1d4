/* SPDX-License-Identifier: Apache-2.0 */
/* Days and times as the calendar's views write them. */
#include "caldav/calendar/ical/dates.h"
#include "server/base/clock.h"
#include "web/calendar_view.h"

static const char *const months[12] = { "January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December" };
static const char *const weekdays[7] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

bool day_parse(struct str text, int64_t *out)
{
	uint64_t year, month, day;
	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
		!str_to_u64(str_sub(text, 0, 4), 9999, &year) || !str_to_u64(str_sub(text, 5, 7), 12, &month) ||
		!str_to_u64(str_sub(text, 8, 10), 31, &day) || !year || !month || !day)
		return false;
	int64_t days = days_from_civil((int64_t)year, (int)month, (int)day), same_year;
	int same_month, same_day;
	civil_from_days(days, &same_year, &same_month, &same_day);
	if (same_month != (int)month || same_day != (int)day)
		return false;
	*out = days;
	return true;
}

struct str day_text(struct arena *mem, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return str_fmt(mem, "%04lld-%02d-%02d", (long long)year, month, of_month);
}

int day_of_week(int64_t day)
{
	return (int)floor_mod(day + 3, 7); /* 1970-01-01 was a Thursday */
}

const char *weekday_name(int weekday)
{
	return weekdays[weekday];
}

struct str day_long(struct arena *mem, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return str_fmt(mem, "%s, %d %s %lld", weekdays[day_of_week(day)], of_month, months[month - 1], (long long)year);
}

struct str day_short(struct arena *mem, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return str_fmt(mem, "%.3s %d %.3s", weekdays[day_of_week(day)], of_month, months[month - 1]);
}

struct str month_long(struct arena *mem, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return str_fmt(mem, "%s %lld", months[month - 1], (long long)year);
}

struct str time_of_day(struct arena *mem, int64_t local)
{
	int64_t of_day = floor_mod(local, DAY_SECONDS);
	return str_fmt(mem, "%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60));
}
