/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/endpoint.h"

#include "oauth/answer.h"
#include "oauth/assertion.h"
#include "oauth/certificate_auth.h"
#include "oauth/client_rate.h"
#include "oauth/guess_limit.h"
#include "oauth/open_client.h"
#include "server/account/last_used.h"

/* The form is UTF-8; a charset that says otherwise would let two readers see two forms. */
static bool charset_fits(struct str content_type)
{
	struct str param, rest = content_type;
	(void)str_cut(&rest, ';', &param);
	while (str_cut(&rest, ';', &param)) {
		struct str name;
		(void)str_cut(&param, '=', &name);
		if (str_eq_nocase(str_trim(name, STR_BLANK), STR("charset")) &&
			!str_eq_nocase(str_trim(param, STR_BLANK "\""), STR("utf-8")))
			return false;
	}
	return true;
}

err_t endpoint_form(struct request *rq, struct params *out)
{
	if (!charset_fits(request_header(rq, "Content-Type")))
		return REFUSE(&rq->cx, MEDIA_TYPE, "", "The form must be in UTF-8.");
	TRY(params_read(&rq->cx, rq->body, out));
	return params_check(&rq->cx, out);
}

/* ---- who calls ---- */

struct client_claim {
	struct str id, secret;
	struct str assertion; /* absent: proven by the secret, or by nothing */
};

/* One half of Basic's user-pass, which is form-encoded before it is put together (OAuth 2.1 §2.4.1). */
static bool form_decode(struct ctx *cx, struct str encoded, struct str *out)
{
	struct form form;
	if (form_parse(cx, str_cat(cx->mem, STR("v="), encoded), &form) || form.count != 1)
		return false;
	*out = form.fields[0].value;
	return true;
}

static bool has_header(const struct request *rq, const struct params *params)
{
	(void)params;
	return request_header(rq, "Authorization").ptr != NULL;
}

static err_t by_basic(struct request *rq, const struct params *params, struct client_claim *out)
{
	struct ctx *cx = &rq->cx;
	struct credential sent;
	struct client_claim claimed = { 0 };
	err_t e = credential_read(cx, request_header(rq, "Authorization"), &sent);
	if (e || sent.transport != VIA_BASIC)
		return FAIL(cx, INVALID_CLIENT, "Authorization is no Basic that can be read");
	if (!form_decode(cx, sent.username, &claimed.id) || !form_decode(cx, sent.secret, &claimed.secret))
		return FAIL(cx, INVALID_CLIENT, "Basic's parts are not form-encoded");
	struct str in_body = param_get(params, "client_id");
	if (in_body.ptr && !str_eq(in_body, claimed.id))
		return REFUSE(cx, MALFORMED, "client_id",
			"client_id in the body is not the one in the Authorization header.");
	*out = claimed;
	return OK;
}

static bool has_secret(const struct request *rq, const struct params *params)
{
	(void)rq;
	return param_get(params, "client_secret").ptr != NULL;
}

static err_t by_body(struct request *rq, const struct params *params, struct client_claim *out)
{
	*out = (struct client_claim){ .id = param_get(params, "client_id"),
		.secret = param_get(params, "client_secret") };
	if (!out->id.ptr)
		return REFUSE(&rq->cx, INVALID_CLIENT, "client_id", "The parameter client_id is missing.");
	return OK;
}

static bool has_assertion(const struct request *rq, const struct params *params)
{
	(void)rq;
	return param_count(params, "client_assertion") || param_count(params, "client_assertion_type");
}

/* RFC 7521 §4.2: client_id is not needed beside it. */
static err_t by_assertion(struct request *rq, const struct params *params, struct client_claim *out)
{
	struct ctx *cx = &rq->cx;
	*out = (struct client_claim){ .id = param_get(params, "client_id"),
		.assertion = param_get(params, "client_assertion") };
	if (!out->assertion.ptr)
		return REFUSE(cx, MALFORMED, "client_assertion", "The parameter client_assertion is missing.");
	if (!str_eq(param_get(params, "client_assertion_type"), STR(ASSERTION_TYPE)))
		return REFUSE(cx, MALFORMED, "client_assertion_type",
			"The parameter client_assertion_type is not " ASSERTION_TYPE ".");
	return OK;
}

