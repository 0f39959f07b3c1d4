/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/access.h"

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/http/cookie.h"
#include "server/http/concurrency.h"

static const unsigned with_cookie = SESSION | OPTIONAL_SESSION;

static const struct authenticator *authenticator_of(const struct app *app, const struct credential *sent)
{
	for (size_t i = 0; i < app->authenticator_count; i++) {
		struct str prefix = str_of(app->authenticators[i].prefix);
		if (sent->transport == VIA_COOKIE ? prefix.len == 0 : prefix.len && str_starts(sent->secret, prefix))
			return &app->authenticators[i];
	}
	return NULL;
}

static err_t authenticate(struct request *rq, const struct credential *sent)
{
	const struct authenticator *by = authenticator_of(rq->app, sent);
	if (!by)
		return FAIL(&rq->cx, CREDENTIALS_INVALID, "no kind of secret begins like this");
	struct principal *p = arena_new(rq->cx.mem, struct principal);
	TRY(by->run(&rq->cx, sent, p));
	rq->principal = p;
	rq->cx.account = id_in_mode(p->account, false);
	rq->cx.by = who_by(p);
	rq->cx.ahead_s = p->ahead_s;
	return OK;
}

/* RFC 6750 §2: a client must not use more than one way. In the query or a form a token is never taken. */
static err_t refuse_second_transport(struct request *rq)
{
	const struct form *params;
	if (str_find(rq->query, STR("access_token")) == SIZE_MAX)
		return OK;
	TRY(request_params(rq, &params));
	if (form_count(params, "access_token"))
		return REFUSE(&rq->cx, MALFORMED, "access_token",
			"The token was sent in two ways. Send it in the "
			"Authorization header alone.");
	return OK;
}

/* RFC 8707 §2: a token that was asked for one resource opens no other. */
static err_t check_audience(struct request *rq, const struct principal *p)
{
	if (!p->audience || (p->audience & rq->module->audience))
		return OK;
	rq->principal = NULL;
	return REFUSE(&rq->cx, TOKEN_INVALID, "", "This access token is for another resource: %.*s.",
		STR_ARG(audience_text(rq->cx.mem, rq->cx.config->public_url, p->audience)));
}

/* A key that its owner would want to know about. */
static void note_refusal(struct request *rq, const char *reason)
{
	if (rq->app->refused)
		rq->app->refused(rq, reason);
}

/* Browsers name the page's origin (Fetch standard §3.2); a program could name any, but gains no more than it has. */
static err_t check_origin(struct request *rq, struct str_list allowed)
{
	struct str origin = request_header(rq, "Origin");
	for (size_t i = 0; i < allowed.count; i++)
		if (str_eq(origin, allowed.items[i]))
			return OK;
	if (!allowed.items)
		return OK;
	note_refusal(rq, "origin_not_allowed");
	if (!origin.len)
		return REFUSE(&rq->cx, ORIGIN_NOT_ALLOWED, "Origin",
			"This key is for web pages alone, which send an Origin; this request has none. Programs use a "
			"key without allowed_origins.");
	return REFUSE(&rq->cx, ORIGIN_NOT_ALLOWED, "Origin",
		"This key is not for pages of %.*s. Its owner adds that origin to allowed_origins of the key, on the "
		"API keys page or with PATCH /v1/api_keys/%.*s.",
		STR_ARG(str_sub(origin, 0, 200)), STR_ARG(id_text(rq->cx.mem, "key", rq->principal->credential)));
}

