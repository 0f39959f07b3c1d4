/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes by mail: to confirm an address, to change it, to set a new password. A link leads to a page with a button,
 * since mail programs look at links too: looking uses nothing up.
 */
#include "server/mail/mailbox.h"

#include "server/http/access.h"
#include "server/mail/reset.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

/* ---- who forgot their password ---- */

static struct html_values *forgot_values(struct request *rq)
{
	struct html_values *v = page_new(rq, "Forgot your password?", NULL);
	html_set_flag(v, "possible", mailbox_is_possible(&rq->cx));
	html_set(v, "email_value", form_get(&rq->form, "email"));
	return v;
}

err_t forgot_password_page(struct request *rq, struct response *rs)
{
	struct html_values *v = forgot_values(rq);
	page_notice(rq, v);
	return page_reply(rs, 200, "forgot_password", v);
}

err_t forgot_password_post(struct request *rq, struct response *rs)
{
	struct str email = str_trim(form_get(&rq->form, "email"), STR_BLANK);
	err_t e = email.len ? letter_ask(&rq->cx, MAILBOX_RESET, email, catalogue_tag(request_language(rq)))
			    : REFUSE(&rq->cx, MISSING_FIELD, "email", "Enter the e-mail address of your account.");
	if (e)
		return page_again(rs, "forgot_password", forgot_values(rq), e);
	reply_redirect(rs, 303, STR("/forgot-password?done=reset-sent"));
	return OK;
}

/* ---- links ---- */

static const struct link_kind {
	enum mailbox_purpose purpose;
	const char *title, *template_name;
} kinds[] = {
	{ MAILBOX_CONFIRM, SAY("Confirm your e-mail address"), "link_confirm" },
	{ MAILBOX_CHANGE, SAY("Use this address?"), "link_email" },
	{ MAILBOX_RESET, SAY("Set a new password"), "link_reset" },
};

/* The link's page. Guesses at links are visits, and counted as those. */
static err_t link_values(
	struct request *rq, enum mailbox_purpose purpose, struct mailbox_link *link, struct html_values **out)
{
	const struct link_kind *kind = &kinds[purpose - MAILBOX_CONFIRM];
	TRY(access_count_visit(rq));
	TRY(mailbox_link_read(&rq->cx, purpose, rq->args[0], link));
	struct html_values *v = page_new(rq, kind->title, NULL);
	html_set(v, "token", rq->args[0]);
	html_set(v, "link_email", link->email);
	html_set_flag(v, "unclaimed", !link->confirmed);
	*out = v;
	return OK;
}

/*
 * Whoever reads the letter need not be whose account it is: somebody may have named an address that is not theirs. By a
 * link that says "this address is mine" nobody gives it to a stranger's account.
 */
static bool is_owner(const struct request *rq, enum mailbox_purpose purpose, const struct mailbox_link *link)
{
	return purpose == MAILBOX_RESET || (rq->principal && id_eq(rq->principal->account, link->account));
}

static err_t ask_owner(struct request *rq, struct response *rs, const struct mailbox_link *link, struct html_values *v)
{
	struct buf to = buf_new(rq->cx.mem, 4 * PATH_OCTETS_MAX);
	buf_add(&to, sign_in_address(rq, "/sign-in", rq->target));
	BUF_LIT(&to, "&again=1&");
	form_add(&to, "login_hint", link->account_email);
	html_set(v, "sign_in_link", buf_str(&to));
	html_set(v, "account_address", link->account_email);
	return page_reply(rs, 403, "link_sign_in", v);
}

static err_t link_show(struct request *rq, struct response *rs, enum mailbox_purpose purpose)
{
	struct html_values *v;
	struct mailbox_link link;
	TRY(link_values(rq, purpose, &link, &v));
	if (!is_owner(rq, purpose, &link))
		return ask_owner(rq, rs, &link, v);
	return page_reply(rs, 200, kinds[purpose - MAILBOX_CONFIRM].template_name, v);
}

err_t link_confirm_page(struct request *rq, struct response *rs)
{
	return link_show(rq, rs, MAILBOX_CONFIRM);
}

err_t link_email_page(struct request *rq, struct response *rs)
{
	return link_show(rq, rs, MAILBOX_CHANGE);
}

err_t link_reset_page(struct request *rq, struct response *rs)
{
	return link_show(rq, rs, MAILBOX_RESET);
}

err_t link_confirm_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct mailbox_link link;
	TRY(link_values(rq, MAILBOX_CONFIRM, &link, &v));
	if (!is_owner(rq, MAILBOX_CONFIRM, &link))
		return ask_owner(rq, rs, &link, v);
	TRY(mailbox_confirm(&rq->cx, rq->args[0]));
	reply_redirect(rs, 303, STR("/account?done=email-confirmed"));
	return OK;
}

err_t link_email_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct mailbox_link link;
	TRY(link_values(rq, MAILBOX_CHANGE, &link, &v));
	if (!is_owner(rq, MAILBOX_CHANGE, &link))
		return ask_owner(rq, rs, &link, v);
	err_t e = mailbox_change(&rq->cx, rq->args[0]);
	if (e)
		return page_again(rs, "link_email", v, e);
	reply_redirect(rs, 303, STR("/account?done=email-changed"));
	return OK;
}

static err_t set_password(struct request *rq)
{
	struct str fresh = form_get(&rq->form, "new_password");
	if (!fresh.len)
		return REFUSE(&rq->cx, MISSING_FIELD, "new_password", "Enter a new password.");
	if (!str_eq(fresh, form_get(&rq->form, "new_password_again")))
		return REFUSE(&rq->cx, INVALID_VALUE, "new_password", "The two passwords are not the same.");
	return reset_password(&rq->cx, rq->args[0], fresh);
}

/* They sign in then, with whatever else their account asks for: a letter alone opens nothing. */
err_t link_reset_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct mailbox_link link;
	TRY(link_values(rq, MAILBOX_RESET, &link, &v));
	err_t e = set_password(rq);
	if (err_is(e, INVALID_VALUE)) /* whatever the field is called where passwords are checked */
		e = err_about(rq->cx.mem, e, "new_password");
	if (e)
		return page_again(rs, "link_reset", v, e);
	response_cookie(rs, "session", STR(""), 0);
	reply_redirect(rs, 303, STR("/sign-in?done=password-reset"));
	return OK;
}

/* ---- of the account page ---- */

err_t account_confirm_post(struct request *rq, struct response *rs)
{
	if (!rq->principal->email_confirmed)
		TRY(mailbox_ask_confirm(&rq->cx, rq->principal->account, rq->principal->email, request_language(rq)));
	reply_redirect(rs, 303, STR("/account?done=confirm-sent"));
	return OK;
}

err_t account_email_post(struct request *rq, struct response *rs)
{
	bool at_once;
	err_t e = mailbox_ask_change(&rq->cx, rq->principal->account, rq->principal->email,
		form_get(&rq->form, "email"), request_language(rq), &at_once);
	if (e)
		return account_again(rq, rs, e);
	reply_redirect(rs, 303, at_once ? STR("/account?done=email-changed") : STR("/account?done=change-sent"));
	return OK;
}
