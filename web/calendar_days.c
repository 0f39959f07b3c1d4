/* SPDX-License-Identifier: Apache-2.0 */
/* Days and times as the calendar's views write them. */
#include "caldav/calendar/ical/dates.h"
#include "server/base/clock.h"
#include "web/calendar_view.h"
#include "web/say.h"

static const char *const months[12] = { SAY("January"), SAY("February"), SAY("March"), SAY("April"), SAY("May"),
	SAY("June"), SAY("July"), SAY("August"), SAY("September"), SAY("October"), SAY("November"), SAY("December") };
static const char *const short_months[12] = { SAY("Jan"), SAY("Feb"), SAY("Mar"), SAY("Apr"), SAY("May"), SAY("Jun"),
	SAY("Jul"), SAY("Aug"), SAY("Sep"), SAY("Oct"), SAY("Nov"), SAY("Dec") };
static const char *const weekdays[7] = { SAY("Monday"), SAY("Tuesday"), SAY("Wednesday"), SAY("Thursday"),
	SAY("Friday"), SAY("Saturday"), SAY("Sunday") };
static const char *const short_weekdays[7] = { SAY("Mon"), SAY("Tue"), SAY("Wed"), SAY("Thu"), SAY("Fri"), SAY("Sat"),
	SAY("Sun") };

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

struct str weekday_name(struct request *rq, int weekday)
{
	return say(rq, weekdays[weekday]);
}

struct str weekday_short(struct request *rq, int weekday)
{
	return say(rq, short_weekdays[weekday]);
}

struct str month_name(struct request *rq, int month)
{
	return say(rq, months[month - 1]);
}

struct str day_long(struct request *rq, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return say_with(rq, "{weekday}, {day} {month} {year}", "weekday", weekday_name(rq, day_of_week(day)), "day",
		str_fmt(rq->cx.mem, "%d", of_month), "month", say(rq, months[month - 1]), "year",
		str_fmt(rq->cx.mem, "%lld", (long long)year), NULL);
}

struct str day_short(struct request *rq, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return say_with(rq, "{weekday} {day} {month}", "weekday", weekday_short(rq, day_of_week(day)), "day",
		str_fmt(rq->cx.mem, "%d", of_month), "month", say(rq, short_months[month - 1]), NULL);
}

struct str month_long(struct request *rq, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return say_with(rq, "{month} {year}", "month", say(rq, months[month - 1]), "year",
		str_fmt(rq->cx.mem, "%lld", (long long)year), NULL);
}

struct str months_long(struct request *rq, int64_t from, int64_t to)
{
	int64_t first_year, last_year;
	int first, last, of_month;
	civil_from_days(from, &first_year, &first, &of_month);
	civil_from_days(to, &last_year, &last, &of_month);
	if (first == last && first_year == last_year)
		return month_long(rq, from);
	return say_with(rq, "{from} – {to}", "from",
		first_year == last_year ? say(rq, months[first - 1]) : month_long(rq, from), "to", month_long(rq, to),
		NULL);
}

struct str clock_text(struct arena *mem, int64_t local)
{
	int64_t of_day = floor_mod(local, DAY_SECONDS);
	return str_fmt(mem, "%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60));
}
