/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting one's account, and taking it back. */
#include "server/mail/leaving.h"

#include "server/account/second_factor.h"
#include "server/base/config.h"
#include "web/page.h"
#include "web/pages.h"

static void set_count(struct request *rq, struct html_values *v, const char *name, int32_t count)
{
	if (count > 0)
		html_set(v, name, str_fmt(rq->cx.mem, "%d", (int)count));
}

/* What goes, by number: whoever deletes has seen it. */
err_t account_delete_page(struct request *rq, struct response *rs)
{
	struct leaving_counts counts;
	struct html_values *v = page_new(rq, "Delete your account?", "profile");
	TRY(leaving_count(&rq->cx, rq->principal->account, &counts));
	set_count(rq, v, "calendars", counts.calendars);
	html_set(v, "objects", str_fmt(rq->cx.mem, "%d", (int)counts.objects)); /* stands beside its calendars */
	set_count(rq, v, "keys", counts.keys);
	set_count(rq, v, "connections", counts.connections);
	set_count(rq, v, "apps", counts.apps);
	set_count(rq, v, "app_users", counts.app_users);
	set_count(rq, v, "pages", counts.pages);
	set_count(rq, v, "webhooks", counts.webhooks);
	page_when(rq, v, "delete_at", instant_add_s(rq->cx.now, LEAVING_S));
	return page_reply(rs, 200, "account_delete", v);
}

err_t account_delete_post(struct request *rq, struct response *rs)
{
	struct instant delete_at;
	const struct principal *who = rq->principal;
	TRY(leaving_begin(&rq->cx, who->account, who->email, who->tz, &delete_at));
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
