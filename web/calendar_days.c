/* SPDX-License-Identifier: Apache-2.0 */
/* Days and times as the calendar's views write them. */
#include "server/base/clock.h"
#include "web/calendar_view.h"
#include "web/say.h"

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

struct str weekday_name(struct request *rq, int weekday)
{
	return weekday_word(request_language(rq), weekday);
}

struct str weekday_short(struct request *rq, int weekday)
{
	return weekday_short_word(request_language(rq), weekday);
}

struct str month_name(struct request *rq, int month)
{
	return month_word(request_language(rq), month);
}

struct str day_long(struct request *rq, int64_t day)
{
	return day_words(rq->cx.mem, request_language(rq), day);
}

struct str day_short(struct request *rq, int64_t day)
{
	return day_words_without_year(rq->cx.mem, request_language(rq), day);
}

struct str month_long(struct request *rq, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return say_with(rq, "{month} {year}", "month", month_name(rq, month), "year",
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
		first_year == last_year ? month_name(rq, first) : month_long(rq, from), "to", month_long(rq, to), NULL);
}

struct str clock_text(struct arena *mem, int64_t local)
{
	int64_t of_day = floor_mod(local, DAY_S);
	return str_fmt(mem, "%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60));
}