static bool has_nothing_else(const struct request *rq, const struct params *params)
{
	return !has_header(rq, params) && !has_secret(rq, params) && !has_assertion(rq, params);
}

/* RFC 8705 §2: client_id alone, and a certificate in the handshake. */
static bool has_certificate(const struct request *rq, const struct params *params)
{
	return rq->certificate.der.ptr && has_nothing_else(rq, params);
}

static bool has_name_alone(const struct request *rq, const struct params *params)
{
	return !rq->certificate.der.ptr && has_nothing_else(rq, params);
}

/* clang-format off */
const struct client_method client_methods[] = {
	{ CLIENT_AUTH_NONE,  has_name_alone, by_body },
	{ CLIENT_AUTH_BASIC, has_header,     by_basic },
	{ CLIENT_AUTH_POST,  has_secret,     by_body },
	{ CLIENT_AUTH_KEY,   has_assertion,  by_assertion },
	{ CLIENT_AUTH_TLS,   has_certificate, by_body },
	{ CLIENT_AUTH_SELF_SIGNED, NULL,     by_body }, /* as the row before: the registration says which it is */
};
/* clang-format on */
const size_t client_method_count = ARRAY_LEN(client_methods);

static err_t method_find(struct request *rq, const struct params *params, const struct client_method **out)
{
	size_t used = 0;
	for (size_t i = 0; i < client_method_count; i++)
		if (client_methods[i].is_used && client_methods[i].is_used(rq, params)) {
			*out = &client_methods[i];
			used++;
		}
	if (used > 1)
		return REFUSE(&rq->cx, MALFORMED, "",
			"The client authenticates in two ways; choose one (OAuth 2.1 section 2.4).");
	return OK;
}

/* Basic without a password is a name alone: what some send who have no secret (RFC 6749 §2.3.1). */
static enum client_auth auth_used(const struct client_method *method, const struct client_claim *claimed)
{
	return method->auth == CLIENT_AUTH_BASIC && !claimed->secret.len ? CLIENT_AUTH_NONE : method->auth;
}

static err_t prove(
	struct request *rq, const struct client_method *method, const struct client_claim *claimed, struct client *out)
{
	const struct assertion sent = { claimed->assertion, claimed->id, oauth_issuer(&rq->cx) };
	if (claimed->assertion.ptr)
		return assertion_prove(&rq->cx, &sent, out);
	enum client_auth used = auth_used(method, claimed);
	if (open_client_is(claimed->id) && (used == CLIENT_AUTH_NONE || used == CLIENT_AUTH_TLS))
		return open_client_prove(&rq->cx, claimed->id, out);
	if (used == CLIENT_AUTH_TLS)
		return certificate_prove(rq, claimed->id, out);
	return client_prove(&rq->cx, claimed->id, claimed->secret, used, out);
}

err_t endpoint_client(struct request *rq, const struct params *params, struct client *out)
{
	const struct client_method *method = NULL;
	struct client_claim claimed = { 0 };
	TRY(method_find(rq, params, &method));
	TRY(method->read(rq, params, &claimed));
	(void)id_parse(claimed.id, "cli", &rq->told_client); /* whose it says it is: its owner looks it up by its id */
	err_t e = prove(rq, method, &claimed, out);
	if (!e && !id_is_zero(out->secret) && rq->app->last_used)
		last_used_see(
			rq->app->last_used, out->owner, out->secret, rq->cx.now, rq->cx.client_ip, rq->cx.user_agent);
	if (!e) {
		out->called = claimed.id;
		rq->told_client = out->id;
		rq->cx.by = (struct ctx_by){ .kind = "app", .client = out->id };
		return client_rate_take(rq, out);
	}
	/* Failures alone, by client and network: ever so many guesses lock nobody else out. */
	if (err_is(e, INVALID_CLIENT))
		TRY(guess_limit_take(rq, str_cat(rq->cx.mem, STR("client "), str_sub(claimed.id, 0, 64))));
	return e;
}
