/* SPDX-License-Identifier: Apache-2.0 */
/* /book/SLUG and /embed/SLUG: the days, the visitor's time zone, the form, the booking. */
#include "web/book.h"

#include "server/booking/guest.h"
#include "server/booking/link.h"
#include "server/data/json_mask.h"
#include "server/http/access.h"
#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/zones.h"

#define ANSWER_MAX 2000 /* characters, of a note too: as REST has it */

/* ---- the days ---- */

static err_t show_days(struct request *rq, struct response *rs, enum book_view view)
{
	struct book_visit v;
	TRY(book_open(rq, view, &v));
	struct html_values *values = book_values(rq, &v, NULL);
	TRY(book_days_values(rq, &v, values));
	return book_reply(rs, &v, 200, "book", values, true);
}

/* ---- the zone ---- */

static err_t show_zones(struct request *rq, struct response *rs, enum book_view view)
{
	struct book_visit v;
	TRY(book_open(rq, view, &v));
	int64_t now = instant_s(account_now(&rq->cx));
	struct html_values *values = book_values(rq, &v, SAY("Your time zone"));
	for (size_t i = 0; i < ZONES_OFFERED; i++) {
		struct str name = str_of(zones_offered[i]);
		const struct zone *zone = zone_by_name(name);
		if (!zone)
			continue;
		struct html_values *row = html_add_row(values, "zones");
		html_set(row, "zone_name", name);
		html_set(row, "zone_clock", time_of_day(rq, zone_to_local(zone, now)));
		html_set(row, "choose_href", book_href_with(rq->cx.mem, &v, name, v.minutes));
		html_set_flag(row, "chosen", zone == v.zone);
	}
	html_set_flag(values, "other_length", v.minutes != v.page.durations[0]);
	return book_reply(rs, &v, 200, "book_zone", values, true);
}

/* ---- the form ---- */

static const char *const question_names[BOOKING_QUESTIONS_MAX] = { "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8",
	"q9" };

/* Which question a param of booking is about: "answers[2].answer"; SIZE_MAX: none. */
static size_t question_of(struct str param)
{
	uint64_t nth;
	if (!str_starts(param, STR("answers[")) || param.len < 10 || !str_to_u64(str_sub(param, 8, 9), 9, &nth))
		return SIZE_MAX;
	return (size_t)nth;
}

static void question_values(struct request *rq, const struct book_visit *v, size_t bad, struct html_values *values)
{
	for (size_t i = 0; i < v->page.question_count && i < BOOKING_QUESTIONS_MAX; i++) {
		struct html_values *row = html_add_row(values, "questions");
		html_set(row, "q_name", str_of(question_names[i]));
		html_set(row, "question", v->page.questions[i].text);
		html_set(row, "answer", form_get(&rq->form, question_names[i]));
		html_set_flag(row, "must", v->page.questions[i].required);
		html_set_flag(row, "bad", i == bad);
	}
}

static void when_values(struct request *rq, const struct book_visit *v, int64_t start, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	int64_t end = start + (int64_t)v->minutes * 60;
	bool same_day = book_day(v, start) == book_day(v, end - 1);
	html_set(values, "start", instant_rfc3339(mem, instant_of_s(start)));
	html_set(values, "day", day_long(rq, book_day(v, start)));
	html_set(values, "hours",
		str_cat(mem, times_joined(mem, book_clock(rq, v, start), book_clock(rq, v, end)),
			same_day ? STR("") : STR("\u00a0+1")));
	html_set(values, "back_href", book_href(mem, v, "", "day", day_text(mem, book_day(v, start))));
}

static void other_times(struct request *rq, const struct book_visit *v, err_t taken, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	for (size_t i = 0; i < taken->slot_count; i++) {
		int64_t start = instant_s(taken->slots[i].start);
		struct html_values *row = html_add_row(values, "others");
		html_set(row, "other_id", str_fmt(mem, "other-%zu", i));
		html_set(row, "other_start", instant_rfc3339(mem, taken->slots[i].start));
		html_set(row, "other_day", day_long(rq, book_day(v, start)));
		html_set(row, "other_clock", book_clock(rq, v, start));
		html_set_flag(row, "first", i == 0);
	}
	html_set_flag(values, "taken", true);
}

