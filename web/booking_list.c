/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was booked by a page, for its owner: all of it, a part at a time, the newest first. Whether an appointment is to
 * come, over or cancelled, its event says (server/booking/booking.h), so that bookings are looked through for those
 * that are asked for.
 */
#include <string.h>

#include "server/booking/booking.h"
#include "web/booking_pages.h"

#define SHOWN 20
#define PORTION 100   /* read at once */
#define SEARCHED 1000 /* looked through for one answer; the next goes on from there */

enum which { ALL, UPCOMING, PAST, CANCELLED, WHICH };
static const char *const words[WHICH] = { "all", "upcoming", "past", "cancelled" };
static const char *const tabs[WHICH] = { "show_all", "show_upcoming", "show_past", "show_cancelled" };

struct listing {
	struct request *rq;
	const struct actor *actor;
	const struct booking_page *page;
	enum which which;
	struct id position; /* the last that was looked at */
	size_t shown;
	bool more; /* there are others after the position */
};

static enum which which_of(const struct booking *b, struct instant now)
{
	return b->cancelled ? CANCELLED : b->end.us <= now.us ? PAST : UPCOMING;
}

static void row_values(struct request *rq, struct html_values *row, const struct booking *b)
{
	enum which which = which_of(b, account_now(&rq->cx));
	html_set(row, "guest", b->name);
	html_set(row, "guest_email", b->email);
	html_set(row, "event_id", id_is_zero(b->event) ? STR_ABSENT : id_text(rq->cx.mem, "evt", b->event));
	html_set_flag(row, "cancelled", which == CANCELLED);
	html_set_flag(row, "over", which == PAST);
	html_set_flag(row, "of_test", id_is_test(b->account));
	page_when_of(rq, row, "starts", b->start, b->account);
}

/* Of a portion after the position, as far as there is room. */
static void take(struct listing *l, struct html_values *v, const struct booking *rows, size_t count)
{
	struct instant now = account_now(&l->rq->cx);
	for (size_t i = 0; i < count && i < PORTION; i++) {
		bool wanted = l->which == ALL || l->which == which_of(&rows[i], now);
		if (wanted && l->shown == SHOWN) {
			l->more = true;
			return;
		}
		if (wanted)
			row_values(l->rq, html_add_row(v, "bookings"), &rows[i]);
		l->shown += wanted;
		l->position = rows[i].id;
	}
	l->more = count > PORTION;
}

static err_t look_through(struct listing *l, struct html_values *v)
{
	struct booking *rows;
	size_t count;
	for (size_t looked = 0; looked < SEARCHED; looked += PORTION) {
		TRY(booking_list(&l->rq->cx, l->actor, l->page->id, l->position, false, PORTION + 1, &rows, &count));
		take(l, v, rows, count);
		if (!l->more || l->shown == SHOWN)
			break;
	}
	return OK;
}

/* "/booking-pages/bkp_…?show=past&before=bkg_…#booked" */
static struct str href_of(
	struct request *rq, const struct booking_page *page, enum which which, const struct id *before)
{
	struct arena *mem = rq->cx.mem;
	struct buf query = buf_new(mem, 256);
	if (which != ALL)
		form_add(&query, "show", str_of(words[which]));
	if (before)
		form_add(&query, "before", id_text(mem, "bkg", *before));
	return str_fmt(mem, "%.*s%s%.*s#booked", STR_ARG(booking_page_href(mem, page, NULL)), query.len ? "?" : "",
		STR_ARG(buf_str(&query)));
}

err_t booking_list_values(
	struct request *rq, struct html_values *v, const struct actor *actor, const struct booking_page *page)
{
	struct listing l = { .rq = rq, .actor = actor, .page = page };
	const struct form *params;
	struct id before;
	TRY(request_params(rq, &params));
	memset(&l.position, 0xFF, sizeof l.position);
	bool further = id_parse(form_get(params, "before"), "bkg", &before);
	if (further)
		l.position = before;
	for (int i = ALL; i < WHICH; i++)
		if (str_eq(form_get(params, "show"), str_of(words[i])))
			l.which = (enum which)i;
	TRY(look_through(&l, v));
	for (int i = ALL; i < WHICH; i++) {
		struct html_values *tab = html_add_row(v, tabs[i]);
		html_set(tab, "href", href_of(rq, page, (enum which)i, NULL));
		html_set_flag(tab, "here", l.which == (enum which)i);
	}
	html_set_flag(v, "any_booking", l.shown > 0);
	html_set_flag(v, "choices", l.shown > 0 || l.which != ALL || further);
	if (l.more)
		html_set(v, "older", href_of(rq, page, l.which, &l.position));
	if (further)
		html_set(v, "newest", href_of(rq, page, l.which, NULL));
	return OK;
}
