/* SPDX-License-Identifier: Apache-2.0 */
#include "web/rule_told.h"

#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/rule_words.h"
#include "web/say.h"

#define TIMES_MAX 6  /* of a day */
#define ITEMS_MAX 12 /* days that are listed; what has more is told as it is written */

struct items {
	struct str said[ITEMS_MAX];
	size_t count;
	bool many; /* or one that has no words */
};

static void add(struct items *items, struct str item)
{
	if (items->count == ITEMS_MAX || !item.len)
		items->many = true;
	else
		items->said[items->count++] = item;
}

static struct str number(struct request *rq, int64_t n)
{
	return str_fmt(rq->cx.mem, "%lld", (long long)n);
}

/* A sentence for every one, and one for each {n}. */
static struct str every(struct request *rq, const struct rrule *r, const char *one, const char *more)
{
	return r->interval == 1 ? say(rq, one) : say_with(rq, more, "n", number(rq, r->interval), NULL);
}

/* ---- days of a month ---- */

static struct str nth(struct request *rq, int position, struct str weekday)
{
	static const char *const plus[] = { NULL, SAY("the first {weekday}"), SAY("the second {weekday}"),
		SAY("the third {weekday}"), SAY("the fourth {weekday}"), SAY("the fifth {weekday}") };
	static const char *const minus[] = { NULL, SAY("the last {weekday}"), SAY("the second to last {weekday}"),
		SAY("the third to last {weekday}") };
	if (position > 0 && position < (int)ARRAY_LEN(plus))
		return say_with(rq, plus[position], "weekday", weekday, NULL);
	if (position < 0 && -position < (int)ARRAY_LEN(minus))
		return say_with(rq, minus[-position], "weekday", weekday, NULL);
	if (position > 0)
		return say_with(rq, "{weekday} number {n}", "weekday", weekday, "n", number(rq, position), NULL);
	return STR_ABSENT;
}

/* What is counted by BYSETPOS: "Monday", "Monday or Tuesday". */
static struct str one_of(struct request *rq, unsigned weekdays)
{
	struct str said = STR_ABSENT;
	if (weekdays == WEEKDAYS_ALL)
		return say(rq, "day");
	if (weekdays == WEEKDAYS_WORK)
		return say(rq, "working day (Monday to Friday)");
	for (int i = 0; i < 7; i++)
		if (weekdays >> i & 1)
			said = said.len ? say_with(rq, "{list} or {last}", "list", said, "last", weekday_name(rq, i),
						  NULL)
					: weekday_name(rq, i);
	return said;
}

static bool beyond_first_word(const struct rrule_set *set)
{
	for (int i = 1; i < 6; i++)
		if (set->plus[i] || set->minus[i])
			return true;
	return false;
}

/* All positions of a set, the first of the month first. */
static void add_positions(struct request *rq, uint64_t plus, uint64_t minus, struct str weekday, struct items *items)
{
	for (int n = 1; n < 64; n++)
		if (plus >> n & 1)
			add(items, nth(rq, n, weekday));
	for (int n = 63; n > 0; n--)
		if (minus >> n & 1)
			add(items, nth(rq, -n, weekday));
}

static void add_weekdays(struct request *rq, const struct rrule *r, struct items *items)
{
	for (int i = 0; i < 7; i++)
		if (r->weekdays >> i & 1)
			add(items, say_with(rq, "every {weekday}", "weekday", weekday_name(rq, i), NULL));
	for (int i = 0; i < 7; i++)
		add_positions(rq, r->nth_plus[i], r->nth_minus[i], weekday_name(rq, i), items);
}

static void add_counted(struct request *rq, const struct rrule_set *set, const char *counted, struct items *items)
{
	for (int n = 1; n <= 366; n++)
		if (set->plus[n / 64] >> n % 64 & 1)
			add(items, say_with(rq, counted, "n", number(rq, n), NULL));
	for (int i = 1; i < 6; i++)
		if (set->minus[i])
			items->many = true;
}

/* Of a month or of a year: "day 10", "the last day". */
static void add_days(struct request *rq, const struct rrule_set *set, struct items *items)
{
	add_counted(rq, set, SAY("day {n}"), items);
	add_positions(rq, 0, set->minus[0], say(rq, "day"), items);
}

static bool has_numbered(const struct rrule *r)
{
	for (int i = 0; i < 7; i++)
		if (r->nth_plus[i] || r->nth_minus[i])
			return true;
	return false;
}

/* Of the parts that are left; absent where these are not days alone. */
static struct str month_days(struct request *rq, const struct rrule *r, unsigned parts)
{
	struct items items = { .count = 0 };
	if (parts == RRULE_BYMONTHDAY)
		add_days(rq, &r->monthdays, &items);
	else if (parts == RRULE_BYYEARDAY)
		add_days(rq, &r->yeardays, &items);
	else if (parts == RRULE_BYDAY)
		add_weekdays(rq, r, &items);
	else if (parts == (RRULE_BYDAY | RRULE_BYSETPOS) && !has_numbered(r) && !beyond_first_word(&r->positions))
		add_positions(rq, r->positions.plus[0], r->positions.minus[0], one_of(rq, r->weekdays), &items);
	return items.many || !items.count ? STR_ABSENT : words_listed(rq, items.said, items.count);
}

