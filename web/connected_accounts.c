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

static void app_values(struct request *rq, struct html_values *v, const struct connected_account *c)
{
	html_set(v, "app_id", id_text(rq->cx.mem, "cpa", c->id));
	html_set(v, "app_name", c->client_name);
	html_set(v, "owner", c->owner_name);
	html_set_flag(v, "verified", c->verified);
	html_set_flag(v, "test", id_is_test(c->account));
	ticks_of_scopes(v, "scopes", c->scopes, 0, 0);
	page_when(rq, v, "since", c->authorized_at);
	page_when(rq, v, "last_used", c->last_used_at);
	page_when(rq, v, "expires", c->expires_at);
}

err_t apps_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Connected apps", "apps");
	struct known known[2] = { 0 };
	struct connected_account *apps;
	size_t count;

	TRY(connected_account_list(&rq->cx, rq->principal->account, &apps, &count));
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "apps");
		app_values(rq, row, &apps[i]);
		TRY(add_calendars(rq, row, &apps[i], &known[id_is_test(apps[i].account)]));
	}
	page_notice(rq, v);
	return page_reply(rs, 200, "apps", v);
}

static err_t app_in_path(struct request *rq, struct connected_account *out)
{
	struct connected_account *apps;
	size_t count;
	struct id id;

	if (!id_parse(rq->args[0], "cpa", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no connection id");
	TRY(connected_account_list(&rq->cx, rq->principal->account, &apps, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(apps[i].id, id)) {
			*out = apps[i];
			return OK;
		}
	return REFUSE(&rq->cx, NOT_FOUND, "", "This app is not connected to your account (any more).");
}

err_t app_remove_page(struct request *rq, struct response *rs)
{
	struct connected_account app;
	TRY(app_in_path(rq, &app));
	struct html_values *v = page_new(rq, "Remove this app?", "apps");
	app_values(rq, v, &app);
	return page_reply(rs, 200, "app_remove", v);
}

err_t app_remove_post(struct request *rq, struct response *rs)
{
	struct connected_account app;
	TRY(app_in_path(rq, &app));
	TRY(connected_account_end(&rq->cx, app.account, app.id));
	reply_redirect(rs, 303, STR("/apps?done=removed"));
	return OK;
}
