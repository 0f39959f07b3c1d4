/* SPDX-License-Identifier: Apache-2.0 */
/* Making and changing a booking page: a form over createBookingPage and updateBookingPage. */
#include "caldav/calendar/store/store.h"
#include "server/account/account.h"
#include "server/http/access.h"
#include "web/booking_form.h"
#include "web/booking_pages.h"
#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/own_call.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/ticks.h"
#include "web/zones.h"

#define BODY_MAX ((size_t)256 * 1024)

/* ---- the form as it is shown ---- */

static void offer_calendars(
	struct arena *mem, struct html_values *v, const struct calendar *calendars, size_t count, struct str chosen)
{
	for (size_t i = 0; i < count; i++) {
		struct str id = id_text(mem, "cal", calendars[i].id);
		if (!calendars[i].writable)
			continue;
		struct html_values *row = html_add_row(v, "targets");
		html_set(row, "target_id", id);
		html_set(row, "target_name", calendar_label(&calendars[i]));
		html_set_flag(row, "chosen",
			chosen.len ? str_eq(chosen, id) : str_eq(calendars[i].name, STR(DEFAULT_CALENDAR)));
	}
}

static err_t form_values(
	struct request *rq, struct html_values *v, const struct actor *actor, const struct booking_form *form)
{
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(&rq->cx, actor, &calendars, &count));
	booking_form_values(v, form);
	zones_offer(v);
	html_set(v, "book_begins", str_cat(rq->cx.mem, rq->cx.config->public_url, STR("/book/…")));
	offer_calendars(rq->cx.mem, v, calendars, count, form->value[BOOKING_CALENDAR]);
	ticks_of_calendars(rq->cx.mem, v, calendars, count, form->busy);
	html_set_flag(v, "mode_test", id_is_test(actor->owner));
	int week_start = request_manner(rq)->week_start;
	html_set_flag(v, "from_saturday", week_start == 6);
	html_set_flag(v, "from_sunday", week_start == 6 || week_start == 7);
	html_set_flag(v, "hours_12", request_manner(rq)->hours_12);
	return OK;
}

/* In the words of the form, at its field. */
static err_t for_form(struct request *rq, err_t e)
{
	struct err *own = arena_new(rq->cx.mem, struct err);
	*own = *e;
	own->param = booking_form_field_of(rq->cx.mem, e->param);
	if (err_is(e, IDEMPOTENCY_IN_USE)) {
		own->param = STR_ABSENT;
		own->said =
			say(rq, "This form was sent before with other entries, and that page was made. Send it again "
				"to make another.");
		own->format = NULL;
	}
	if (err_is(e, PRECONDITION)) {
		own->param = STR_ABSENT;
		own->said =
			say(rq, "Somebody changed this page while you did. Your entries are still here: save again to "
				"put them over what is stored now.");
		own->format = NULL;
	}
	return own;
}

/* ---- a new one ---- */

static err_t new_values(struct request *rq, const struct booking_form *form, struct html_values **out)
{
	struct html_values *v = page_new(rq, SAY("New booking page"), "booking_pages");
	struct actor actor;
	TRY(calendar_actor(rq, calendar_in_test(rq), &actor));
	TRY(form_values(rq, v, &actor, form));
	html_set_flag(v, "is_new", true);
	*out = v;
	return OK;
}

err_t booking_page_new_page(struct request *rq, struct response *rs)
{
	struct booking_form form;
	struct html_values *v;
	booking_form_fresh(rq->cx.mem, rq->principal->tz, request_manner(rq)->hours_12, &form);
	TRY(new_values(rq, &form, &v));
	return page_reply(rs, 200, "booking_page_form", v);
}

static err_t create(struct request *rq, const struct booking_form *form, struct str *id_out)
{
	struct buf body = buf_new(rq->cx.mem, BODY_MAX);
	struct str once = form_get(&rq->form, "once");
	TRY(booking_form_body(&rq->cx, form, &body));
	const struct own_call call = {
		.operation = "createBookingPage",
		.body = buf_str(&body),
		.once = once.len ? str_sub(once, 0, 64) : STR_ABSENT,
		.test = calendar_in_test(rq),
	};
	return own_call(rq, &call, id_out);
}

err_t booking_pages_create(struct request *rq, struct response *rs)
{
	struct booking_form form;
	struct html_values *v;
	struct str id;
	booking_form_read(rq->cx.mem, &rq->form, &form);
	err_t e = create(rq, &form, &id);
	if (!e) {
		reply_redirect(
			rs, 303, str_fmt(rq->cx.mem, "/booking-pages/%.*s?done=booking-page-created", STR_ARG(id)));
		return OK;
	}
	TRY(new_values(rq, &form, &v));
	return page_again(rs, "booking_page_form", v, for_form(rq, e));
}

/* ---- one that is there ---- */

static err_t edit_values(struct request *rq, const struct actor *actor, const struct booking_page *page,
	const struct booking_form *form, struct html_values **out)
{
	struct html_values *v = page_new(rq, SAY("Edit the booking page"), "booking_pages");
	booking_page_values(rq, v, page);
	TRY(form_values(rq, v, actor, form));
	html_set(v, "page_version", str_fmt(rq->cx.mem, "%lld", (long long)page->version));
	*out = v;
	return OK;
}

err_t booking_page_edit_page(struct request *rq, struct response *rs)
{
	struct booking_page page;
	struct booking_form form;
	struct html_values *v;
	struct actor actor;
	TRY(booking_page_in_path(rq, &actor, &page));
	booking_form_of(rq->cx.mem, &page, request_manner(rq)->hours_12, &form);
	TRY(edit_values(rq, &actor, &page, &form, &v));
	return page_reply(rs, 200, "booking_page_form", v);
}

static err_t store(struct request *rq, const struct booking_page *page, const struct booking_form *form)
{
	struct buf body = buf_new(rq->cx.mem, BODY_MAX);
	TRY(booking_form_body(&rq->cx, form, &body));
	const struct own_call call = {
		.operation = "updateBookingPage",
		.id = id_text(rq->cx.mem, "bkp", page->id),
		.body = buf_str(&body),
		.if_match = str_fmt(rq->cx.mem, "\"%.*s\"", STR_ARG(str_sub(form_get(&rq->form, "version"), 0, 20))),
		.test = id_is_test(page->account),
	};
	return own_call(rq, &call, NULL);
}

err_t booking_page_edit_post(struct request *rq, struct response *rs)
{
	struct booking_page page;
	struct booking_form form;
	struct html_values *v;
	struct actor actor;
	TRY(booking_page_in_path(rq, &actor, &page));
	booking_form_read(rq->cx.mem, &rq->form, &form);
	if (form.is_public && !page.is_public) /* from then on others see when its owner is free */
		TRY(access_need_proof(rq));
	err_t e = store(rq, &page, &form);
	if (!e) {
		reply_redirect(rs, 303, booking_page_href(rq->cx.mem, &page, "saved"));
		return OK;
	}
	TRY(edit_values(rq, &actor, &page, &form, &v));
	return page_again(rs, "booking_page_form", v, for_form(rq, e));
}
