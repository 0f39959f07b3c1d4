/* SPDX-License-Identifier: Apache-2.0 */
/* One connected app: what it may, which its user decides anew here (connected_account_change), and its end. */
#include "web/apps.h"
#include "web/connected_account_view.h"

#include "caldav/calendar/sandbox.h"
#include "server/account/hold.h"
#include "server/auth/scope.h"
#include "server/db/query.h"
#include "web/lifetimes.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/stale.h"
#include "web/ticks.h"

/* The connection of :id in the path, of either mode. NOT_FOUND. */
static err_t in_path(struct request *rq, struct connected_account *out)
{
	struct id id;
	if (!id_parse(rq->args[0], "cpa", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no connection id");
	err_t e = connected_account_get(&rq->cx, rq->principal->account, id, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "", "This app is not connected to your account (any more).");
	return e;
}

#define EDIT_FIELDS 2

/* Its scopes are only ever made fewer, and its end sooner, whoever is first: what both leave it stays. */
static const struct stale_field *edit_fields(
	struct request *rq, const struct connected_account *c, const struct calendar *calendars, size_t count)
{
	struct arena *mem = rq->cx.mem;
	struct stale_field *fields = arena_array(mem, struct stale_field, EDIT_FIELDS);
	struct str *ids = arena_array(mem, struct str, count + 1), some = c->calendars.items ? STR("some") : STR("all");
	struct buf names = buf_new(mem, KIB(16));
	size_t chosen = 0;
	for (size_t i = 0; i < count; i++) {
		if (!ticks_is_chosen(c->calendars, calendars[i].id))
			continue;
		buf_fmt(&names, "%s%.*s", chosen ? ", " : "", STR_ARG(calendar_label(&calendars[i])));
		ids[chosen++] = id_text(mem, "cal", calendars[i].id);
	}
	fields[0] = (struct stale_field){ "calendars", SAY("In which calendars"), stale_one(mem, some),
		c->calendars.items ? buf_str(&names) : say(rq, "All, also those made later") };
	fields[1] = (struct stale_field){ "calendar", SAY("In which calendars"), { ids, chosen }, buf_str(&names) };
	return fields;
}

/* As it is, or with what was sent (POST). */
static err_t detail_values(struct request *rq, const struct connected_account *c,
	const struct connected_account_changes *sent, unsigned conflicts, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Connected app", "connected_accounts");
	const struct actor actor = actor_server(c->account);
	struct id_list chosen = sent ? ticks_sent_calendars(rq) : c->calendars;
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	if (id_is_test(c->account))
		TRY(sandbox_ahead(&rq->cx, c->account, &rq->cx.ahead_s));
	connected_account_values(rq, v, c);
	if (c->verified)
		TRY(app_logo_value(rq, v, c->client_id));
	ticks_of_scopes(rq, v, "ticks", c->scopes, sent ? sent->scopes : c->scopes, c->scopes);
	ticks_of_calendars(rq->cx.mem, v, calendars, count, chosen);
	html_set_flag(
		v, "only_some", sent ? str_eq(form_get(&rq->form, "calendars"), STR("some")) : chosen.items != NULL);
	html_set_flag(v, "signs_in", !(c->scopes & SCOPES_ALL));
	html_set_flag(v, "was_used", !instant_is_none(c->last_used_at));
	html_set_flag(v, "ends", c->expires_at.us != INSTANT_FOREVER.us);
	lifetimes_offer(rq, v, LIFETIME_OF_CONNECTION, c->expires_at, form_get(&rq->form, "until"));
	stale_values(rq, v, edit_fields(rq, c, calendars, count), EDIT_FIELDS, conflicts);
	*out = v;
	return OK;
}

err_t connected_account_page(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	struct html_values *v;
	TRY(in_path(rq, &connected));
	TRY(detail_values(rq, &connected, NULL, 0, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "connected_account", v);
}

static err_t read_change(struct request *rq, struct connected_account_changes *out)
{
	int64_t end_s;
	out->until = INSTANT_NONE;
	TRY(ticks_read_scopes(rq, &out->scopes));
	TRY(ticks_read_calendars(rq, &out->calendars));
	TRY(lifetime_read(rq, LIFETIME_OF_CONNECTION, "until", &end_s));
	if (end_s)
		out->until = instant_add_s(rq->cx.now, end_s);
	return OK;
}

/* Read, checked and changed while nobody else changes it. */
static err_t edit(struct request *rq, struct connected_account *connected, struct connected_account_changes *change,
	unsigned *conflicts)
{
	const struct actor actor = actor_server(connected->account);
	struct connected_account now;
	struct calendar *calendars;
	size_t count;
	TRY(row_hold(&rq->cx, HELD_CONNECTED_ACCOUNT, connected->account, connected->id));
	TRY(in_path(rq, &now));
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	err_t stale = stale_check(rq, edit_fields(rq, &now, calendars, count), EDIT_FIELDS, conflicts);
	TRY(read_change(rq, change)); /* what was ticked is shown again */
	if (!stale) /* of what was seen before: it tells what others took meanwhile apart from what was never there */
		return connected_account_change(&rq->cx, connected, change);
	*connected = now;
	return stale;
}

err_t connected_account_post(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	struct connected_account_changes change = { 0 };
	struct html_values *v;
	unsigned conflicts = 0;
	bool own;
	TRY(in_path(rq, &connected));
	TRY(db_join(&rq->cx, &own));
	err_t e = db_settle(&rq->cx, own, edit(rq, &connected, &change, &conflicts));
	if (!e) {
		reply_redirect(
			rs, 303, str_fmt(rq->cx.mem, "/connected-accounts/%.*s?done=saved", STR_ARG(rq->args[0])));
		return OK;
	}
	TRY(detail_values(rq, &connected, &change, conflicts, &v));
	return page_again(rs, "connected_account", v, e);
}

err_t connected_account_remove_page(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	TRY(in_path(rq, &connected));
	struct html_values *v = page_new(rq, "Remove this app?", "connected_accounts");
	connected_account_values(rq, v, &connected);
	return page_reply(rs, 200, "connected_account_remove", v);
}

err_t connected_account_remove_post(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	TRY(in_path(rq, &connected));
	TRY(connected_account_end(&rq->cx, connected.account, connected.id));
	reply_redirect(rs, 303, STR("/connected-accounts?done=removed"));
	return OK;
}
