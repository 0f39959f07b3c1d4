/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting one's account, and taking it back. */
#include "server/mail/leaving.h"

#include "server/account/second_factor.h"
#include "web/manner.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

/* What goes, by number: whoever deletes has seen it. Of what there is none nothing is said. */
static void counted(struct request *rq, struct html_values *v, const struct leaving_counts *counts)
{
	/* clang-format off */
	const struct { const char *name; int32_t count; const char *one, *more; } lines[] = {
		{ "calendars",   counts->calendars,   SAY("1 calendar"), SAY("{n} calendars") },
		{ "keys",        counts->keys,        SAY("1 API key: what uses it stops"), SAY("{n} API keys: programs and devices that use them stop") },
		{ "connections", counts->connections, SAY("1 connected app"), SAY("{n} connected apps") },
		{ "pages",       counts->pages,       SAY("1 booking page"), SAY("{n} booking pages") },
		{ "webhooks",    counts->webhooks,    SAY("1 webhook endpoint"), SAY("{n} webhook endpoints") },
		{ "apps",        counts->apps,        SAY("1 app of your own"), SAY("{n} apps of your own") },
		{ "app_users",   counts->app_users,   SAY("1 connection of somebody who uses them ends"), SAY("{n} connections of people who use them end") },
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (lines[i].count > 0)
			html_set(v, lines[i].name, say_count(rq, lines[i].count, lines[i].one, lines[i].more));
	html_set(v, "objects", say_count(rq, counts->objects, SAY("1 entry"), SAY("{n} entries")));
}

err_t account_delete_page(struct request *rq, struct response *rs)
{
	struct leaving_counts counts;
	struct html_values *v = page_new(rq, "Delete your account?", "profile");
	TRY(leaving_count(&rq->cx, rq->principal->account, &counts));
	counted(rq, v, &counts);
	page_when(rq, v, "delete_at", instant_add_s(rq->cx.now, LEAVING_S));
	return page_reply(rs, 200, "account_delete", v);
}

err_t account_delete_post(struct request *rq, struct response *rs)
{
	struct instant delete_at;
	const struct principal *who = rq->principal;
	const struct leaving_owner owner = { who->email, who->tz, request_locale(rq) };
	TRY(leaving_begin(&rq->cx, who->account, &owner, &delete_at));
	response_cookie(rs, "session", STR(""), 0);
	struct html_values *v = page_new(rq, "Your account will be deleted", NULL);
	html_set_flag(v, "signed_in", false);
	page_when(rq, v, "delete_at", delete_at);
	return page_reply(rs, 200, "account_left", v);
}

/* Who has a second factor gives it here, too: the password alone brings nothing back. */
static err_t return_values(struct request *rq, struct id account, struct str token, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Take your account back?", NULL);
	struct second_factors factors;
	TRY(second_factors_of(&rq->cx, account, &factors));
	html_set(v, "token", token);
	html_set_flag(v, "with_code", !instant_is_none(factors.totp_since));
	*out = v;
	return OK;
}

err_t account_return_page(struct request *rq, struct response *rs, struct str email)
{
	struct instant delete_at;
	struct str token;
	struct id account;
	struct html_values *v;
	TRY(leaving_find(&rq->cx, email, &delete_at, &token));
	TRY(leaving_token_read(&rq->cx, token, &account));
	TRY(return_values(rq, account, token, &v));
	page_when(rq, v, "delete_at", delete_at);
	return page_reply(rs, 403, "account_return", v);
}

static err_t check_code(struct request *rq, struct id account)
{
	struct second_factors factors;
	int16_t amr;
	TRY(second_factors_of(&rq->cx, account, &factors));
	if (instant_is_none(factors.totp_since))
		return OK;
	return second_factor_prove(&rq->cx, account, sign_in_browser(rq), form_get(&rq->form, "code"), &amr);
}

err_t account_take_back_post(struct request *rq, struct response *rs)
{
	struct str token = form_get(&rq->form, "token");
	struct id account;
	struct html_values *v;
	TRY(leaving_token_read(&rq->cx, token, &account));
	err_t e = check_code(rq, account);
	if (e && page_status(e) < 500) {
		TRY(return_values(rq, account, token, &v));
		return page_again(rs, "account_return", v, e);
	}
	TRY(e);
	TRY(leaving_take_back(&rq->cx, token));
	reply_redirect(rs, 303, STR("/sign-in?done=taken-back"));
	return OK;
}
