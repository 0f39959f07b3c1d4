/* SPDX-License-Identifier: Apache-2.0 */
/* One calendar: its addresses, its file, the link of its feed, its place among the others. */
#include "caldav/calendar/feed.h"
#include "server/account/account.h"
#include "server/base/config.h"
#include "server/booking/page.h"
#include "server/files/calendar_file.h"
#include "server/http/access.h"
#include "web/calendars.h"
#include "web/key_view.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/say.h"

static struct str page_of(struct request *rq, const struct calendar *c)
{
	return str_fmt(rq->cx.mem, "/%.*s", STR_ARG(id_text(rq->cx.mem, "cal", c->id)));
}

/* ---- the page ---- */

static err_t feed_read(struct request *rq, const struct actor *actor, const struct calendar *c, const struct feed **out)
{
	struct feed_list feeds;
	TRY(feeds_list(&rq->cx, actor, &feeds));
	const struct feed *feed = feed_of(&feeds, c->id);
	*out = feed && !instant_is_none(feed->made_at) ? feed : NULL;
	return OK;
}

/* The link is shown once its owner asked for one: until then nobody has it from here. */
static err_t feed_values(struct request *rq, struct html_values *v, const struct calendar *c)
{
	struct arena *mem = rq->cx.mem;
	const struct actor actor = calendars_actor(rq, id_is_test(c->account));
	const struct feed *feed;
	bool free_plan;
	TRY(key_plan_values(rq, v, &free_plan));
	TRY(feed_read(rq, &actor, c, &feed));
	if (!feed)
		return OK;
	html_set_flag(v, "feed", true);
	page_when(rq, v, "feed_made", feed->made_at);
	if (access_need_proof(rq)) /* who copies it has it for longer than the session */
		return OK;
	struct str path = str_fmt(mem, "/feed/%.*s.ics", STR_ARG(feed->token));
	html_set(v, "feed_url", str_cat(mem, rq->cx.config->public_url, path));
	html_set(v, "webcal_url", str_fmt(mem, "webcal://%.*s%.*s", STR_ARG(page_host(rq->cx.config)), STR_ARG(path)));
	return OK;
}

err_t calendar_one_page(struct request *rq, struct response *rs)
{
	struct calendar c;
	TRY(calendars_in_path(rq, &c));
	struct html_values *v;
	TRY(calendars_page_of(rq, &c, SAY("Calendar"), &v));
	html_set(v, "title", calendar_label(&c));
	html_set(v, "caldav_root", str_cat(rq->cx.mem, rq->cx.config->public_url, STR("/dav/")));
	TRY(feed_values(rq, v, &c));
	page_notice(rq, v);
	return page_reply(rs, 200, "calendar_one", v);
}

/* ---- what goes with it ---- */

/* Booking pages whose events come to this calendar: who sees it alone sees those. */
static err_t booking_values(
	struct request *rq, struct html_values *v, const struct actor *actor, const struct calendar *c)
{
	struct actor sees = *actor;
	struct booking_page *pages;
	size_t count;
	sees.calendars = (struct id_list){ &c->id, 1 };
	TRY(booking_page_page(&rq->cx, &sees, (struct id){ 0 }, true, BOOKING_PAGES_MAX, &pages, &count));
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "booked_by");
		html_set(row, "page_id", id_text(rq->cx.mem, "bkp", pages[i].id));
		html_set(row, "page_title", pages[i].title);
	}
	return OK;
}

static void set_number(struct request *rq, struct html_values *v, const char *name, int64_t n)
{
	if (n)
		html_set(v, name, str_fmt(rq->cx.mem, "%lld", (long long)n));
}

static err_t reliance_values(
	struct request *rq, struct html_values *v, const struct actor *actor, const struct calendar *c)
{
	struct calendar_reliance relied;
	TRY(calendar_relied_on(&rq->cx, actor, c->id, &relied));
	set_number(rq, v, "keys", relied.keys);
	set_number(rq, v, "keys_alone", relied.keys_alone);
	set_number(rq, v, "apps", relied.apps);
	set_number(rq, v, "apps_alone", relied.apps_alone);
	set_number(rq, v, "pages", relied.pages);
	return OK;
}

