/* SPDX-License-Identifier: Apache-2.0 */
#include "web/book.h"

#include "caldav/calendar/recur/vtimezone.h"
#include "server/http/access.h"
#include "web/booking_pages.h"
#include "web/manner.h"
#include "web/say.h"

#define HREF_MAX ((size_t)2048)

/* ---- who looks at what ---- */

static err_t find_page(struct request *rq, enum book_view view, struct booking_page *out)
{
	struct actor actor;
	if (view == BOOK_PREVIEW)
		return booking_page_in_path(rq, &actor, out);
	TRY(access_count_visit(rq));
	err_t e = booking_page_public(&rq->cx, rq->args[0], out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "",
			"Nothing can be booked here: the link may be mistyped, or the page is paused or gone.");
	TRY(e);
	rq->cx.account = id_in_mode(out->account, false);
	return access_enter_as(rq, out->account);
}

static struct str base_of(struct request *rq, enum book_view view)
{
	static const char *const bases[] = {
		[BOOK_PAGE] = "/book/", [BOOK_FRAME] = "/embed/", [BOOK_PREVIEW] = "/booking-pages/"
	};
	return str_fmt(
		rq->cx.mem, "%s%.*s%s", bases[view], STR_ARG(rq->args[0]), view == BOOK_PREVIEW ? "/preview" : "");
}

static struct str choice(struct request *rq, const char *name)
{
	const struct form *params;
	struct str sent = form_get(&rq->form, name);
	err_t e = sent.ptr ? OK : request_params(rq, &params);
	return sent.ptr ? sent : e ? STR_ABSENT : form_get(params, name);
}

static void read_choices(struct request *rq, struct book_visit *v)
{
	struct str tz = choice(rq, "tz"), minutes = choice(rq, "minutes");
	const struct zone *asked = tz.len && tz.len <= 64 ? zone_by_name(tz) : NULL;
	uint64_t wanted;
	v->zone = asked ? asked : zone_or_utc(v->page.tz);
	v->zone_asked = asked;
	v->zone_unknown = tz.len && !asked;
	v->minutes = v->page.durations[0];
	for (size_t i = 0; str_to_u64(minutes, INT32_MAX, &wanted) && i < v->page.duration_count; i++)
		if (v->page.durations[i] == (int32_t)wanted)
			v->minutes = (int32_t)wanted;
}

err_t book_open(struct request *rq, enum book_view view, struct book_visit *out)
{
	struct book_visit v = { .view = view };
	TRY(find_page(rq, view, &v.page));
	TRY(booking_offer(&rq->cx, &v.page, &v.offer));
	v.base = base_of(rq, view);
	read_choices(rq, &v);
	*out = v;
	return OK;
}

/* ---- addresses ---- */

static void add_choices(
	struct arena *mem, const struct book_visit *v, struct str zone, int32_t minutes, struct buf *out)
{
	if (zone.ptr)
		form_add(out, "tz", zone);
	if (minutes != v->page.durations[0])
		form_add(out, "minutes", str_fmt(mem, "%d", (int)minutes));
}

static struct str href_of(struct buf *out)
{
	return out->len && out->ptr[out->len - 1] == '?' ? str_sub(buf_str(out), 0, out->len - 1) : buf_str(out);
}

struct str book_href(struct arena *mem, const struct book_visit *v, const char *end, const char *name, struct str value)
{
	struct buf out = buf_new(mem, HREF_MAX);
	buf_fmt(&out, "%.*s%s?", STR_ARG(v->base), end);
	if (name)
		form_add(&out, name, value);
	add_choices(mem, v, v->zone_asked ? booking_zone_name(v->zone) : STR_ABSENT, v->minutes, &out);
	return href_of(&out);
}

struct str book_href_with(struct arena *mem, const struct book_visit *v, struct str zone, int32_t minutes)
{
	struct buf out = buf_new(mem, HREF_MAX);
	buf_fmt(&out, "%.*s?", STR_ARG(v->base));
	add_choices(mem, v, zone.ptr ? zone : v->zone_asked ? booking_zone_name(v->zone) : STR_ABSENT, minutes, &out);
	return href_of(&out);
}

/* ---- times ---- */

int64_t book_day(const struct book_visit *v, int64_t at)
{
	return bookable_day(v->zone, at);
}

struct str book_clock(struct request *rq, const struct book_visit *v, int64_t at)
{
	return time_of_day(rq, zone_to_local(v->zone, at));
}

err_t book_slots(struct request *rq, const struct book_visit *v, int64_t from, int64_t to, size_t limit,
	const struct slot_span **out, size_t *count_out)
{
	const struct booking_wish wish = {
		.from = instant_of_s(from), .to = instant_of_s(to), .duration = v->minutes, .limit = limit
	};
	*out = NULL;
	*count_out = 0;
	return from < to ? booking_slots(&rq->cx, &v->page, &v->offer, &wish, out, count_out) : OK;
}

/* ---- what is shown ---- */

static void length_values(struct request *rq, const struct book_visit *v, struct html_values *values)
{
	struct arena *mem = rq->cx.mem;
	html_set(values, "minutes", str_fmt(mem, "%d", (int)v->minutes));
	html_set_flag(values, "many_lengths", v->page.duration_count > 1);
	for (size_t i = 0; i < v->page.duration_count; i++) {
		int32_t minutes = v->page.durations[i];
		struct html_values *row = html_add_row(values, "lengths");
		html_set(row, "length", str_fmt(mem, "%d", (int)minutes));
		html_set(row, "length_href", book_href_with(mem, v, STR_ABSENT, minutes));
		html_set_flag(row, "chosen", minutes == v->minutes);
	}
}

struct html_values *book_values(struct request *rq, const struct book_visit *v, const char *title)
{
	struct html_values *values = html_values_new(rq->cx.mem);
	page_language(rq, values);
	html_set(values, "title", title ? say(rq, title) : v->page.title);
	html_set(values, "brand", rq->cx.config->brand);
	html_set(values, "what", v->page.title);
	html_set(values, "about", v->page.description);
	html_set(values, "zone", booking_zone_name(v->zone));
	html_set(values, "clock_now", book_clock(rq, v, instant_s(account_now(&rq->cx))));
	html_set(values, "base", v->base);
	html_set(values, "here", book_href(rq->cx.mem, v, "", NULL, STR_ABSENT));
	html_set(values, "zone_href", book_href(rq->cx.mem, v, "/zone", NULL, STR_ABSENT));
	html_set_flag(values, "zone_asked", v->zone_asked);
	html_set_flag(values, "zone_unknown", v->zone_unknown);
	html_set_flag(values, "framed", v->view == BOOK_FRAME);
	html_set_flag(values, "preview", v->view == BOOK_PREVIEW);
	html_set_flag(values, "is_test", id_is_test(v->page.account));
	html_set(values, "page_id", id_text(rq->cx.mem, "bkp", v->page.id));
	length_values(rq, v, values);
	return values;
}

err_t book_reply(struct response *rs, const struct book_visit *v, int status, const char *name,
	const struct html_values *values, bool is_public)
{
	const struct language *language = request_language(rs->rq);
	struct buf *out = v->view == BOOK_FRAME ? reply_framed_page(rs, status, v->page.embed_origins, is_public)
			  : is_public && v->view == BOOK_PAGE ? reply_public_page(rs, status)
							      : reply_page(rs, status, FORMS_STAY);
	response_header(rs, "Content-Language", str_of(language ? language->tag : "en"));
	response_header(rs, "Vary", STR("Accept-Language"));
	return html_render(&rs->rq->cx, out, name, values);
}
