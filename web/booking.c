/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /booking/{token}: what the link of a confirmation opens. The guest sees their appointment in their own zone, cancels
 * it, or moves it to another free time. The token is all that they show; looking changes nothing, since mail programs
 * look at links too.
 */
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/sandbox.h"
#include "server/account/label.h"
#include "server/booking/guest_mail.h"
#include "server/booking/link.h"
#include "server/data/json_mask.h"
#include "server/http/access.h"
#include "server/http/disposition.h"
#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define WEEK_DAYS 7
#define DAYS_AHEAD 730 /* as far as a page's horizon can be */
#define REASON_MAX 1000
#define DATE_LEN 10

struct visit {
	struct booking booking;
	struct booking_page page; /* id zero: gone */
	const struct zone *zone;  /* the guest's */
	struct str path;          /* "/booking/cbk_…" */
	bool over;
};

static err_t open_visit(struct request *rq, struct visit *out)
{
	struct ctx *cx = &rq->cx;
	struct id account, booking;
	TRY(access_count_visit(rq));
	err_t e = booking_link_open(cx, rq->args[0], &account, &booking);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "", "This link is not whole, or the booking is long over.");
	TRY(e);
	const struct actor actor = actor_server(account);
	struct visit visit = { .path = str_cat(cx->mem, STR("/booking/"), rq->args[0]) };
	cx->account = id_in_mode(account, false);
	TRY(access_enter_as(rq, account));
	e = booking_get(cx, &actor, booking, &visit.booking);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "", "This link is not whole, or the booking is long over.");
	TRY(e);
	e = booking_page_get(cx, &actor, visit.booking.page, &visit.page);
	if (e && !err_is(e, NOT_FOUND))
		return e;
	visit.zone = zone_or_utc(visit.booking.tz);
	if (id_is_test(account))
		TRY(sandbox_ahead(cx, account, &cx->ahead_s));
	visit.over = visit.booking.end.us <= account_now(cx).us;
	*out = visit;
	return OK;
}

/* ---- what is shown ---- */

static int64_t local_day(const struct visit *v, int64_t at)
{
	return bookable_day(v->zone, at);
}

/* "10:00–10:30", or to another day. */
static struct str hours_text(struct request *rq, const struct visit *v, int64_t from, int64_t to)
{
	struct arena *mem = rq->cx.mem;
	struct str begins = time_of_day(rq, zone_to_local(v->zone, from));
	struct str ends = time_of_day(rq, zone_to_local(v->zone, to));
	if (local_day(v, from) == local_day(v, to - 1))
		return times_joined(mem, begins, ends);
	return str_fmt(
		mem, "%.*s – %.*s, %.*s", STR_ARG(begins), STR_ARG(day_long(rq, local_day(v, to))), STR_ARG(ends));
}

static void set_booking(struct request *rq, const struct visit *v, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	const struct booking *b = &v->booking;
	bool has_page = !id_is_zero(v->page.id);
	int64_t start = instant_s(b->start), end = instant_s(b->end);
	html_set(values, "what", has_page ? v->page.title : b->title.ptr ? b->title : say(rq, "Appointment"));
	html_set(values, "about", has_page ? v->page.description : STR_ABSENT);
	html_set(values, "day", day_long(rq, local_day(v, start)));
	html_set(values, "hours", hours_text(rq, v, start, end));
	html_set(values, "iso", instant_rfc3339(mem, b->start));
	html_set(values, "zone", booking_zone_name(v->zone));
	html_set(values, "guest", b->name);
	html_set(values, "guest_email", b->email);
	html_set(values, "note", b->note);
	html_set(values, "reason", b->cancelled ? b->reason : STR_ABSENT);
	html_set(values, "path", v->path);
	html_set_flag(values, "cancelled", b->cancelled);
	html_set_flag(values, "over", v->over && !b->cancelled);
	html_set_flag(values, "open", !v->over && !b->cancelled);
	html_set_flag(values, "can_move", has_page);
	html_set_flag(values, "can_keep", !v->over && !b->cancelled && !id_is_zero(b->event));
	html_set_flag(values, "is_test", id_is_test(b->account));
}

static struct html_values *values_of(struct request *rq, const struct visit *v, const char *title)
{
	struct html_values *values = page_new(rq, title, NULL);
	set_booking(rq, v, values);
	return values;
}

err_t booking_show(struct request *rq, struct response *rs)
{
	struct visit v;
	TRY(open_visit(rq, &v));
	struct html_values *values = values_of(rq, &v, SAY("Your appointment"));
	page_notice(rq, values);
	return page_reply(rs, 200, "booking", values);
}

