/* SPDX-License-Identifier: Apache-2.0 */
#include "web/manner.h"

#include "web/calendar_view.h"
#include "web/say.h"

struct choice {
	const char *word; /* of the form */
	int16_t number;   /* that is kept */
	const char *text;
};

static const struct choice hours_choices[] = {
	{ "24h", 24, SAY("24 hours (14:30)") },
	{ "12h", 12, SAY("12 hours (2:30 PM)") },
};
static const struct choice week_choices[] = {
	{ "monday", 1, SAY("Monday") },
	{ "sunday", 7, SAY("Sunday") },
	{ "saturday", 6, SAY("Saturday") },
};

const struct manner *request_manner(struct request *rq)
{
	if (!rq->manner) {
		struct manner *manner = arena_new(rq->cx.mem, struct manner);
		*manner = region_manner(catalogue_liked(request_header(rq, "Accept-Language")));
		if (rq->principal && rq->principal->hours)
			manner->hours_12 = rq->principal->hours == 12;
		if (rq->principal && rq->principal->week_start)
			manner->week_start = rq->principal->week_start;
		rq->manner = manner;
	}
	return rq->manner;
}

struct locale request_locale(struct request *rq)
{
	return (struct locale){ request_language(rq), request_manner(rq)->hours_12 };
}

/* ---- times ---- */

/* Its parts stay on one line: "9:00 AM", "9:00–10:30". */
struct str time_of_day(struct request *rq, int64_t local)
{
	struct str words = clock_words(rq->cx.mem, request_locale(rq), local);
	struct buf out = buf_new(rq->cx.mem, 2 * words.len + 1);
	for (size_t i = 0; i < words.len; i++)
		if (words.ptr[i] == ' ')
			BUF_LIT(&out, "\u00a0");
		else
			buf_char(&out, words.ptr[i]);
	return buf_str(&out);
}

struct str times_joined(struct arena *mem, struct str from, struct str to)
{
	return str_fmt(mem, "%.*s\u2060–\u2060%.*s", STR_ARG(from), STR_ARG(to));
}

struct str time_span(struct request *rq, int64_t from, int64_t to)
{
	return times_joined(rq->cx.mem, time_of_day(rq, from), time_of_day(rq, to));
}

/* ---- weeks ---- */

int week_column(struct request *rq, int column)
{
	return (request_manner(rq)->week_start - 1 + column) % 7;
}

int64_t week_begin(struct request *rq, int64_t day)
{
	return day - floor_mod(day_of_week(day) - week_column(rq, 0), 7);
}

void weekday_values(struct request *rq, struct html_values *v)
{
	for (int i = 0; i < 7; i++) {
		struct html_values *row = html_add_row(v, "weekdays");
		html_set(row, "weekday", weekday_name(rq, week_column(rq, i)));
		html_set(row, "weekday_short", weekday_short(rq, week_column(rq, i)));
	}
}

/* ---- the profile's form ---- */

static struct str word_of(const struct choice *choices, size_t count, int16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (choices[i].number == number)
			return str_of(choices[i].word);
	return STR_ABSENT;
}

struct str manner_hours_word(int16_t hours)
{
	return word_of(hours_choices, ARRAY_LEN(hours_choices), hours);
}

struct str manner_week_word(int16_t week_start)
{
	return word_of(week_choices, ARRAY_LEN(week_choices), week_start);
}

static void offer(struct request *rq, struct html_values *v, const char *rows, const struct choice *choices,
	size_t count, struct str chosen)
{
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, rows);
		html_set(row, "choice", str_of(choices[i].word));
		html_set(row, "label", say(rq, choices[i].text));
		html_set_flag(row, "chosen", str_eq(chosen, str_of(choices[i].word)));
	}
}

void manner_offer(struct request *rq, struct html_values *v)
{
	struct str hours = manner_hours_word(rq->principal->hours), week = manner_week_word(rq->principal->week_start);
	if (form_count(&rq->form, "hours"))
		hours = form_get(&rq->form, "hours");
	if (form_count(&rq->form, "week_start"))
		week = form_get(&rq->form, "week_start");
	offer(rq, v, "hours_choices", hours_choices, ARRAY_LEN(hours_choices), hours);
	offer(rq, v, "week_choices", week_choices, ARRAY_LEN(week_choices), week);
}

/* "" is 0; a field that is not there leaves the number alone. */
static bool read_choice(struct request *rq, const char *field, const struct choice *choices, size_t count, int16_t *out)
{
	struct str word = form_get(&rq->form, field);
	if (!word.ptr)
		return true;
	*out = 0;
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, str_of(choices[i].word)))
			*out = choices[i].number;
	return !word.len || *out;
}

err_t manner_read(struct request *rq, int16_t *hours, int16_t *week_start)
{
	*hours = rq->principal->hours;
	*week_start = rq->principal->week_start;
	if (!read_choice(rq, "hours", hours_choices, ARRAY_LEN(hours_choices), hours))
		return REFUSE(&rq->cx, INVALID_VALUE, "hours", "Choose 24 or 12 hours.");
	if (!read_choice(rq, "week_start", week_choices, ARRAY_LEN(week_choices), week_start))
		return REFUSE(
			&rq->cx, INVALID_VALUE, "week_start", "Weeks begin with a Monday, a Sunday or a Saturday.");
	return OK;
}
