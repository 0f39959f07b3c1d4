/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second step of a sign-in. That this browser proved the password stands in a cookie of ten minutes, sealed under
 * the server's key: whose, which password, and when. It opens nothing without a code.
 */
#include "server/account/second_factor.h"
#include "server/account/session.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/http/cookie.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/passkeys.h"

#include <string.h>

#define STEP_COOKIE "second_step"
#define STEP_S 600
#define STEP_CONTEXT STR("second step")

struct step {
	struct id account;
	int64_t password_at_us, proven_at_us;
};

static struct bytes step_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "second-step");
}

err_t sign_in_code_ask(struct request *rq, struct response *rs, const struct account *account, struct str next)
{
	const struct step step = { account->id, account->password_at.us, rq->cx.now.us };
	struct bytes sealed =
		seal(rq->cx.mem, step_key(&rq->cx), STEP_CONTEXT, bytes_of((const uint8_t *)&step, sizeof step));
	response_cookie(rs, STEP_COOKIE, base64url_of(rq->cx.mem, sealed), STEP_S);
	reply_redirect(rs, 303, sign_in_address(rq, "/sign-in/code", next));
	return OK;
}

/* False: nobody proved a password here within STEP_S. */
static bool read_step(struct request *rq, struct step *out)
{
	struct ctx *cx = &rq->cx;
	struct str cookie = request_cookie(rq, cookie_name(cx, STEP_COOKIE));
	struct bytes sealed, plain;
	if (!cookie.len || !base64url_to(cx->mem, cookie, &sealed) ||
		!unseal(cx->mem, step_key(cx), STEP_CONTEXT, sealed, &plain) || plain.len != sizeof *out)
		return false;
	memcpy(out, plain.ptr, sizeof *out);
	return instant_before(cx->now, instant_add_s((struct instant){ out->proven_at_us }, STEP_S));
}

/* To the first step. */
static err_t begin_anew(struct request *rq, struct response *rs, struct str next)
{
	struct buf to = buf_new(rq->cx.mem, 4 * PATH_OCTETS_MAX);
	buf_add(&to, sign_in_address(rq, "/sign-in", next));
	BUF_LIT(&to, "&again=1");
	reply_redirect(rs, 303, buf_str(&to));
	return OK;
}

static struct html_values *code_values(struct request *rq, struct str next, bool recovery)
{
	struct html_values *v = page_new(rq, "One more step", NULL);
	html_set(v, "next", next);
	html_set_flag(v, "recovery", recovery);
	struct str link = sign_in_address(rq, "/sign-in/code", next);
	html_set(v, "app_link", link);
	html_set(v, "recovery_link", str_cat(rq->cx.mem, link, STR("&recovery=1")));
	html_set(v, "sign_in_link", str_cat(rq->cx.mem, sign_in_address(rq, "/sign-in", next), STR("&again=1")));
	return v;
}

/* The page, or the page once more. */
static err_t ask_code(
	struct request *rq, struct response *rs, struct id account, struct str next, bool recovery, err_t e)
{
	struct html_values *v = code_values(rq, next, recovery);
	if (e && page_status(e) >= 500)
		return e;
	TRY(passkey_values(rq, v, PASSKEY_SECOND, account));
	return e ? page_again_to(rs, "sign_in_code", v, e, FORMS_LEAD_AWAY)
		 : page_reply_to(rs, 200, "sign_in_code", v, FORMS_LEAD_AWAY);
}

err_t sign_in_code_page(struct request *rq, struct response *rs)
{
	const struct form *params;
	struct step step;
	TRY(request_params(rq, &params));
	struct str next = page_local_path(rq, form_get(params, "next"));
	if (!read_step(rq, &step))
		return begin_anew(rq, rs, next);
	return ask_code(rq, rs, step.account, next, form_get(params, "recovery").len > 0, OK);
}

/* Both steps are done, by password and this. */
static err_t finish(struct request *rq, struct response *rs, const struct step *step, int16_t amr, struct str next)
{
	const struct instant password_at = { step->password_at_us };
	err_t e = sign_in_enter(
		rq, rs, sign_in_proven(rq, step->account, password_at, (int16_t)(AMR_PASSWORD | amr)), next);
	if (err_is(e, CREDENTIALS_INVALID)) /* another password was set meanwhile */
		return begin_anew(rq, rs, next);
	TRY(e);
	response_cookie(rs, STEP_COOKIE, STR(""), 0);
	return OK;
}

err_t sign_in_code_post(struct request *rq, struct response *rs)
{
	struct str next = page_local_path(rq, form_get(&rq->form, "next"));
	struct step step;
	int16_t amr;
	if (!read_step(rq, &step))
		return begin_anew(rq, rs, next);
	err_t e = second_factor_prove(&rq->cx, step.account, sign_in_browser(rq), form_get(&rq->form, "code"), &amr);
	if (e)
		return ask_code(rq, rs, step.account, next, form_count(&rq->form, "recovery") > 0, e);
	return finish(rq, rs, &step, amr, next);
}

err_t sign_in_code_passkey_post(struct request *rq, struct response *rs)
{
	struct str next = page_local_path(rq, form_get(&rq->form, "next"));
	struct step step;
	struct passkey_proof proof;
	if (!read_step(rq, &step))
		return begin_anew(rq, rs, next);
	err_t e = passkey_proven(rq, PASSKEY_SECOND, step.account, &proof);
	if (e)
		return ask_code(rq, rs, step.account, next, false, e);
	return finish(rq, rs, &step, proof.amr, next);
}