static struct str months_listed(struct request *rq, unsigned months)
{
	struct str items[12];
	size_t count = 0;
	for (int month = 1; month <= 12; month++)
		if (months >> month & 1)
			items[count++] = month_name(rq, month);
	return words_listed(rq, items, count);
}

static struct str monthly(struct request *rq, const struct rrule *r)
{
	struct str days = month_days(rq, r, r->parts);
	if (!days.len)
		return STR_ABSENT;
	return say_with(rq, r->interval == 1 ? SAY("Monthly on {days}") : SAY("Every {n} months on {days}"), "n",
		number(rq, r->interval), "days", days, NULL);
}

static struct str weeks_listed(struct request *rq, const struct rrule *r)
{
	struct items items = { .count = 0 };
	add_counted(rq, &r->weeks, SAY("week {n}"), &items);
	for (int n = 63; n > 1; n--)
		if (r->weeks.minus[0] >> n & 1)
			items.many = true;
	if (r->weeks.minus[0] >> 1 & 1)
		add(&items, say(rq, "the last week"));
	return items.many || !items.count ? STR_ABSENT : words_listed(rq, items.said, items.count);
}

/* Weeks of the year as ISO 8601 counts them, or from another day on; without BYDAY they have the day of the start. */
static struct str of_weeks(struct request *rq, const struct rrule *r, int64_t start)
{
	unsigned start_day = 1U << day_of_week(floor_div(start, DAY_S));
	struct str weeks = weeks_listed(rq, r);
	if (!weeks.len || has_numbered(r) || r->parts & ~(unsigned)(RRULE_BYWEEKNO | RRULE_BYDAY))
		return STR_ABSENT;
	struct str said = say_with(rq,
		r->interval == 1 ? SAY("Every year on {days} of {weeks}") : SAY("Every {n} years on {days} of {weeks}"),
		"n", number(rq, r->interval), "days",
		weekdays_listed(rq, r->parts & RRULE_BYDAY ? r->weekdays : start_day), "weeks", weeks, NULL);
	return r->wkst == 0 ? said
			    : say_with(rq, "{rule} (weeks from {weekday} on)", "rule", said, "weekday",
				      weekday_name(rq, r->wkst), NULL);
}

/* Days of all months, or of the whole year, where no month is given. */
static struct str of_the_year(struct request *rq, const struct rrule *r, struct str days)
{
	if (r->parts & RRULE_BYMONTHDAY)
		return say_with(rq,
			r->interval == 1 ? SAY("Every year on {days} of every month")
					 : SAY("Every {n} years on {days} of every month"),
			"n", number(rq, r->interval), "days", days, NULL);
	return say_with(rq,
		r->interval == 1 ? SAY("Every year on {days} of the year")
				 : SAY("Every {n} years on {days} of the year"),
		"n", number(rq, r->interval), "days", days, NULL);
}

/* BYSETPOS counts through all months of the year: one month is told as such, and of several that they are one. */
static struct str of_months(struct request *rq, const struct rrule *r, struct str days)
{
	bool several = r->months & (r->months - 1), through = several && r->parts & RRULE_BYSETPOS;
	const char *one = through ? SAY("Every year on {days}, counted through {months}")
				  : SAY("Every year on {days} of {months}"),
		   *more = through ? SAY("Every {n} years on {days}, counted through {months}")
				   : SAY("Every {n} years on {days} of {months}");
	return say_with(rq, r->interval == 1 ? one : more, "n", number(rq, r->interval), "days", days, "months",
		months_listed(rq, r->months), NULL);
}

static struct str yearly(struct request *rq, const struct rrule *r, int64_t start)
{
	if (r->parts & RRULE_BYWEEKNO)
		return of_weeks(rq, r, start);
	struct str days = month_days(rq, r, r->parts & ~(unsigned)RRULE_BYMONTH);
	if (!days.len)
		return STR_ABSENT;
	if (!(r->parts & RRULE_BYMONTH))
		return of_the_year(rq, r, days);
	return r->parts & RRULE_BYYEARDAY ? STR_ABSENT : of_months(rq, r, days);
}

static struct str within_a_day(struct request *rq, const struct rrule *r)
{
	if (r->parts)
		return STR_ABSENT;
	if (r->freq == RRULE_HOURLY)
		return every(rq, r, SAY("Every hour"), SAY("Every {n} hours"));
	if (r->freq == RRULE_MINUTELY)
		return every(rq, r, SAY("Every minute"), SAY("Every {n} minutes"));
	return every(rq, r, SAY("Every second"), SAY("Every {n} seconds"));
}