static err_t by_header(struct request *rq)
{
	struct credential sent;
	err_t unreadable = credential_read(&rq->cx, request_header(rq, "Authorization"), &sent);
	rq->sent = sent.transport;
	TRY(unreadable);
	if (sent.transport == VIA_NONE)
		return FAIL(&rq->cx, MISSING_CREDENTIALS, "nothing sent");
	if (sent.transport == VIA_BASIC && !rq->module->basic)
		return FAIL(&rq->cx, CREDENTIALS_INVALID, "Basic is not taken here");
	TRY(refuse_second_transport(rq));
	if (sent.transport == VIA_DPOP) {
		sent.proof = request_header_list(rq, "DPoP"); /* two of them are none */
		sent.method = method_name(rq->method);
		sent.url = request_public_url(rq);
	}
	if (rq->certificate.der.ptr)
		sent.x5t = certificate_thumbprint(rq->cx.mem, rq->certificate.der);
	if (rq->module->prefetch)
		rq->module->prefetch(rq, &sent);
	TRY(authenticate(rq, &sent));

	const struct principal *p = rq->principal;
	TRY(check_audience(rq, p));
	if ((sent.transport == VIA_BASIC && !(p->kind & rq->module->basic)) ||
		(sent.transport == VIA_DPOP && p->kind != TOKEN)) {
		rq->principal = NULL;
		return FAIL(&rq->cx, CREDENTIALS_INVALID, "this kind of credential is not taken this way");
	}
	if (p->kind == SECRET_KEY && request_header(rq, "Origin").ptr) {
		log_event(LOG_WARN, "secret_key_in_browser",
			LOG_STR("id", id_text(rq->cx.mem, "req", rq->cx.request_id)),
			LOG_STR("key", id_text(rq->cx.mem, "key", p->credential)),
			LOG_STR("origin", request_header(rq, "Origin")));
		note_refusal(rq, "secret_key_in_browser");
		return FAIL(&rq->cx, KEY_IN_BROWSER, "Origin with a secret key");
	}
	TRY(check_origin(rq, p->origins));
	if (rq->app->seen)
		rq->app->seen(rq->app, rq, p);
	return OK;
}

/* A cookie that proves nothing (any more) makes a stranger, not an error: its owner shall be able to sign in. */
static bool makes_stranger(err_t e, unsigned who)
{
	return err_row(e->kind)->api_status == 401 || (e->kind == ACCOUNT_DEACTIVATED && (who & OPTIONAL_SESSION));
}

static err_t by_cookie(struct request *rq, unsigned who)
{
	struct credential sent = { .transport = VIA_COOKIE };
	sent.secret = request_cookie(rq, cookie_name(&rq->cx, "session"));
	if (sent.secret.len) {
		rq->sent = VIA_COOKIE;
		err_t e = authenticate(rq, &sent);
		if (e && !makes_stranger(e, who))
			return e;
	}
	if (rq->principal && rq->app->seen)
		rq->app->seen(rq->app, rq, rq->principal);
	if (rq->principal || (who & OPTIONAL_SESSION))
		return OK;
	return FAIL(&rq->cx, LOGIN_REQUIRED, "no session");
}

err_t access_identify(struct request *rq, unsigned who)
{
	if (who == NOBODY || (who & ANYONE))
		return OK;
	bool cookie_alone = !(who & ~with_cookie);
	if (cookie_alone || ((who & with_cookie) && !request_header(rq, "Authorization").ptr))
		return by_cookie(rq, who);
	return by_header(rq);
}

/* All at once, as far as the head tells: an app asks its user once for what a refusal names (RFC 6750 §3). */
static uint64_t scopes_needed(const struct request *rq)
{
	uint64_t needed = rq->route->scopes & ~(uint64_t)BY_REPORT;
	if ((rq->route->flags & LISTS_EVENTS) && str_eq(request_header(rq, "Depth"), STR("1")))
		needed |= EVENTS_READ;
	return needed;
}

err_t access_allows(struct request *rq)
{
	const struct route *route = rq->route;
	if (route->who == NOBODY)
		return FAIL(&rq->cx, FORBIDDEN, "the row admits nobody");
	if (route->who & ANYONE)
		return OK;
	if (!rq->principal)
		return route->who & OPTIONAL_SESSION ? OK : FAIL(&rq->cx, MISSING_CREDENTIALS, "nobody identified");
	unsigned kinds = route->who & OPTIONAL_SESSION ? route->who | SESSION : route->who;
	if (!(rq->principal->kind & kinds))
		return FAIL(
			&rq->cx, KEY_KIND_NOT_ALLOWED, "kind %u, row admits %u", (unsigned)rq->principal->kind, kinds);
	return scopes_require(&rq->cx, rq->principal->scopes, scopes_needed(rq));
}

