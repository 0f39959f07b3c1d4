/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/connected_account.h"

#include "web/ticks.h"
#include "web/page.h"
#include "web/pages.h"

/* The calendars of one mode of the account, asked for when a connection is limited to some. */
struct known {
	struct id account;
	struct calendar *calendars;
	size_t count;
	bool asked;
};

static err_t add_calendars(
	struct request *rq, struct html_values *v, const struct connected_account *c, struct known *known)
{
	if (!c->calendars.items)
		return OK;
	const struct actor actor = actor_server(c->account);
	if (!known->asked)
		TRY(calendar_list(&rq->cx, &actor, &known->calendars, &known->count));
	known->asked = true;
	html_set_flag(v, "limited", true);
	for (size_t i = 0; i < known->count; i++)
		for (size_t n = 0; n < c->calendars.count; n++)
			if (id_eq(known->calendars[i].id, c->calendars.items[n])) {
				struct html_values *row = html_add_row(v, "calendars");
				html_set(row, "calendar_name", calendar_label(&known->calendars[i]));
				html_set(row, "color", calendar_rgb(&known->calendars[i], STR(DEFAULT_COLOR)));
			}
	return OK;
}

static void connected_account_values(struct request *rq, struct html_values *v, const struct connected_account *c)
{
	html_set(v, "connected_account_id", id_text(rq->cx.mem, "cpa", c->id));
	html_set(v, "app_name", c->client_name);
	html_set(v, "owner", c->owner_name);
	html_set_flag(v, "verified", c->verified);
	html_set_flag(v, "test", id_is_test(c->account));
	ticks_of_scopes(rq, v, "scopes", c->scopes, 0, 0);
	page_when(rq, v, "since", c->authorized_at);
	page_when(rq, v, "last_used", c->last_used_at);
	page_when(rq, v, "expires", c->expires_at);
}

err_t connected_accounts_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Connected apps", "connected_accounts");
	struct known known[2] = { 0 };
	struct connected_account *connected;
	size_t count;

	TRY(connected_account_list(&rq->cx, rq->principal->account, &connected, &count));
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "connected_accounts");
		connected_account_values(rq, row, &connected[i]);
		TRY(add_calendars(rq, row, &connected[i], &known[id_is_test(connected[i].account)]));
	}
	page_notice(rq, v);
	return page_reply(rs, 200, "connected_accounts", v);
}

static err_t connected_account_in_path(struct request *rq, struct connected_account *out)
{
	struct connected_account *connected;
	size_t count;
	struct id id;

	if (!id_parse(rq->args[0], "cpa", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no connection id");
	TRY(connected_account_list(&rq->cx, rq->principal->account, &connected, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(connected[i].id, id)) {
			*out = connected[i];
			return OK;
		}
	return REFUSE(&rq->cx, NOT_FOUND, "", "This app is not connected to your account (any more).");
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
