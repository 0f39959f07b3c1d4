/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Confirm it's you", before credentials are made (PROVEN_LATELY in a route). The form that was sent too late stands in
 * the page as it came, and goes on with 307 (RFC 9110 §15.4.8: the same method and body): nothing of it is lost, and
 * nothing is kept on the server.
 */
#include "server/account/second_factor.h"
#include "server/account/session.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/passkeys.h"

/* Of this page's own form; all other fields are of the form that is kept. */
static bool is_ours(struct str name)
{
	return str_eq(name, STR("csrf")) || str_starts(name, STR("confirm_")) || str_starts(name, STR("passkey_"));
}

static err_t confirm_values(struct request *rq, struct str next, bool form_kept, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Confirm it's you", NULL);
	struct buf action = buf_new(rq->cx.mem, 4 * PATH_OCTETS_MAX);
	BUF_LIT(&action, "/confirm?");
	form_add(&action, "next", next);
	html_set(v, "action", buf_str(&action));
	html_set_flag(v, "kept", form_kept);
	html_set_flag(v, "had_files", rq->form.file_count > 0);
	for (size_t i = 0; form_kept && i < rq->form.count; i++) {
		if (is_ours(rq->form.fields[i].name))
			continue;
		struct html_values *row = html_add_row(v, "fields");
		html_set(row, "field_name", rq->form.fields[i].name);
		html_set(row, "field_value", rq->form.fields[i].value);
	}
	struct second_factors factors;
	TRY(second_factors_of(&rq->cx, rq->principal->account, &factors));
	html_set_flag(v, "with_code", !instant_is_none(factors.totp_since));
	*out = v;
	return passkey_values(rq, v, PASSKEY_CONFIRM, rq->principal->account);
}

/* Where an app is allowed the form that is kept leads on to the app: browsers hold every step of the way to the page's
 * rule. */
static enum page_forms forms_of(struct str next)
{
	return str_starts(next, STR("/consent")) ? FORMS_LEAD_AWAY : FORMS_STAY;
}

err_t confirm_first(struct request *rq, struct response *rs)
{
	struct str to = page_local_path(rq, rq->target);
	if (rq->method == METHOD_POST) {
		struct html_values *v;
		TRY(confirm_values(rq, to, true, &v));
		return page_reply_to(rs, 403, "confirm", v, forms_of(to));
	}
	struct buf link = buf_new(rq->cx.mem, 4 * PATH_OCTETS_MAX);
	BUF_LIT(&link, "/confirm?");
	form_add(&link, "next", to);
	reply_redirect(rs, 303, buf_str(&link));
	return OK;
}

static err_t next_of(struct request *rq, struct str *out)
{
	const struct form *params;
	TRY(request_params(rq, &params));
	*out = page_local_path(rq, form_get(params, "next"));
	return OK;
}

err_t confirm_show(struct request *rq, struct response *rs)
{
	struct str next;
	struct html_values *v;
	TRY(next_of(rq, &next));
	TRY(confirm_values(rq, next, false, &v));
	return page_reply(rs, 200, "confirm", v);
}

/* By all that a sign-in asks for: whoever has the password and this browser shall not end what is asked after it. */
static err_t check_code(struct request *rq)
{
	struct second_factors factors;
	struct str code = form_get(&rq->form, "confirm_code");
	int16_t amr;
	TRY(second_factors_of(&rq->cx, rq->principal->account, &factors));
	if (instant_is_none(factors.totp_since))
		return OK;
	if (!code.len)
		return REFUSE(&rq->cx, INVALID_VALUE, "confirm_code", "Enter the code that your app shows, too.");
	err_t e = second_factor_prove(&rq->cx, rq->principal->account, sign_in_browser(rq), code, &amr);
	return err_is(e, INVALID_VALUE) ? err_about(rq->cx.mem, e, "confirm_code") : e;
}

/* By a passkey, if the form has the answer of one, or else by the password, and the code where one is asked for. */
static err_t prove(struct request *rq)
{
	struct passkey_sent sent;
	struct passkey_proof proof;
	if (passkey_sent_read(rq, &sent)) {
		TRY(passkey_proven(rq, PASSKEY_CONFIRM, rq->principal->account, &proof));
		return session_proven(&rq->cx, rq->principal);
	}
	err_t e = session_check_password(&rq->cx, rq->principal, form_get(&rq->form, "confirm_password"));
	if (err_is(e, CREDENTIALS_INVALID))
		return REFUSE(&rq->cx, INVALID_VALUE, "confirm_password", "The password is wrong.");
	TRY(e);
	TRY(check_code(rq));
	return session_proven(&rq->cx, rq->principal);
}

err_t confirm_post(struct request *rq, struct response *rs)
{
	struct str next;
	bool form_kept = form_count(&rq->form, "confirm_kept") > 0;
	TRY(next_of(rq, &next));
	err_t e = prove(rq);
	if (e && page_status(e) < 500) {
		struct html_values *v;
		TRY(confirm_values(rq, next, form_kept, &v));
		return page_again_to(rs, "confirm", v, e, form_kept ? forms_of(next) : FORMS_STAY);
	}
	TRY(e);
	reply_redirect(rs, form_kept ? 307 : 303, next);
	return OK;
}
