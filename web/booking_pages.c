/* SPDX-License-Identifier: Apache-2.0 */
/* /booking-pages: the list, one page with what was booked by it, pausing and deleting. The same operations as REST. */
#include "web/booking_pages.h"

#include <string.h>

#include "caldav/calendar/store/store.h"
#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/own_call.h"
#include "web/pages.h"
#include "web/say.h"

/* Before it all others come. */
static struct id newest(void)
{
	struct id id;
	memset(&id, 0xFF, sizeof id);
	return id;
}

err_t booking_page_in_path(struct request *rq, struct actor *actor_out, struct booking_page *out)
{
	struct id id;
	if (!id_parse(rq->args[0], "bkp", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no page's id");
	for (int test = 0; test < 2; test++) {
		TRY(calendar_actor(rq, test, actor_out));
		err_t e = booking_page_get(&rq->cx, actor_out, id, out);
		if (!err_is(e, NOT_FOUND))
			return e;
	}
	return REFUSE(&rq->cx, NOT_FOUND, "", "There is no such booking page among yours.");
}

struct str booking_page_href(struct arena *mem, const struct booking_page *page, const char *done)
{
	struct str id = id_text(mem, "bkp", page->id);
	return str_fmt(mem, "/booking-pages/%.*s%s%s", STR_ARG(id), done ? "?done=" : "", done ? done : "");
}

/* "30, 60" */
static struct str lengths_text(struct arena *mem, const struct booking_page *page)
{
	struct buf out = buf_new(mem, 64);
	for (size_t i = 0; i < page->duration_count; i++)
		buf_fmt(&out, "%s%d", i ? ", " : "", (int)page->durations[i]);
	return buf_str(&out);
}

void booking_page_values(struct request *rq, struct html_values *v, const struct booking_page *page)
{
	struct arena *mem = rq->cx.mem;
	html_set(v, "page_id", id_text(mem, "bkp", page->id));
	html_set(v, "page_title", page->title);
	html_set(v, "about", page->description);
	html_set(v, "slug", page->slug);
	html_set(v, "address", booking_page_url(&rq->cx, page));
	html_set(v, "public_url", rq->cx.config->public_url);
	html_set(v, "page_zone", page->tz);
	html_set_flag(v, "is_public", page->is_public);
	html_set_flag(v, "paused", !page->active);
	html_set_flag(v, "test", id_is_test(page->account));
	html_set(v, "lengths", lengths_text(mem, page));
	page_when(rq, v, "created", page->created_at);
}

/* ---- the list ---- */

err_t booking_pages_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, SAY("Booking pages"), "booking_pages");
	struct booking_page *rows;
	struct actor actor;
	size_t count;
	bool test = calendar_in_test(rq);
	TRY(calendar_actor(rq, test, &actor));
	TRY(booking_page_page(&rq->cx, &actor, newest(), false, BOOKING_PAGES_MAX, &rows, &count));
	for (size_t i = 0; i < count; i++)
		booking_page_values(rq, html_add_row(v, "pages"), &rows[i]);
	html_set_flag(v, "any", count > 0);
	html_set_flag(v, "mode_test", test);
	html_set(v, "mode_path", STR("/booking-pages"));
	page_notice(rq, v);
	return page_reply(rs, 200, "booking_pages", v);
}

/* ---- one ---- */

/* "9:00–12:00, 13:00–24:00". */
static struct str spans_text(struct request *rq, const struct day_hours *hours)
{
	struct str out = STR("");
	for (size_t i = 0; i < hours->count; i++) {
		int64_t from = hours->spans[i].from * INT64_C(60), to = hours->spans[i].to * INT64_C(60);
		struct str whole = to == DAY_S && !request_manner(rq)->hours_12 ? STR("24:00") : time_of_day(rq, to);
		struct str span = times_joined(rq->cx.mem, time_of_day(rq, from), whole);
		out = str_fmt(rq->cx.mem, "%.*s%s%.*s", STR_ARG(out), i ? ", " : "", STR_ARG(span));
	}
	return out;
}

/* Days with hours, in the order of the week. */
static void hours_values(struct request *rq, struct html_values *v, const struct booking_page *page)
{
	for (int i = 0; i < 7; i++) {
		int day = week_column(rq, i);
		if (!page->hours.days[day].count)
			continue;
		struct html_values *row = html_add_row(v, "hours");
		html_set(row, "weekday", weekday_name(rq, day));
		html_set(row, "spans", spans_text(rq, &page->hours.days[day]));
	}
}

/* Which calendar its events go to; a page whose calendar is gone takes no bookings. */
static err_t calendar_values(
	struct request *rq, struct html_values *v, const struct actor *actor, const struct booking_page *page)
{
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(&rq->cx, actor, &calendars, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(calendars[i].id, page->calendar))
			html_set(v, "calendar_name", calendar_label(&calendars[i]));
	return OK;
}

err_t booking_page_show(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, SAY("Booking page"), "booking_pages");
	struct booking_page page;
	struct actor actor;
	TRY(booking_page_in_path(rq, &actor, &page));
	booking_page_values(rq, v, &page);
	hours_values(rq, v, &page);
	TRY(calendar_values(rq, v, &actor, &page));
	TRY(booking_list_values(rq, v, &actor, &page));
	page_notice(rq, v);
	return page_reply(rs, 200, "booking_page", v);
}

/* ---- state, end ---- */

static err_t ask(struct request *rq, struct response *rs, const char *title, const char *template_name)
{
	struct html_values *v = page_new(rq, title, "booking_pages");
	struct booking_page page;
	struct actor actor;
	TRY(booking_page_in_path(rq, &actor, &page));
	booking_page_values(rq, v, &page);
	return page_reply(rs, 200, template_name, v);
}

err_t booking_page_pause_page(struct request *rq, struct response *rs)
{
	return ask(rq, rs, SAY("Pause this page?"), "booking_page_pause");
}

err_t booking_page_state_post(struct request *rq, struct response *rs)
{
	bool pause = str_eq(form_get(&rq->form, "state"), STR("paused"));
	struct booking_page page;
	struct actor actor;
	TRY(booking_page_in_path(rq, &actor, &page));
	const struct own_call call = {
		.operation = "updateBookingPage",
		.id = id_text(rq->cx.mem, "bkp", page.id),
		.body = pause ? STR("{\"status\":\"paused\"}") : STR("{\"status\":\"active\"}"),
		.test = id_is_test(page.account),
	};
	TRY(own_call(rq, &call, NULL));
	reply_redirect(
		rs, 303, booking_page_href(rq->cx.mem, &page, pause ? "booking-page-paused" : "booking-page-resumed"));
	return OK;
}

err_t booking_page_delete_page(struct request *rq, struct response *rs)
{
	return ask(rq, rs, SAY("Delete this page?"), "booking_page_delete");
}

err_t booking_page_delete_post(struct request *rq, struct response *rs)
{
	struct booking_page page;
	struct actor actor;
	TRY(booking_page_in_path(rq, &actor, &page));
	const struct own_call call = {
		.operation = "deleteBookingPage",
		.id = id_text(rq->cx.mem, "bkp", page.id),
		.test = id_is_test(page.account),
	};
	TRY(own_call(rq, &call, NULL));
	reply_redirect(rs, 303,
		call.test ? STR("/booking-pages?done=booking-page-deleted&mode=test")
			  : STR("/booking-pages?done=booking-page-deleted"));
	return OK;
}