static struct html_values *form_values(struct request *rq, const struct book_visit *v, int64_t start, size_t bad)
{
	struct html_values *values = book_values(rq, v, NULL);
	when_values(rq, v, start, values);
	question_values(rq, v, bad, values);
	html_set(values, "name_value", form_get(&rq->form, "name"));
	html_set(values, "email_value", form_get(&rq->form, "email"));
	html_set(values, "note_value", form_get(&rq->form, "note"));
	return values;
}

static err_t refuse_taken(struct ctx *cx, err_t e)
{
	struct err *own =
		REFUSE(cx, SLOT_UNAVAILABLE, "start", "Somebody else was faster: this time is taken. Choose another.");
	own->slots = e->slots;
	own->slot_count = e->slot_count;
	return own;
}

/* The form with what was sent, and what was wrong with it; nobody fills it in again. */
static err_t form_again(
	struct request *rq, struct response *rs, const struct book_visit *v, int64_t start, struct str token, err_t e)
{
	size_t bad = question_of(e->param);
	if (page_status(e) >= 500)
		return e;
	struct html_values *values = form_values(rq, v, start, bad);
	if (err_is(e, SLOT_UNAVAILABLE)) {
		e = refuse_taken(&rq->cx, e);
		other_times(rq, v, e, values);
	}
	html_set(values, "form_token", token);
	page_tell(rs, "book_form", values, e);
	if (bad != SIZE_MAX)
		html_set_flag(values, "at_field", true);
	return book_reply(rs, v, page_status(e), "book_form", values, false);
}

static err_t show_form(struct request *rq, struct response *rs, enum book_view view)
{
	struct book_visit v;
	const struct form *params;
	struct instant start;
	TRY(book_open(rq, view, &v));
	TRY(request_params(rq, &params));
	if (!instant_from_rfc3339(form_get(params, "start"), &start)) {
		reply_redirect(rs, 303, book_href(rq->cx.mem, &v, "", NULL, STR_ABSENT));
		return OK;
	}
	struct html_values *values = form_values(rq, &v, instant_s(start), SIZE_MAX);
	html_set(values, "form_token", guest_form_new(&rq->cx, &v.page));
	return book_reply(rs, &v, 200, "book_form", values, false);
}

/* ---- the booking ---- */

static struct str text_sent(struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			buf_char(&out, text.ptr[i]);
	return str_trim(str_dup(mem, buf_str(&out)), " \t\n");
}

static err_t read_text(struct request *rq, const char *name, const char *param, struct str *out)
{
	struct str text = text_sent(rq->cx.mem, form_get(&rq->form, name));
	if (json_characters(text) > ANSWER_MAX)
		return REFUSE(&rq->cx, INVALID_VALUE, param, "This is too long: %d letters at most.", ANSWER_MAX);
	*out = text.len ? text : STR_ABSENT;
	return OK;
}

static err_t read_sent(struct request *rq, const struct book_visit *v, struct booking_new *out)
{
	struct arena *mem = rq->cx.mem;
	struct str *answers = arena_array(mem, struct str, BOOKING_QUESTIONS_MAX);
	size_t count = 0;
	out->name = form_get(&rq->form, "name");
	out->email = str_trim(form_get(&rq->form, "email"), STR_BLANK);
	out->tz = booking_zone_name(v->zone);
	out->language = catalogue_tag(request_language(rq));
	out->duration = v->minutes;
	TRY(read_text(rq, "note", "note", &out->note));
	for (; count < v->page.question_count && count < BOOKING_QUESTIONS_MAX; count++)
		TRY(read_text(
			rq, question_names[count], str_fmt(mem, "answers[%zu].answer", count).ptr, &answers[count]));
	out->answers = (struct str_list){ answers, count };
	return OK;
}

static err_t book(struct request *rq, const struct book_visit *v, struct booking_new *in, struct booking *out)
{
	TRY(read_sent(rq, v, in));
	TRY(guest_book(&rq->cx, &v->page, in, out));
	access_charge_writes(
		rq, v->page.account, 1); /* not before: who only tries takes nothing from the owner's rate */
	return OK;
}

