/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /shared/TOKEN: what a person sees who opens the link of a feed in a browser. It shows less than the feed has (when,
 * what and where), and of one month at a time. No cookie is asked for or set, and nobody is followed.
 */
#include "caldav/calendar/feed.h"
#include "caldav/calendar/view/calendar_label.h"
#include "server/base/config.h"
#include "server/booking/page.h"
#include "server/files/calendar_file.h"
#include "server/http/access.h"
#include "web/calendar_entries.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/routes.h"
#include "web/say.h"
#include "web/zones.h"

#define SHOWN_DAYS 30
#define SHOWN_MAX 400        /* entries; those that follow are on the next page */
#define FARTHEST_DAY 2932532 /* of the year 9998 */

struct visit {
	struct str token;
	struct calendar calendar;
	struct calendar_view view;
	bool zone_asked, zone_unknown;
};

static err_t open_calendar(struct request *rq, struct visit *v)
{
	struct ctx *cx = &rq->cx;
	struct id id;
	v->token = rq->args[0];
	TRY(access_count_visit(rq));
	TRY(feed_open(cx, v->token, &v->view.actor, &id));
	cx->account = id_in_mode(v->view.actor.owner, false);
	TRY(access_enter_as(rq, v->view.actor.owner));
	return calendar_by_id(cx, &v->view.actor, id, &v->calendar);
}

/* Of the visitor as they say, else of the calendar. */
static const struct zone *zone_of(const struct form *params, struct visit *v)
{
	struct str asked = str_trim(form_get(params, "tz"), STR_BLANK);
	const struct zone *zone = asked.len ? zone_by_name(asked) : NULL;
	v->zone_asked = zone != NULL;
	v->zone_unknown = asked.len && !zone;
	if (!zone && v->calendar.tzid.len)
		zone = zone_by_name(v->calendar.tzid);
	return zone ? zone : zone_utc();
}

/* Whatever of the query makes no sense is as if it were not there. */
static err_t open_visit(struct request *rq, struct visit *v)
{
	const struct form *params;
	struct calendar_view *view = &v->view;
	TRY(request_params(rq, &params));
	TRY(open_calendar(rq, v));
	v->calendar.selected = true; /* on their own pages its owner may have hidden it */
	view->kind = VIEW_AGENDA;
	view->zone = zone_of(params, v);
	view->calendars = &v->calendar;
	view->calendar_count = 1;
	view->hues = calendar_hues(rq->cx.mem, &v->calendar, 1);
	view->today = floor_div(zone_to_local(view->zone, instant_s(account_now(&rq->cx))), DAY_S);
	if (!day_parse(form_get(params, "date"), &view->day) || view->day > FARTHEST_DAY || view->day < 0)
		view->day = view->today;
	view->first = view->day;
	view->count = SHOWN_DAYS;
	return OK;
}

static void every_answer(struct response *rs)
{
	response_header(rs, "Cache-Control", STR("private, max-age=300"));
	response_header(rs, "Vary", STR("Accept-Language"));
}

/* ---- what is shown ---- */

static struct str href_of(struct arena *mem, const struct visit *v, int64_t day)
{
	struct buf out = buf_new(mem, 4 * PATH_OCTETS_MAX);
	buf_fmt(&out, "/shared/%.*s?", STR_ARG(v->token));
	form_add(&out, "date", day_text(mem, day));
	if (v->zone_asked)
		form_add(&out, "tz", booking_zone_name(v->view.zone));
	return buf_str(&out);
}

static void entry_values(struct request *rq, const struct calendar_entry *e, int64_t day, struct html_values *row)
{
	html_set(row, "hue", e->hue);
	html_set(row, "time", calendar_entry_time(rq, e, day));
	html_set(row, "event_title", e->title);
	if (e->location.len)
		html_set(row, "location", e->location);
	html_set_flag(row, "cancelled", e->cancelled);
	html_set_flag(row, "tentative", e->tentative);
}

/* A day after the other, each with what it touches; days on which nothing is are left out. */
static void day_values(struct request *rq, const struct visit *v, const struct calendar_entries *entries, size_t shown,
	int64_t end, struct html_values *values)
{
	for (int64_t day = v->view.first; day < end; day++) {
		struct html_values *row = NULL;
		for (size_t i = 0; i < shown; i++) {
			const struct calendar_entry *e = &entries->items[i];
			if (e->from_day > day || e->to_day < day)
				continue;
			if (!row) {
				row = html_add_row(values, "days");
				html_set(row, "day_name", day_long(rq, day));
				html_set_flag(row, "is_today", day == v->view.today);
			}
			entry_values(rq, e, day, html_add_row(row, "entries"));
		}
	}
}