err_t calendar_delete_page(struct request *rq, struct response *rs)
{
	struct calendar c;
	const struct feed *feed;
	TRY(calendars_in_path(rq, &c));
	const struct actor actor = calendars_actor(rq, id_is_test(c.account));
	struct html_values *v;
	TRY(calendars_page_of(rq, &c, SAY("Delete this calendar?"), &v));
	TRY(feed_read(rq, &actor, &c, &feed));
	html_set_flag(v, "feed", feed != NULL);
	TRY(booking_values(rq, v, &actor, &c));
	TRY(reliance_values(rq, v, &actor, &c));
	return page_reply(rs, 200, "calendar_delete", v);
}

err_t calendar_export_page(struct request *rq, struct response *rs)
{
	struct calendar c;
	TRY(calendars_in_path(rq, &c));
	const struct actor actor = calendars_actor(rq, id_is_test(c.account));
	return calendar_send(rq, rs, &actor, &c);
}

/* ---- the link of its feed ---- */

/* Back to the page, for who proved who they are on the way here. */
err_t calendar_feed_show(struct request *rq, struct response *rs)
{
	struct calendar c;
	TRY(calendars_in_path(rq, &c));
	reply_redirect(rs, 303,
		str_fmt(rq->cx.mem, "/calendars%.*s%s#feed", STR_ARG(page_of(rq, &c)),
			id_is_test(c.account) ? "?mode=test" : ""));
	return OK;
}

static err_t change_feed(struct request *rq, struct response *rs, enum feed_change change, const char *done)
{
	struct calendar c;
	struct once once;
	bool again;
	TRY(calendars_in_path(rq, &c));
	bool test = id_is_test(c.account);
	const struct actor actor = calendars_actor(rq, test);
	TRY(once_leads(rq, rs, &once, &again));
	if (again)
		return OK;
	err_t e = feed_change(&rq->cx, &actor, c.id, change);
	TRY(once_end(rq, &once, e, calendars_path(rq, page_of(rq, &c), done, test)));
	calendars_go_to(rq, rs, page_of(rq, &c), done, test);
	return OK;
}

/* Without `renew` the link that is there is shown; with it the old one ends. */
err_t calendar_feed_post(struct request *rq, struct response *rs)
{
	bool renew = form_count(&rq->form, "renew") > 0;
	return change_feed(rq, rs, renew ? FEED_REGENERATED : FEED_MADE, renew ? "feed-renewed" : "feed-made");
}

err_t calendar_feed_end_post(struct request *rq, struct response *rs)
{
	return change_feed(rq, rs, FEED_ENDED, "feed-ended");
}

static err_t ask(struct request *rq, struct response *rs, const char *title, bool end)
{
	struct calendar c;
	TRY(calendars_in_path(rq, &c));
	struct html_values *v;
	TRY(calendars_page_of(rq, &c, title, &v));
	html_set_flag(v, "end", end);
	return page_reply(rs, 200, "calendar_feed", v);
}

err_t calendar_feed_page(struct request *rq, struct response *rs)
{
	return ask(rq, rs, SAY("Make a new link?"), false);
}

err_t calendar_feed_end_page(struct request *rq, struct response *rs)
{
	return ask(rq, rs, SAY("End this link?"), true);
}

/* ---- its place ---- */

/*
 * The order becomes that of `all`. The last one is 0, those before it below: a calendar that is made later, by whatever
 * program, is 0 too, and so does not come first.
 */
static err_t save_order(struct request *rq, const struct actor *actor, const struct calendar *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct calendar_change change = { .set_ord = true, .ord = (int32_t)i - (int32_t)count + 1 };
		if (all[i].ord == change.ord)
			continue;
		err_t e = calendar_update(&rq->cx, actor, all[i].name, &change);
		if (e && !err_is(e, NOT_FOUND)) /* it went meanwhile */
			return e;
	}
	return OK;
}

/* Past either end there is nowhere to go, and it stays. */
err_t calendar_move_post(struct request *rq, struct response *rs)
{
	struct calendar c, *all;
	size_t count, at = 0;
	TRY(calendars_in_path(rq, &c));
	bool test = id_is_test(c.account), up = str_eq(form_get(&rq->form, "to"), STR("up"));
	const struct actor actor = calendars_actor(rq, test);
	TRY(calendar_list(&rq->cx, &actor, &all, &count));
	while (at < count && !id_eq(all[at].id, c.id))
		at++;
	if (at < count && (up ? at > 0 : at + 1 < count)) {
		size_t with = up ? at - 1 : at + 1;
		struct calendar other = all[with];
		all[with] = all[at];
		all[at] = other;
		TRY(save_order(rq, &actor, all, count));
	}
	calendars_go_to(rq, rs, STR(""), "moved", test);
	return OK;
}