static void go_on(struct request *rq, struct response *rs, const struct book_visit *v, const struct booking *made)
{
	struct str token = booking_link_token(&rq->cx, made->account, made->id);
	reply_redirect(rs, 303,
		str_fmt(rq->cx.mem, "/booking/%.*s%s", STR_ARG(token),
			v->view == BOOK_FRAME ? "/booked" : "?done=booking-made"));
}

/* Nothing is done that the visitor of another site could not do themselves; all the same a form is one of ours. */
static err_t take_form(struct request *rq, struct response *rs, enum book_view view)
{
	struct ctx *cx = &rq->cx;
	struct book_visit v;
	struct booking_new in = { .duration = 0 };
	struct booking made;
	struct str token = form_get(&rq->form, "form");
	if (!access_from_own_page(rq))
		return FAIL(cx, CSRF, "from another site");
	TRY(book_open(rq, view, &v));
	if (!instant_from_rfc3339(form_get(&rq->form, "start"), &in.start)) {
		reply_redirect(rs, 303, book_href(cx->mem, &v, "", NULL, STR_ABSENT));
		return OK;
	}
	err_t e = guest_form_open(cx, &v.page, token, &in.id);
	if (e) {
		token = guest_form_new(cx, &v.page);
		e = REFUSE(cx, CSRF, "",
			"This form is out of date, so nothing was booked. Look at it, and send it again.");
	} else
		e = book(rq, &v, &in, &made);
	if (e)
		return form_again(rq, rs, &v, instant_s(in.start), token, e);
	go_on(rq, rs, &v, &made);
	return OK;
}

/* ---- where it is ---- */

/* Told here: pages of errors set a cookie, and no frame shows them. What its owner is told of a preview is a page. */
static err_t told(struct request *rq, struct response *rs, enum book_view view, err_t e)
{
	const struct book_visit nobody = { .view = view };
	const struct language *language = request_language(rq);
	if (!e || page_status(e) >= 500 || view == BOOK_PREVIEW)
		return e;
	struct html_values *values = html_values_new(rq->cx.mem);
	html_set_language(values, language);
	html_set(values, "lang", str_of(language ? language->tag : "en"));
	html_set(values, "title",
		say(rq, err_is(e, NOT_FOUND) ? SAY("There is nothing here") : SAY("Nothing was booked")));
	html_set(values, "brand", rq->cx.config->brand);
	html_set_flag(values, "framed", view == BOOK_FRAME);
	response_clear(rs);
	page_tell(rs, "book_gone", values, e);
	if (err_is(e, CSRF))
		html_set(values, "alert",
			say(rq, "This form was not sent from our own page. Open the link once more, and try again."));
	return book_reply(rs, &nobody, page_status(e), "book_gone", values, false);
}

err_t book_days_page(struct request *rq, struct response *rs, enum book_view view)
{
	return told(rq, rs, view, show_days(rq, rs, view));
}

err_t book_choose_zone(struct request *rq, struct response *rs, enum book_view view)
{
	return told(rq, rs, view, show_zones(rq, rs, view));
}

err_t book_show_form(struct request *rq, struct response *rs, enum book_view view)
{
	return told(rq, rs, view, show_form(rq, rs, view));
}

err_t book_take_form(struct request *rq, struct response *rs, enum book_view view)
{
	return told(rq, rs, view, take_form(rq, rs, view));
}

err_t book_page(struct request *rq, struct response *rs)
{
	return book_days_page(rq, rs, BOOK_PAGE);
}

err_t book_zone_page(struct request *rq, struct response *rs)
{
	return book_choose_zone(rq, rs, BOOK_PAGE);
}

err_t book_form_page(struct request *rq, struct response *rs)
{
	return book_show_form(rq, rs, BOOK_PAGE);
}

err_t book_form_post(struct request *rq, struct response *rs)
{
	return book_take_form(rq, rs, BOOK_PAGE);
}

err_t booking_page_preview(struct request *rq, struct response *rs)
{
	return book_days_page(rq, rs, BOOK_PREVIEW);
}

err_t booking_page_preview_zone(struct request *rq, struct response *rs)
{
	return book_choose_zone(rq, rs, BOOK_PREVIEW);
}

err_t booking_page_preview_form(struct request *rq, struct response *rs)
{
	return book_show_form(rq, rs, BOOK_PREVIEW);
}