/* ---- requests at the same time ---- */

static bool is_heavy(const struct request *rq)
{
	unsigned flags = rq->route->flags;
	return (flags & HEAVY) || ((flags & HEAVY_DEEP) && !str_eq(request_header(rq, "Depth"), STR("0")));
}

/* Who waited here would hold the thread that others need: it is refused, and told to come again. */
static err_t enter(struct request *rq, struct concurrency *limit, bool *entered, const char *what)
{
	struct concurrency_key account = concurrency_account(rq->counted_as);
	*entered = limit && concurrency_take(limit, &account, 1);
	if (*entered || !limit)
		return OK;
	struct err *e = REFUSE(&rq->cx, RATE_LIMITED, "",
		"This account has too many %s under way at the same time. Wait until one of them is answered, then ask "
		"again.",
		what);
	e->retry_after_s = 1;
	return e;
}

err_t access_enter(struct request *rq)
{
	return rq->principal ? access_enter_as(rq, rq->principal->account) : OK;
}

err_t access_enter_as(struct request *rq, struct id account)
{
	rq->counted_as = account;
	TRY(enter(rq, rq->app->callers, &rq->counted, "requests"));
	return is_heavy(rq) ? enter(rq, rq->app->heavy, &rq->heavy, "reports, lists or whole calendars") : OK;
}

static void leave(struct request *rq, struct concurrency *limit, bool *entered)
{
	if (!*entered)
		return;
	struct concurrency_key account = concurrency_account(rq->counted_as);
	concurrency_leave(limit, &account, 1);
	*entered = false;
}

void access_leave(struct request *rq)
{
	leave(rq, rq->app->callers, &rq->counted);
	leave(rq, rq->app->heavy, &rq->heavy);
}

/* ---- forms ---- */

static struct str own_origin(struct request *rq, struct str origin)
{
	struct str host = request_header(rq, "Host"), rest = origin;
	if (str_starts(rest, STR("https://")))
		rest = str_from(rest, 8);
	else if (str_starts(rest, STR("http://")))
		rest = str_from(rest, 7);
	return str_eq_nocase(rest, host) ? origin : rq->cx.config->public_url;
}

/*
 * Browsers of today say in Sec-Fetch-Site whose page sent a form; "none" is the user (a reload). Older ones send
 * Origin, which is "null" under our own Referrer-Policy: no-referrer and then tells nothing. The token decides in any
 * case.
 */
bool access_from_own_page(struct request *rq)
{
	struct str site = request_header(rq, "Sec-Fetch-Site"), origin = request_header(rq, "Origin");
	if (site.ptr)
		return str_eq(site, STR("same-origin")) || str_eq(site, STR("none"));
	if (!origin.ptr || str_eq(origin, STR("null")))
		return true;
	return str_eq_nocase(origin, own_origin(rq, origin));
}

err_t access_check_form(struct request *rq)
{
	bool safe = rq->method == METHOD_GET || rq->method == METHOD_HEAD;
	bool by_key = rq->principal && rq->principal->kind != SESSION;
	if (safe || by_key || !(rq->route->who & with_cookie))
		return OK;
	if (!access_from_own_page(rq))
		return FAIL(&rq->cx, CSRF, "from another site");
	struct str expected = request_csrf(rq), given = STR_ABSENT;
	if (form_count(&rq->form, "csrf") == 1)
		given = form_get(&rq->form, "csrf");
	if (!bytes_same(bytes_of(given.ptr, given.len), bytes_of(expected.ptr, expected.len)))
		return FAIL(&rq->cx, CSRF, "%s", given.ptr ? "wrong token" : "not one token");
	return OK;
}

err_t access_check_proof(struct request *rq)
{
	return rq->route->flags & PROVEN_LATELY ? access_need_proof(rq) : OK;
}

err_t access_need_proof(struct request *rq)
{
	if (!rq->principal || rq->principal->kind != SESSION)
		return OK;
	if (instant_before(rq->cx.now, instant_add_s(rq->principal->proven_at, PROVEN_S)))
		return OK;
	return FAIL(&rq->cx, PROOF_REQUIRED, "not proven lately");
}