/*
 * What a guest who booked in a frame sees there: the appointment, and the link to where they change it, which no frame
 * shows. No cookie, no form.
 */
err_t booking_booked(struct request *rq, struct response *rs)
{
	struct visit v;
	TRY(open_visit(rq, &v));
	const struct language *language = request_language(rq);
	struct html_values *values = html_values_new(rq->cx.mem);
	html_set_language(values, language);
	html_set(values, "lang", str_of(language ? language->tag : "en"));
	html_set(values, "title",
		say(rq, v.booking.cancelled ? SAY("Your appointment is cancelled")
					    : SAY("Your appointment is booked")));
	html_set(values, "brand", rq->cx.config->brand);
	html_set_flag(values, "framed", true);
	set_booking(rq, &v, values);
	struct buf *out = reply_framed_page(rs, 200, v.page.embed_origins, false);
	return html_render(&rq->cx, out, "book_done", values);
}

/* The appointment for the guest's own calendar. */
err_t booking_file(struct request *rq, struct response *rs)
{
	struct visit v;
	struct str text;
	TRY(open_visit(rq, &v));
	err_t e = guest_file(&rq->cx, &v.booking, &text);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "", "This appointment is cancelled: there is nothing to add.");
	TRY(e);
	bool has_page = !id_is_zero(v.page.id);
	buf_add(reply(rs, 200, "text/calendar; charset=utf-8"), text);
	response_attachment(rs, has_page ? v.page.title : STR("appointment"), ".ics");
	return OK;
}

/* What there is nothing to decide about any more: the appointment as it is. */
static bool leads_back(struct response *rs, const struct visit *v)
{
	if (!v->over && !v->booking.cancelled)
		return false;
	reply_redirect(rs, 303, v->path);
	return true;
}

static void go_back(struct response *rs, const struct visit *v, const char *done)
{
	reply_redirect(rs, 303, str_fmt(rs->rq->cx.mem, "%.*s?done=%s", STR_ARG(v->path), done));
}

/* ---- cancel ---- */

err_t booking_cancel_page(struct request *rq, struct response *rs)
{
	struct visit v;
	TRY(open_visit(rq, &v));
	if (leads_back(rs, &v))
		return OK;
	return page_reply(rs, 200, "booking_cancel", values_of(rq, &v, SAY("Cancel this appointment?")));
}

static err_t read_reason(struct request *rq, struct str *out)
{
	struct str reason = str_trim(form_get(&rq->form, "reason"), STR_BLANK);
	TRY(text_clean(&rq->cx, "reason", reason));
	if (json_characters(reason) > REASON_MAX)
		return REFUSE(&rq->cx, INVALID_VALUE, "reason", "This is too long: %d letters at most.", REASON_MAX);
	*out = reason.len ? reason : STR_ABSENT;
	return OK;
}

static err_t cancel(struct request *rq, const struct visit *v)
{
	const struct actor actor = actor_server(v->booking.account);
	struct booking booking;
	struct str reason;
	TRY(read_reason(rq, &reason));
	TRY(access_count_write(rq, actor.owner));
	return booking_cancel(&rq->cx, &actor, v->booking.id, BY_GUEST, reason, &booking);
}

err_t booking_cancel_post(struct request *rq, struct response *rs)
{
	struct visit v;
	TRY(open_visit(rq, &v));
	if (leads_back(rs, &v))
		return OK;
	err_t e = cancel(rq, &v);
	if (!e) {
		go_back(rs, &v, "booking-cancelled");
		return OK;
	}
	struct html_values *values = values_of(rq, &v, SAY("Cancel this appointment?"));
	html_set(values, "reason_value", form_get(&rq->form, "reason"));
	return page_again(rs, "booking_cancel", values, e);
}

/* ---- move ---- */

/* A date of the query, within what can be booked; else today. */
static int64_t day_asked(struct arena *mem, struct str text, int64_t today)
{
	struct instant midnight;
	if (text.len != DATE_LEN || !instant_from_rfc3339(str_fmt(mem, "%.*sT00:00:00Z", STR_ARG(text)), &midnight))
		return today;
	int64_t day = instant_s(midnight) / DAY_S;
	return day < today ? today : day > today + DAYS_AHEAD ? today + DAYS_AHEAD : day;
}

static struct str date_text(struct arena *mem, int64_t day)
{
	return str_dup(mem, str_sub(instant_rfc3339(mem, instant_of_s(day * DAY_S)), 0, DATE_LEN));
}

