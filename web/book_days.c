/* SPDX-License-Identifier: Apache-2.0 */
/* Which days of a month have room, and what of one of them is free. */
#include "web/book.h"
#include "web/calendar_view.h"
#include "web/manner.h"

#define LOOK_DAYS 62 /* looked at in one go for the first that is free */
#define LOOKS 6      /* and so often, before nothing is offered */
#define NOW_DAYS 28  /* that are shown at least, from this week on */

struct days {
	int64_t today, last; /* that can be booked */
	int64_t day;         /* that is looked at */
	int64_t first, next; /* that are shown, and the first that is not: whole weeks */
	const struct slot_span *slots;
	size_t count; /* of these */
};

static int64_t first_of_month(int64_t day, int months)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	int64_t index = year * 12 + month - 1 + months;
	return days_from_civil(floor_div(index, 12), (int)floor_mod(index, 12) + 1, 1);
}

static int64_t utc_of(const struct book_visit *v, int64_t day)
{
	return zone_to_utc(v->zone, day * DAY_S);
}

/* The day of the first slot from `from` on; -1: there is none within what is looked at. */
static err_t first_free(
	struct request *rq, const struct book_visit *v, const struct days *d, int64_t from, int64_t *out)
{
	const struct slot_span *slots;
	size_t count = 0;
	*out = -1;
	for (int i = 0; i < LOOKS && !count && from <= d->last; i++, from += LOOK_DAYS) {
		TRY(book_slots(rq, v, utc_of(v, from), utc_of(v, from + LOOK_DAYS + 1), 1, &slots, &count));
		if (count)
			*out = book_day(v, slots[0].from);
	}
	return OK;
}

/*
 * The weeks of a month. Of this month what is over is left out, and what is near is shown as far as it takes, so that
 * the last days of a month are not alone.
 */
static void choose_weeks(struct request *rq, struct days *d)
{
	int64_t this_week = week_begin(rq, d->today), first = first_of_month(d->day, 0);
	int64_t end = first_of_month(d->day, 1);
	if (d->day < this_week + NOW_DAYS) {
		first = this_week;
		end = first_of_month(d->today, 1);
		end = end < this_week + NOW_DAYS ? this_week + NOW_DAYS : end;
	}
	d->first = week_begin(rq, first);
	d->next = week_begin(rq, end + 6);
}

static err_t choose(struct request *rq, const struct book_visit *v, struct days *d)
{
	const struct form *params;
	int64_t asked;
	TRY(request_params(rq, &params));
	d->today = book_day(v, instant_s(account_now(&rq->cx)));
	d->last = d->today + v->page.horizon + 1;
	if (day_parse(form_get(params, "day"), &asked))
		d->day = asked < d->today ? d->today : asked > d->last ? d->last : asked;
	else
		TRY(first_free(rq, v, d, d->today, &d->day));
	if (d->day < 0)
		d->day = d->today;
	choose_weeks(rq, d);
	return book_slots(rq, v, utc_of(v, d->first), utc_of(v, d->next), SIZE_MAX, &d->slots, &d->count);
}

/* ---- the month ---- */

static void cell_values(struct request *rq, const struct book_visit *v, const struct days *d, int64_t day, size_t free,
	struct html_values *row)
{
	struct arena *mem = rq->cx.mem;
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	html_set(row, "number", str_fmt(mem, "%d", of_month));
	html_set_flag(row, "chosen", day == d->day);
	html_set_flag(row, "has_room", free > 0);
	if (!free)
		return;
	html_set(row, "day_name", day_long(rq, day));
	html_set(row, "day_href", book_href(mem, v, "", "day", day_text(mem, day)));
}

static void month_values(
	struct request *rq, const struct book_visit *v, const struct days *d, struct html_values *values)
{
	struct html_values *week = NULL;
	size_t at = 0;
	weekday_values(rq, values);
	for (int64_t day = d->first; day < d->next; day++) {
		size_t from = at;
		while (at < d->count && book_day(v, d->slots[at].from) == day)
			at++;
		if ((day - d->first) % 7 == 0)
			week = html_add_row(values, "weeks");
		cell_values(rq, v, d, day, at - from, html_add_row(week, "cells"));
	}
}

static void turn_values(
	struct request *rq, const struct book_visit *v, const struct days *d, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	bool now = d->first <= d->today;
	int64_t before = first_of_month(d->first + 6, -1);
	html_set(values, "month_name", months_long(rq, now ? d->today : d->first + 6, d->next - 7));
	if (!now)
		html_set(values, "earlier",
			book_href(mem, v, "", "day", day_text(mem, before < d->today ? d->today : before)));
	if (d->next <= d->last)
		html_set(values, "later", book_href(mem, v, "", "day", day_text(mem, d->next)));
}

/* ---- the day ---- */

static void time_values(
	struct request *rq, const struct book_visit *v, const struct days *d, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	html_set(values, "day_name", day_long(rq, d->day));
	for (size_t i = 0; i < d->count; i++) {
		if (book_day(v, d->slots[i].from) != d->day)
			continue;
		struct str start = instant_rfc3339(mem, instant_of_s(d->slots[i].from));
		struct html_values *row = html_add_row(values, "times");
		html_set(row, "clock", book_clock(rq, v, d->slots[i].from));
		html_set(row, "time_href", book_href(mem, v, "/form", "start", start));
	}
}

/* Where a month has no room: the first day after it that has. */
static err_t next_values(
	struct request *rq, const struct book_visit *v, const struct days *d, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	int64_t day = -1;
	if (!d->count)
		TRY(first_free(rq, v, d, d->next, &day));
	html_set_flag(values, "month_full", !d->count);
	html_set_flag(values, "nothing", !d->count && day < 0);
	if (day < 0)
		return OK;
	html_set(values, "next_day", day_long(rq, day));
	html_set(values, "next_href", book_href(mem, v, "", "day", day_text(mem, day)));
	return OK;
}

err_t book_days_values(struct request *rq, const struct book_visit *v, struct html_values *values)
{
	struct days d = { 0 };
	TRY(choose(rq, v, &d));
	month_values(rq, v, &d, values);
	turn_values(rq, v, &d, values);
	time_values(rq, v, &d, values);
	return next_values(rq, v, &d, values);
}