static err_t agenda_values(struct request *rq, const struct visit *v, struct html_values *values)
{
	struct calendar_entries entries;
	int64_t end = v->view.first + v->view.count;
	TRY(calendar_entries_read(rq, &v->view, &entries));
	size_t shown = entries.count < SHOWN_MAX ? entries.count : SHOWN_MAX;
	if (shown < entries.count && entries.items[shown].from_day > v->view.first)
		end = entries.items[shown].from_day; /* whole days alone, and the next page begins with that one */
	day_values(rq, v, &entries, shown, end, values);
	html_set_flag(values, "crowded", shown < entries.count && end == v->view.first + v->view.count);
	html_set(values, "range", months_long(rq, v->view.first, end - 1));
	html_set(values, "earlier", href_of(rq->cx.mem, v, v->view.first - SHOWN_DAYS));
	html_set(values, "later", href_of(rq->cx.mem, v, end));
	html_set_flag(values, "not_today", v->view.first != v->view.today);
	html_set(values, "today_href", href_of(rq->cx.mem, v, v->view.today));
	return OK;
}

static void zone_values(const struct visit *v, struct html_values *values)
{
	struct str own = booking_zone_name(v->view.zone);
	bool offered = false;
	for (size_t i = 0; i < ZONES_OFFERED; i++) {
		struct html_values *row = html_add_row(values, "zones");
		html_set(row, "zone_offered", str_of(zones_offered[i]));
		html_set_flag(row, "chosen", str_eq(own, str_of(zones_offered[i])));
		offered |= str_eq(own, str_of(zones_offered[i]));
	}
	if (!offered)
		html_set(values, "other_zone", own);
}

static struct html_values *page_values(struct request *rq, const struct visit *v)
{
	struct arena *mem = rq->cx.mem;
	const struct config *config = rq->cx.config;
	struct html_values *values = page_without_cookie(rq, calendar_label(&v->calendar));
	struct str path = str_fmt(mem, "/feed/%.*s.ics", STR_ARG(v->token));
	html_set(values, "what", calendar_label(&v->calendar));
	if (v->calendar.description.len)
		html_set(values, "about", v->calendar.description);
	html_set_flag(values, "is_test", id_is_test(v->view.actor.owner));
	html_set(values, "zone", booking_zone_name(v->view.zone));
	html_set_flag(values, "zone_asked", v->zone_asked);
	html_set_flag(values, "zone_unknown", v->zone_unknown);
	html_set(values, "date", day_text(mem, v->view.first));
	html_set(values, "token", v->token);
	html_set(values, "feed_url", str_cat(mem, config->public_url, path));
	html_set(values, "webcal_url", str_fmt(mem, "webcal://%.*s%.*s", STR_ARG(page_host(config)), STR_ARG(path)));
	zone_values(v, values);
	return values;
}

err_t shared_page(struct request *rq, struct response *rs)
{
	struct visit v = { 0 };
	TRY(open_visit(rq, &v));
	struct html_values *values = page_values(rq, &v);
	TRY(agenda_values(rq, &v, values));
	TRY(page_reply_tagged(rs, "shared", values, true));
	every_answer(rs);
	return OK;
}

/* For who wants a file, whatever their browser does with the feed's own address. */
err_t shared_file(struct request *rq, struct response *rs)
{
	struct visit v = { 0 };
	TRY(open_calendar(rq, &v));
	response_header(rs, "Referrer-Policy", STR("no-referrer"));
	return calendar_send(rq, rs, &v.view.actor, &v.calendar);
}

/* Without a cookie, as all of it. */
void shared_show_error(struct request *rq, struct response *rs, err_t e)
{
	int status = page_status(e);
	struct html_values *values =
		page_without_cookie(rq, say(rq, status == 404 ? "This calendar is not here" : "This did not work"));
	if (status == 404)
		e = REFUSE(&rq->cx, NOT_FOUND, "",
			"The link is not whole, or its owner ended it. Ask them for a new one.");
	html_set(values, "alert", page_text(rq, e));
	err_t broken = html_render(&rq->cx, reply_public_page(rs, status), "book_gone", values);
	if (broken)
		buf_add(reply(rs, status, "text/plain; charset=utf-8"), err_text(e));
}
