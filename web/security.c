/* SPDX-License-Identifier: Apache-2.0 */
/* How an account is protected: the page, and the second factor's own pages. */
#include "server/account/second_factor.h"
#include "server/base/config.h"
#include "web/page.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/passkeys.h"
#include "web/qr.h"
#include "web/sessions.h"

static err_t security_values(struct request *rq, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Security", "security");
	struct second_factors factors;
	TRY(second_factors_of(&rq->cx, rq->principal->account, &factors));
	html_set_flag(v, "totp", !instant_is_none(factors.totp_since));
	page_when(rq, v, "totp_since", factors.totp_since);
	html_set(v, "recovery_codes", str_fmt(rq->cx.mem, "%lld", (long long)factors.recovery_codes));
	html_set_flag(v, "few_codes", factors.recovery_codes < 3);
	TRY(passkeys_values(rq, v));
	TRY(sessions_values(rq, v));
	*out = v;
	return OK;
}

err_t security_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(security_values(rq, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "security", v);
}

/* ---- an app's codes ---- */

err_t totp_begin_post(struct request *rq, struct response *rs)
{
	TRY(totp_begin(&rq->cx, rq->principal->account));
	reply_redirect(rs, 303, STR("/security/totp"));
	return OK;
}

/* Percent-encoded, as otpauth: wants its label (not as forms do it: a blank is %20). */
static void add_escaped(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (char_is_alpha(c) || char_is_digit(c) || str_has(STR("-._~"), c))
			buf_add(out, (struct str){ &text.ptr[i], 1 });
		else
			buf_fmt(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}

/* As authenticator apps read it from a QR code. */
static struct str otpauth_uri(struct request *rq, struct str secret)
{
	struct buf uri = buf_new(rq->cx.mem, KIB(8));
	BUF_LIT(&uri, "otpauth://totp/");
	add_escaped(&uri, rq->cx.config->brand);
	BUF_LIT(&uri, ":");
	add_escaped(&uri, rq->principal->email);
	buf_fmt(&uri, "?secret=%.*s&issuer=", STR_ARG(secret));
	add_escaped(&uri, rq->cx.config->brand);
	BUF_LIT(&uri, "&algorithm=SHA1&digits=6&period=30");
	return buf_str(&uri);
}

/* In fours, for who types it. */
static struct str in_fours(struct arena *mem, struct str secret)
{
	struct buf out = buf_new(mem, 256);
	for (size_t i = 0; i < secret.len; i += 4) {
		if (i)
			BUF_LIT(&out, " ");
		buf_add(&out, str_sub(secret, i, i + 4));
	}
	return buf_str(&out);
}

static err_t totp_values(struct request *rq, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Set up an authenticator app", "security");
	struct str secret;
	TRY(totp_begun(&rq->cx, rq->principal->account, &secret));
	struct str uri = otpauth_uri(rq, secret);
	html_set(v, "secret", in_fours(rq->cx.mem, secret));
	html_set(v, "uri", uri);
	qr_values(&rq->cx, v, "qr", uri);
	*out = v;
	return OK;
}

err_t totp_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	err_t e = totp_values(rq, &v);
	if (err_is(e, NOT_FOUND)) { /* none was begun, or it is active by now */
		reply_redirect(rs, 303, STR("/security"));
		return OK;
	}
	TRY(e);
	return page_reply(rs, 200, "totp", v);
}

static err_t show_codes(struct request *rq, struct response *rs, struct str_list codes, bool first)
{
	struct html_values *v = page_new(rq, "Your recovery codes", "security");
	struct buf text = buf_new(rq->cx.mem, KIB(1));
	for (size_t i = 0; i < codes.count; i++)
		buf_fmt(&text, "%s%.*s", i ? "\n" : "", STR_ARG(codes.items[i]));
	html_set(v, "codes", buf_str(&text));
	html_set_flag(v, "first", first);
	return page_reply(rs, 200, "recovery_codes", v);
}

err_t totp_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct str_list codes;
	err_t e = totp_activate(
		&rq->cx, rq->principal->account, rq->principal->credential, form_get(&rq->form, "code"), &codes);
	if (!e)
		return show_codes(rq, rs, codes, true);
	if (err_is(e, NOT_FOUND)) {
		reply_redirect(rs, 303, STR("/security"));
		return OK;
	}
	if (page_status(e) >= 500)
		return e;
	TRY(totp_values(rq, &v));
	return page_again(rs, "totp", v, e);
}

err_t totp_end_page(struct request *rq, struct response *rs)
{
	return page_reply(rs, 200, "totp_end", page_new(rq, "Turn off codes?", "security"));
}

err_t totp_end_post(struct request *rq, struct response *rs)
{
	TRY(totp_end(&rq->cx, rq->principal->account, rq->principal->credential));
	reply_redirect(rs, 303, STR("/security?done=totp-ended"));
	return OK;
}

/* ---- recovery codes ---- */

err_t recovery_codes_page(struct request *rq, struct response *rs)
{
	return page_reply(rs, 200, "recovery_codes_new", page_new(rq, "New recovery codes?", "security"));
}

err_t recovery_codes_post(struct request *rq, struct response *rs)
{
	struct str_list codes;
	struct once once;
	bool done;
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = recovery_codes_make(&rq->cx, rq->principal->account, &codes);
	TRY(once_end(rq, &once, e, STR("/security?done=shown-before")));
	return show_codes(rq, rs, codes, false);
}
