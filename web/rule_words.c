/* SPDX-License-Identifier: Apache-2.0 */
#include "web/rule_words.h"

#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/say.h"

/* A sentence for every one, and one for each {n}. */
struct sentence {
	const char *one, *more;
};

static struct str number(struct request *rq, int64_t n)
{
	return str_fmt(rq->cx.mem, "%lld", (long long)n);
}

/* `name` is that of the one value that it has beside {n}. */
static struct str said(struct request *rq, const struct rule_shape *shape, const struct sentence *sentence,
	const char *name, struct str value)
{
	return say_with(rq, shape->every == 1 ? sentence->one : sentence->more, "n", number(rq, shape->every), name,
		value, NULL);
}

struct str words_listed(struct request *rq, const struct str *items, size_t count)
{
	struct str list = count ? items[0] : STR_ABSENT;
	for (size_t i = 1; i < count; i++)
		list = i + 1 < count ? say_with(rq, "{list}, {next}", "list", list, "next", items[i], NULL)
				     : say_with(rq, "{list} and {last}", "list", list, "last", items[i], NULL);
	return list;
}

struct str weekdays_listed(struct request *rq, unsigned weekdays)
{
	struct str items[7];
	size_t count = 0;
	for (int i = 0; i < 7; i++)
		if (weekdays >> week_column(rq, i) & 1)
			items[count++] = weekday_name(rq, week_column(rq, i));
	return words_listed(rq, items, count);
}

static struct str monthdays_said(struct request *rq, uint32_t monthdays)
{
	struct str items[31];
	size_t count = 0;
	for (int day = 1; day <= 31; day++)
		if (monthdays >> day & 1)
			items[count++] = number(rq, day);
	return words_listed(rq, items, count);
}

static struct str week_said(struct request *rq, const struct rule_shape *shape)
{
	static const struct sentence week = { SAY("Every week"), SAY("Every {n} weeks") },
				     days = { SAY("Every week on {days}"), SAY("Every {n} weeks on {days}") };
	if (shape->weekdays == WEEKDAYS_WORK && shape->every == 1)
		return say(rq, "Every weekday (Monday to Friday)");
	if (!shape->weekdays)
		return said(rq, shape, &week, "days", STR(""));
	return said(rq, shape, &days, "days", weekdays_listed(rq, shape->weekdays));
}

/* Of positions 1 to 5; in 0 stands the last. */
static const struct sentence nth_of_month[6] = {
	{ SAY("Monthly on the last {weekday}"), SAY("Every {n} months on the last {weekday}") },
	{ SAY("Monthly on the first {weekday}"), SAY("Every {n} months on the first {weekday}") },
	{ SAY("Monthly on the second {weekday}"), SAY("Every {n} months on the second {weekday}") },
	{ SAY("Monthly on the third {weekday}"), SAY("Every {n} months on the third {weekday}") },
	{ SAY("Monthly on the fourth {weekday}"), SAY("Every {n} months on the fourth {weekday}") },
	{ SAY("Monthly on the fifth {weekday}"), SAY("Every {n} months on the fifth {weekday}") },
};

static struct str counted_said(struct request *rq, const struct rule_shape *shape)
{
	static const struct sentence last = { SAY("Monthly on the last day"), SAY("Every {n} months on the last day") },
				     first_work = { SAY("Monthly on the first working day (Monday to Friday)"),
					     SAY("Every {n} months on the first working day (Monday to Friday)") },
				     last_work = { SAY("Monthly on the last working day (Monday to Friday)"),
					     SAY("Every {n} months on the last working day (Monday to Friday)") };
	if (shape->weekdays == WEEKDAYS_ALL)
		return said(rq, shape, &last, "weekday", STR(""));
	if (shape->weekdays != WEEKDAYS_WORK)
		return said(rq, shape, &nth_of_month[shape->position < 0 ? 0 : shape->position], "weekday",
			weekday_name(rq, weekdays_first(shape->weekdays)));
	if (shape->position > 1)
		return STR_ABSENT;
	return said(rq, shape, shape->position < 0 ? &last_work : &first_work, "weekday", STR(""));
}

static struct str month_said(struct request *rq, const struct rule_shape *shape)
{
	static const struct sentence month = { SAY("Every month"), SAY("Every {n} months") },
				     day = { SAY("Monthly on day {day}"), SAY("Every {n} months on day {day}") },
				     days = { SAY("Monthly on days {days}"), SAY("Every {n} months on days {days}") };
	if (shape->position)
		return counted_said(rq, shape);
	if (!shape->monthdays)
		return said(rq, shape, &month, "day", STR(""));
	struct str list = monthdays_said(rq, shape->monthdays);
	return shape->monthdays & (shape->monthdays - 1) ? said(rq, shape, &days, "days", list)
							 : said(rq, shape, &day, "day", list);
}

/* In one month of the year, by position as above. */
static const char *const nth_of_year[6] = {
	SAY("Every year on the last {weekday} of {month}"),
	SAY("Every year on the first {weekday} of {month}"),
	SAY("Every year on the second {weekday} of {month}"),
	SAY("Every year on the third {weekday} of {month}"),
	SAY("Every year on the fourth {weekday} of {month}"),
	SAY("Every year on the fifth {weekday} of {month}"),
};

static struct str year_said(struct request *rq, const struct rule_shape *shape)
{
	static const struct sentence year = { SAY("Every year"), SAY("Every {n} years") },
				     date = { SAY("Every year on {day} {month}"),
					     SAY("Every {n} years on {day} {month}") };
	if (!shape->month)
		return said(rq, shape, &year, "day", STR(""));
	struct str month = month_name(rq, shape->month);
	if (shape->monthdays)
		return say_with(rq, shape->every == 1 ? date.one : date.more, "n", number(rq, shape->every), "day",
			monthdays_said(rq, shape->monthdays), "month", month, NULL);
	if (!shape->position || shape->every != 1 || weekdays_count(shape->weekdays) != 1)
		return STR_ABSENT;
	return say_with(rq, nth_of_year[shape->position < 0 ? 0 : shape->position], "weekday",
		weekday_name(rq, weekdays_first(shape->weekdays)), "month", month, NULL);
}

struct str rule_words(struct request *rq, const struct rule_shape *shape)
{
	static const struct sentence day = { SAY("Every day"), SAY("Every {n} days") };
	if (shape->freq == RRULE_WEEKLY)
		return week_said(rq, shape);
	if (shape->freq == RRULE_MONTHLY)
		return month_said(rq, shape);
	if (shape->freq == RRULE_YEARLY)
		return year_said(rq, shape);
	return said(rq, shape, &day, "day", STR(""));
}

struct str rule_words_ended(struct request *rq, struct str words, const struct rule_shape *shape)
{
	if (words.len && shape->ends)
		return say_with(rq, "{rule}, until {day}", "rule", words, "day", day_long(rq, shape->last_day), NULL);
	if (words.len && shape->count == 1)
		return say_with(rq, "{rule}, once", "rule", words, NULL);
	if (words.len && shape->count)
		return say_with(rq, "{rule}, {n} times", "rule", words, "n", number(rq, shape->count), NULL);
	return words;
}
