/* SPDX-License-Identifier: Apache-2.0 */
/* One connected app: what it may, which its user decides anew here (connected_account_change), and its end. */
#include "web/connected_account_view.h"

#include "caldav/calendar/sandbox.h"
#include "server/auth/scope.h"
#include "web/lifetimes.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/ticks.h"

err_t connected_account_in_path(struct request *rq, struct connected_account *out)
{
	struct id id;
	if (!id_parse(rq->args[0], "cpa", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no connection id");
	err_t e = connected_account_get(&rq->cx, rq->principal->account, id, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "", "This app is not connected to your account (any more).");
	return e;
}

/* As it is, or with what was sent (POST). */
static err_t detail_values(struct request *rq, const struct connected_account *c, const struct connection_change *sent,
	struct html_values **out)
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
	ticks_of_scopes(rq, v, "ticks", c->scopes, sent ? sent->scopes : c->scopes, c->scopes);
	ticks_of_calendars(rq->cx.mem, v, calendars, count, chosen);
	html_set_flag(
		v, "only_some", sent ? str_eq(form_get(&rq->form, "calendars"), STR("some")) : chosen.items != NULL);
	html_set_flag(v, "signs_in", !(c->scopes & SCOPES_ALL));
	html_set_flag(v, "was_used", !instant_is_none(c->last_used_at));
	html_set_flag(v, "ends", c->expires_at.us != INSTANT_FOREVER.us);
	lifetimes_offer(rq, v, LIFETIME_OF_CONNECTION, c->expires_at, form_get(&rq->form, "until"));
	*out = v;
	return OK;
}

err_t connected_account_page(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	struct html_values *v;
	TRY(connected_account_in_path(rq, &connected));
	TRY(detail_values(rq, &connected, NULL, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "connected_account", v);
}

static err_t read_change(struct request *rq, struct connection_change *out)
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

err_t connected_account_post(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	struct connection_change change = { 0 };
	struct html_values *v;
	TRY(connected_account_in_path(rq, &connected));
	err_t e = read_change(rq, &change);
	if (!e)
		e = connected_account_change(&rq->cx, &connected, &change);
	if (!e) {
		reply_redirect(
			rs, 303, str_fmt(rq->cx.mem, "/connected-accounts/%.*s?done=saved", STR_ARG(rq->args[0])));
		return OK;
	}
	TRY(detail_values(rq, &connected, &change, &v));
	return page_again(rs, "connected_account", v, e);
}

err_t connected_account_remove_page(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	TRY(connected_account_in_path(rq, &connected));
	struct html_values *v = page_new(rq, "Remove this app?", "connected_accounts");
	connected_account_values(rq, v, &connected);
	return page_reply(rs, 200, "connected_account_remove", v);
}

err_t connected_account_remove_post(struct request *rq, struct response *rs)
{
	struct connected_account connected;
	TRY(connected_account_in_path(rq, &connected));
	TRY(connected_account_end(&rq->cx, connected.account, connected.id));
	reply_redirect(rs, 303, STR("/connected-accounts?done=removed"));
	return OK;
}
