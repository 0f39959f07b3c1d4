/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/authorize.h"

#include "oauth/answer.h"
#include "oauth/checks.h"
#include "oauth/consent.h"
#include "oauth/guess_limit.h"
#include "oauth/par.h"
#include "server/auth/amr.h"
#include "server/http/cookie.h"

#define URL_MAX ((size_t)8 * 1024)

/* A request on its way: checked now, or stored before. */
struct journey {
	struct auth_request request;
	struct client client;
	struct consent_user user;
	struct str reference; /* absent until it is stored */
};

static struct consent_user user_of(const struct request *rq)
{
	if (!rq->principal)
		return (struct consent_user){ .auth_time = INSTANT_BEFORE };
	return (struct consent_user){ rq->principal->account, rq->principal->auth_time, rq->principal->amr };
}

static struct str page_url(struct arena *mem, const char *page, struct str reference)
{
	struct buf url = buf_new(mem, URL_MAX);
	buf_fmt(&url, "%s?", page);
	form_add(&url, "request", reference);
	return buf_str(&url);
}

struct str authorize_sign_in_url(struct arena *mem, struct str reference, struct str login_hint, bool again)
{
	struct buf url = buf_new(mem, URL_MAX);
	BUF_LIT(&url, SIGN_IN_PAGE "?");
	form_add(&url, "next", page_url(mem, "/oauth/continue", reference));
	if (login_hint.ptr)
		form_add(&url, "login_hint", login_hint);
	if (again)
		form_add(&url, "again", STR("1"));
	return buf_str(&url);
}

/* A row that a stranger makes: so many from one network, and no more. */
static err_t store(struct request *rq, struct journey *j)
{
	if (j->reference.ptr)
		return OK;
	TRY(guess_limit_take(rq, STR("authorize")));
	return auth_request_store(&rq->cx, &j->request, &j->reference);
}

/* Back to the client. A stored request is answered by that, so that its error is not told twice. */
static err_t tell_client(struct request *rq, struct journey *j, struct response *rs, struct redirect_answer answer)
{
	if (j->reference.ptr)
		TRY(auth_request_claim(&rq->cx, j->reference));
	return answer_send(rq, rs, &answer);
}

static err_t to_sign_in(struct request *rq, struct journey *j, struct response *rs)
{
	TRY(store(rq, j));
	bool again = !id_is_zero(j->user.account);
	reply_redirect(rs, 303, authorize_sign_in_url(rq->cx.mem, j->reference, j->request.login_hint, again));
	return OK;
}

static err_t to_consent(struct request *rq, struct journey *j, struct response *rs)
{
	TRY(store(rq, j));
	reply_redirect(rs, 303, page_url(rq->cx.mem, CONSENT_PAGE, j->reference));
	return OK;
}

/* The pages that come are in the language that the app asked for, until the request is answered or forgotten. */
static void speak(struct request *rq, const struct journey *j, struct response *rs)
{
	struct str before = request_cookie(rq, cookie_name(&rq->cx, LANGUAGE_COOKIE)), now = j->request.language;
	if (now.ptr)
		response_cookie(rs, LANGUAGE_COOKIE, now, AUTH_REQUEST_LIFETIME_S);
	else if (before.ptr)
		response_cookie(rs, LANGUAGE_COOKIE, STR(""), 0);
}

/* Where the browser goes from here. */
static err_t go_on(struct request *rq, struct journey *j, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct redirect_answer answer;
	bool silent = j->request.prompt & PROMPT_NONE, faulty = j->request.error.ptr;
	bool stranger = id_is_zero(j->user.account);
	speak(rq, j, rs);
	/* OAuth 2.1 §7.13.2: no way out to an address of the app's before the user is known, but for prompt=none and an
	 * app that the operator vouches for (docs/adr/0007). */
	if (faulty && (silent || !stranger || j->client.verified))
		return tell_client(rq, j, rs, answer_stored(cx, &j->request));
	bool another = !stranger && auth_request_is_of_another(cx, &j->request, &j->client, &j->user);
	bool fresh = !stranger && !instant_before(j->user.auth_time, j->request.created_at);
	if (fresh && j->request.mfa_only && !amr_is_mfa(j->user.amr))
		return tell_client(rq, j, rs,
			answer_error(cx, &j->request,
				REFUSE(cx, ACCESS_DENIED, "",
					"The user signed in with one factor alone, and the acr that was asked for "
					"needs two.")));
	if (stranger || another || auth_request_needs_sign_in(cx, &j->request, &j->user)) {
		if (!silent && !(another && fresh)) /* who signed in as another just now will do so again */
			return to_sign_in(rq, j, rs);
		return tell_client(
			rq, j, rs, answer_error(cx, &j->request, FAIL(cx, LOGIN_REQUIRED, "silent, or another user")));
	}
	err_t asked = consent_remembered(cx, &j->request, &j->client, &j->user, j->reference, &answer);
	if (!asked)
		return answer_send(rq, rs, &answer);
	if (!err_is(asked, CONSENT_REQUIRED))
		return asked;
	return silent ? tell_client(rq, j, rs, answer_error(cx, &j->request, asked)) : to_consent(rq, j, rs);
}

static err_t check(struct ctx *cx, struct str text, struct journey *j)
{
	struct params params;
	TRY(params_read(cx, text, &params));
	if (par_is_referred(&params))
		return par_open(cx, &params, &j->request, &j->client, &j->reference);
	return auth_request_check(cx, &params, &j->request, &j->client);
}

err_t authorize_get(struct request *rq, struct response *rs)
{
	struct journey j = { .user = user_of(rq) };
	TRY(check(&rq->cx, rq->query, &j));
	return go_on(rq, &j, rs);
}

/* The session's cookie does not come with a cross-site POST; it does with the GET that this leads to. */
err_t authorize_post(struct request *rq, struct response *rs)
{
	struct journey j = { 0 };
	if (!str_eq(request_media_type(rq), STR(FORM_TYPE)))
		return FAIL(&rq->cx, MEDIA_TYPE, "authorize by POST");
	TRY(check(&rq->cx, rq->body, &j));
	TRY(store(rq, &j));
	reply_redirect(rs, 303, page_url(rq->cx.mem, "/oauth/continue", j.reference));
	return OK;
}

err_t authorize_continue(struct request *rq, struct response *rs)
{
	struct params params;
	struct journey j = { .user = user_of(rq) };
	TRY(params_read(&rq->cx, rq->query, &params));
	TRY(params_check(&rq->cx, &params));
	j.reference = param_get(&params, "request");
	TRY(auth_request_load(&rq->cx, j.reference, &j.request, &j.client));
	if (!instant_is_none(j.request.decided_at))
		return auth_request_decided(&rq->cx);
	return go_on(rq, &j, rs);
}