static struct str days_told(struct request *rq, const struct rrule *r, int64_t start)
{
	struct rule_shape shape;
	struct str words = rule_shape_of(r, &shape) ? rule_words(rq, &shape) : STR_ABSENT;
	if (words.len || r->freq == RRULE_DAILY || r->freq == RRULE_WEEKLY)
		return words;
	if (r->freq == RRULE_MONTHLY)
		return monthly(rq, r);
	return r->freq == RRULE_YEARLY ? yearly(rq, r, start) : within_a_day(rq, r);
}

/* ---- what leaves some of them out, and when on a day ---- */

#define OF_THE_CLOCK ((unsigned)RRULE_BYHOUR | RRULE_BYMINUTE)

/* BYHOUR and BYMINUTE; what is not given is the start's. Absent: too many. */
static struct str times_listed(struct request *rq, const struct rrule *r, int64_t start)
{
	struct str items[TIMES_MAX];
	size_t count = 0;
	int64_t of_day = floor_mod(start, DAY_S);
	uint64_t hours = r->parts & RRULE_BYHOUR ? r->hours : UINT64_C(1) << of_day / 3600;
	uint64_t minutes = r->parts & RRULE_BYMINUTE ? r->minutes : UINT64_C(1) << of_day / 60 % 60;
	for (int64_t minute = 0; minute < 24 * 60; minute++) {
		if (!(hours >> minute / 60 & 1) || !(minutes >> minute % 60 & 1))
			continue;
		if (count == TIMES_MAX)
			return STR_ABSENT;
		items[count++] = time_of_day(rq, minute * 60);
	}
	return words_listed(rq, items, count);
}

/* BYDAY leaves days out that other parts choose (RFC 5545 §3.3.10, notes 1 and 2 of the table). */
static bool day_is_a_condition(const struct rrule *r)
{
	if (r->freq >= RRULE_MONTHLY)
		return r->parts & (RRULE_BYMONTHDAY | RRULE_BYYEARDAY) &&
		       !(r->parts & (RRULE_BYSETPOS | RRULE_BYWEEKNO));
	return r->freq == RRULE_DAILY && r->interval > 1;
}

/* The parts that are told after the days: what remains without them means the same, but more of it. */
static unsigned told_apart(const struct rrule *r)
{
	unsigned apart = 0;
	if (r->freq >= RRULE_DAILY && !(r->parts & RRULE_BYSETPOS))
		apart |= r->parts & OF_THE_CLOCK;
	if (r->freq >= RRULE_DAILY && r->freq < RRULE_YEARLY)
		apart |= r->parts & RRULE_BYMONTH;
	if (!has_numbered(r) && day_is_a_condition(r))
		apart |= r->parts & RRULE_BYDAY;
	return apart;
}

static struct str whole(struct request *rq, const struct rrule *r, int64_t start)
{
	struct rrule days = *r;
	unsigned apart = told_apart(r);
	days.parts &= ~apart;
	struct str words = days_told(rq, &days, start);
	if (words.len && apart & OF_THE_CLOCK) {
		struct str times = times_listed(rq, r, start);
		words = times.len ? say_with(rq, "{rule} at {times}", "rule", words, "times", times, NULL) : STR_ABSENT;
	}
	if (words.len && apart & RRULE_BYDAY)
		words = say_with(
			rq, "{rule}, on {days} only", "rule", words, "days", weekdays_listed(rq, r->weekdays), NULL);
	if (words.len && apart & RRULE_BYMONTH)
		words = say_with(
			rq, "{rule}, in {months} only", "rule", words, "months", months_listed(rq, r->months), NULL);
	return words;
}

/* Of what has no words: how often, and that its calendar program knows more. */
static struct str of_its_own(struct request *rq, const struct rrule *r)
{
	static const char *const said[][2] = {
		[RRULE_DAILY] = { SAY("On some days, by a rule of its own"),
			SAY("Of every {n} days some, by a rule of its own") },
		[RRULE_WEEKLY] = { SAY("Every week, on days by a rule of its own"),
			SAY("Every {n} weeks, on days by a rule of its own") },
		[RRULE_MONTHLY] = { SAY("Every month, on days by a rule of its own"),
			SAY("Every {n} months, on days by a rule of its own") },
		[RRULE_YEARLY] = { SAY("Every year, on days by a rule of its own"),
			SAY("Every {n} years, on days by a rule of its own") },
	};
	if (r->freq < RRULE_DAILY)
		return say(rq, "At times by a rule of its own");
	return every(rq, r, said[r->freq][0], said[r->freq][1]);
}

struct str rule_told(struct request *rq, struct str rule, const struct zone *zone, int64_t start)
{
	struct rrule r;
	struct rule_shape end = { .every = 1 };
	if (rrule_parse(&rq->cx, rule, &r))
		return STR_ABSENT;
	rule_shape_end(&r, zone, start, &end);
	struct str words = whole(rq, &r, start);
	return rule_words_ended(rq, words.len ? words : of_its_own(rq, &r), &end);
}
