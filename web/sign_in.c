/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/session.h"

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/http/cookie.h"
#include "server/mail/mailbox.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/passkeys.h"

static const struct id nobody = { { 0 } };

bool sign_up_is_open(const struct request *rq)
{
	return str_eq(rq->cx.config->signup, STR("open"));
}

struct str sign_in_address(struct request *rq, const char *path, struct str next)
{
	struct buf link = buf_new(rq->cx.mem, 16384);
	buf_fmt(&link, "%s?", path);
	form_add(&link, "next", next);
	return buf_str(&link);
}

struct html_values *sign_in_values(struct request *rq, const char *title, struct str next, struct str email)
{
	struct html_values *v = page_new(rq, title, NULL);
	next = page_local_path(rq, next);
	html_set(v, "next", next);
	html_set(v, "email_value", email);
	html_set_flag(v, "for_app", str_starts(next, STR("/oauth/")));
	html_set_flag(v, "signup_open", sign_up_is_open(rq));
	html_set_flag(v, "mail_possible", mailbox_is_possible(&rq->cx));
	html_set(v, "sign_up_link", sign_in_address(rq, "/sign-up", next));
	html_set(v, "sign_in_link", sign_in_address(rq, "/sign-in", next));
	return v;
}

struct known_browser sign_in_browser(struct request *rq)
{
	return known_browser_read(&rq->cx, request_cookie(rq, cookie_name(&rq->cx, "browser")));
}

struct session_new sign_in_proven(struct request *rq, struct id account, struct instant password_at, int16_t amr)
{
	return (struct session_new){ .account = account,
		.password_at = password_at,
		.auth_time = rq->cx.now,
		.amr = amr,
		.new_browser = !id_eq(sign_in_browser(rq).account, account) };
}

err_t sign_in_enter(struct request *rq, struct response *rs, struct session_new in, struct str to)
{
	struct str secret;
	in.old_secret = request_cookie(rq, cookie_name(&rq->cx, "session"));
	in.language = catalogue_tag(request_language(rq));
	TRY(session_create(&rq->cx, &in, &secret));
	response_cookie(rs, "session", secret, SESSION_LIFETIME_S);
	response_cookie(rs, "browser", known_browser_cookie(&rq->cx, sign_in_browser(rq), in.account), KNOWN_BROWSER_S);
	reply_redirect(rs, 303, to);
	return OK;
}

void sign_in_after(struct request *rq, struct response *rs, struct id account, struct str to, struct str otherwise)
{
	/* Its password was set by this request, at its time. */
	struct session_new in = {
		.account = account, .password_at = rq->cx.now, .auth_time = rq->cx.now, .amr = AMR_PASSWORD
	};
	const struct principal *was = rq->principal;
	if (was && id_eq(was->account, account) && was->amr != AMR_PASSWORD) {
		/* Who was signed in to it with more stays so, since they proved that: this was the password alone. */
		in.amr = was->amr;
		in.auth_time = was->auth_time;
	}
	err_t e = sign_in_enter(rq, rs, in, to);
	if (!e)
		return;
	log_event(LOG_WARN, "no_session", LOG_STR("why", err_text(e)), LOG_STR("detail", e->detail));
	reply_redirect(rs, 303, otherwise);
}

err_t sign_in_page(struct request *rq, struct response *rs)
{
	const struct form *params;
	TRY(request_params(rq, &params));
	struct str next = form_get(params, "next");
	/* again: the app wants to be sure who is there, or the user wants to be another. */
	if (rq->principal && !form_get(params, "again").len) {
		reply_redirect(rs, 303, page_local_path(rq, next));
		return OK;
	}
	struct html_values *v = sign_in_values(rq, "Sign in", next, form_get(params, "login_hint"));
	html_set_flag(v, "again", rq->principal != NULL);
	page_notice(rq, v);
	TRY(passkey_values(rq, v, PASSKEY_SIGN_IN, nobody));
	return page_reply_to(rs, 200, "sign_in", v, FORMS_LEAD_AWAY);
}

static err_t sign_in_again(struct request *rq, struct response *rs, struct str next, struct str email, err_t e)
{
	struct html_values *v = sign_in_values(rq, "Sign in", next, email);
	if (page_status(e) >= 500)
		return e;
	TRY(passkey_values(rq, v, PASSKEY_SIGN_IN, nobody));
	return page_again_to(rs, "sign_in", v, e, FORMS_LEAD_AWAY);
}

err_t sign_in_post(struct request *rq, struct response *rs)
{
	struct str email = form_get(&rq->form, "email"), next = form_get(&rq->form, "next");
	struct account account;

	err_t e = sign_in(&rq->cx, email, form_get(&rq->form, "password"), sign_in_browser(rq), &account);
	if (err_is(e, CREDENTIALS_INVALID) || err_is(e, INVALID_VALUE))
		e = REFUSE(&rq->cx, CREDENTIALS_INVALID, "email", "The e-mail address or the password is wrong.");
	if (!e && account.second_factor)
		return sign_in_code_ask(rq, rs, &account, page_local_path(rq, next));
	if (!e)
		e = sign_in_enter(rq, rs, sign_in_proven(rq, account.id, account.password_at, AMR_PASSWORD),
			page_local_path(rq, next));
	if (err_is(e, ACCOUNT_DEACTIVATED)) { /* which who proved the password is told alone */
		err_t found = account_return_page(rq, rs, email);
		if (!err_is(found, NOT_FOUND))
			return found;
	}
	return e ? sign_in_again(rq, rs, next, email, e) : OK;
}

/* A passkey that its device unlocked is two factors: no code is asked for. */
err_t sign_in_passkey_post(struct request *rq, struct response *rs)
{
	struct str next = form_get(&rq->form, "next");
	struct passkey_proof proof;
	err_t e = passkey_proven(rq, PASSKEY_SIGN_IN, nobody, &proof);
	if (!e)
		e = sign_in_enter(rq, rs, sign_in_proven(rq, proof.account, proof.password_at, proof.amr),
			page_local_path(rq, next));
	return e ? sign_in_again(rq, rs, next, STR_ABSENT, e) : OK;
}