/* The free times of a week, day by day, by the guest's clock. */
static err_t add_week(struct request *rq, const struct visit *v, int64_t first, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	const struct slot_span *slots;
	struct html_values *day = NULL;
	size_t count;
	TRY(booking_other_slots(&rq->cx, &v->booking, instant_of_s(zone_to_utc(v->zone, first * DAY_S)),
		instant_of_s(zone_to_utc(v->zone, (first + WEEK_DAYS) * DAY_S)), &slots, &count));
	for (size_t i = 0; i < count; i++) {
		if (!day || local_day(v, slots[i].from) != local_day(v, slots[i - 1].from)) {
			day = html_add_row(values, "days");
			html_set(day, "day_name", day_long(rq, local_day(v, slots[i].from)));
			html_set(day, "day_id", str_fmt(mem, "d%zu", i));
		}
		struct html_values *slot = html_add_row(day, "slots");
		html_set(slot, "start", instant_rfc3339(mem, instant_of_s(slots[i].from)));
		html_set(slot, "clock", time_of_day(rq, zone_to_local(v->zone, slots[i].from)));
		html_set_flag(slot, "is_now", slots[i].from == instant_s(v->booking.start));
	}
	return OK;
}

static err_t week_values(struct request *rq, const struct visit *v, struct str from, struct html_values **out)
{
	struct arena *mem = rq->cx.mem;
	struct html_values *values = values_of(rq, v, SAY("Move your appointment"));
	int64_t today = local_day(v, instant_s(account_now(&rq->cx))), first = day_asked(mem, from, today);
	html_set(values, "first_day", day_long(rq, first));
	html_set(values, "last_day", day_long(rq, first + WEEK_DAYS - 1));
	if (first > today)
		html_set(values, "earlier", date_text(mem, first - WEEK_DAYS < today ? today : first - WEEK_DAYS));
	if (first < today + DAYS_AHEAD)
		html_set(values, "later", date_text(mem, first + WEEK_DAYS));
	TRY(add_week(rq, v, first, values));
	*out = values;
	return OK;
}

/* The question whether to move it there. */
static err_t ask_to_move(struct response *rs, const struct visit *v, struct instant start)
{
	struct request *rq = rs->rq;
	struct arena *mem = rq->cx.mem;
	struct html_values *values = values_of(rq, v, SAY("Move your appointment?"));
	int64_t from = instant_s(start), to = from + instant_s(v->booking.end) - instant_s(v->booking.start);
	html_set(values, "start", instant_rfc3339(mem, start));
	html_set(values, "new_day", day_long(rq, local_day(v, from)));
	html_set(values, "new_hours", hours_text(rq, v, from, to));
	html_set(values, "back", date_text(mem, local_day(v, from)));
	return page_reply(rs, 200, "booking_move_to", values);
}

/* Its page is gone: nobody knows when else there is room. */
static err_t must_have_page(struct request *rq, const struct visit *v)
{
	if (!id_is_zero(v->page.id))
		return OK;
	return REFUSE(&rq->cx, NOT_FOUND, "", "Other times are not offered any more. Write to your host instead.");
}

err_t booking_move_page(struct request *rq, struct response *rs)
{
	struct visit v;
	const struct form *params;
	struct html_values *values;
	struct instant start;
	TRY(open_visit(rq, &v));
	if (leads_back(rs, &v))
		return OK;
	TRY(must_have_page(rq, &v));
	TRY(request_params(rq, &params));
	if (instant_from_rfc3339(form_get(params, "start"), &start))
		return ask_to_move(rs, &v, start);
	TRY(week_values(rq, &v, form_get(params, "from"), &values));
	return page_reply(rs, 200, "booking_move", values);
}

static err_t move(struct request *rq, const struct visit *v)
{
	const struct actor actor = actor_server(v->booking.account);
	struct booking booking;
	struct instant start;
	if (!instant_from_rfc3339(form_get(&rq->form, "start"), &start))
		return REFUSE(&rq->cx, INVALID_VALUE, "start", "Choose one of these times.");
	TRY(access_count_write(rq, actor.owner));
	err_t e = booking_move(&rq->cx, &actor, v->booking.id, start, 0, &booking);
	if (err_is(e, SLOT_UNAVAILABLE))
		return REFUSE(&rq->cx, SLOT_UNAVAILABLE, "start",
			"Somebody else was faster: this time is taken. Choose another.");
	return e;
}

err_t booking_move_post(struct request *rq, struct response *rs)
{
	struct visit v;
	struct html_values *values;
	TRY(open_visit(rq, &v));
	if (leads_back(rs, &v))
		return OK;
	TRY(must_have_page(rq, &v));
	err_t e = move(rq, &v);
	if (!e) {
		go_back(rs, &v, "booking-moved");
		return OK;
	}
	TRY(week_values(rq, &v, str_sub(form_get(&rq->form, "start"), 0, DATE_LEN), &values));
	return page_again(rs, "booking_move", values, e);
}
