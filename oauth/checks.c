/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/checks.h"

#include "oauth/answer.h"
#include "oauth/details.h"
#include "oauth/open_client.h"
#include "oauth/openid_request.h"
#include "oauth/pkce.h"
#include "oauth/redirect.h"
#include "oauth/registration.h"
#include "oauth/request_object.h"
#include "server/account/account.h"
#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/data/catalogue.h"

/* What the checks read and what they find. */
struct check {
	struct ctx *cx;
	const struct params *params;
	struct auth_request *request;
	struct client *client;
	struct id caller; /* who pushed it; zero: it came by the browser */
	bool is_signed;   /* by the client (RFC 9101) */
};

#define INVALID(c, kind, name, ...) REFUSE((c)->cx, kind, name, __VA_ARGS__)

/* ---- until the client and its redirect URI are proven: a page ---- */

static err_t check_client(struct check *c)
{
	struct str named = param_get(c->params, "client_id");
	if (id_is_zero(c->caller) && !named.len)
		return INVALID(c, INVALID_VALUE, "client_id",
			"The app that led you here did not say which app it is (client_id), or said it twice.");
	/* Who is proven may leave it out; endpoint_client() compared what the parameter says. */
	err_t e = named.len ? client_named(c->cx, named, c->client) : client_by_id(c->cx, c->caller, c->client);
	if (!e && !named.len &&
		c->client->registration != REGISTERED_BY_OWNER) /* what it says of itself is named by it */
		return INVALID(c, INVALID_VALUE, "client_id", "The parameter client_id is missing.");
	if (err_is(e, NOT_FOUND) || (!e && c->client->owner_status != STATUS_ACTIVE))
		return INVALID(
			c, INVALID_VALUE, "client_id", "The app that led you here is not registered (client_id).");
	TRY(e);
	c->request->client_id = c->client->id;
	c->request->kept_client = open_client_kept(c->cx->mem, c->client);
	return OK;
}

/* In a browser it may be the user who reads it; what was pushed (RFC 9126 §2.3) is read by the developer alone. */
static err_t refuse_redirect_uri(struct check *c, struct str sent)
{
	bool pushed = !id_is_zero(c->caller);
	if (!c->client->redirects.count)
		return INVALID(c, INVALID_VALUE, "redirect_uri",
			pushed ? "This app has no address where it could be answered: no redirect URI is registered "
				 "for it. Apps that ask users need one (redirect_uris, with the grant "
				 "authorization_code), or let them sign in by a device code."
			       : "The app that led you here has no address where it could be answered: no redirect URI "
				 "is registered for it. Apps that ask users need one (redirect_uris, with the grant "
				 "authorization_code), or let them sign in by a device code.");
	if (pushed)
		return INVALID(c, INVALID_VALUE, "redirect_uri",
			sent.ptr ? "This redirect_uri is not registered for this app; each octet counts."
				 : "The parameter redirect_uri is missing, or given twice.");
	return INVALID(c, INVALID_VALUE, "redirect_uri",
		sent.ptr ? "The app that led you here wants to be answered at an address that is not registered for it "
			   "(redirect_uri). To be safe, you are not led there."
			 : "The app that led you here did not say where it wants to be answered (redirect_uri), or "
			   "said it "
			   "twice.");
}

static err_t check_redirect_uri(struct check *c)
{
	const struct str_list *registered = &c->client->redirects;
	struct str sent = param_get(c->params, "redirect_uri");
	bool one = registered->count == 1 && c->client->registration == REGISTERED_BY_OWNER &&
		   c->client->profile != CLIENT_FAPI2;        /* FAPI 2.0 §5.3.2.2 */
	if (!param_count(c->params, "redirect_uri") && one) { /* OAuth 2.1 §2.3.2 */
		c->request->redirect_uri = registered->items[0];
		return OK;
	}
	for (size_t i = 0; sent.ptr && i < registered->count; i++)
		if (redirect_uri_matches(registered->items[i], sent)) {
			c->request->redirect_uri = sent;
			return OK;
		}
	return refuse_redirect_uri(c, sent);
}

/* ---- from here on the client is told ---- */

/* First of these, since it goes into every answer. */
static err_t check_state(struct check *c)
{
	struct str state = param_get(c->params, "state");
	if (state.len > STATE_MAX)
		return INVALID(c, INVALID_VALUE, "state", "The parameter state is longer than %d octets.", STATE_MAX);
	c->request->state = state;
	return OK;
}

/* A form goes to a web server, and browsers change line ends in it. */
static bool fits_form_post(const struct auth_request *request)
{
	bool web = str_starts(request->redirect_uri, STR("https://")) || redirect_is_loopback(request->redirect_uri);
	for (size_t i = 0; i < request->state.len; i++)
		web = web && (unsigned char)request->state.ptr[i] >= 0x20;
	return web;
}

/* Early as well: from here on errors go back in this way. */
static err_t check_response_mode(struct check *c)
{
	struct str mode = param_get(c->params, "response_mode");
	if (!mode.ptr)
		return OK;
	for (size_t i = 0; i < response_mode_count; i++) {
		if (!str_eq(mode, str_of(response_modes[i].name)))
			continue;
		if (response_modes[i].mode == RESPONSE_FORM_POST && !fits_form_post(c->request))
			return INVALID(c, INVALID_VALUE, "response_mode",
				"response_mode=form_post is for https and loopback redirect URIs, and a state without "
				"control characters.");
		c->request->response_mode = (int16_t)response_modes[i].mode;
		return OK;
	}
	return INVALID(c, INVALID_VALUE, "response_mode", "The parameter response_mode has a value that is not known.");
}

/* OpenID Connect Core §3.1.2.1 */
/* clang-format off */
const struct prompt_word prompt_words[] = {
	{ STR_INIT("none"),    PROMPT_NONE },    { STR_INIT("login"),          PROMPT_LOGIN },
	{ STR_INIT("consent"), PROMPT_CONSENT }, { STR_INIT("select_account"), PROMPT_SELECT_ACCOUNT },
};
/* clang-format on */
const size_t prompt_word_count = ARRAY_LEN(prompt_words);

/* Early, since prompt=none decides how an error goes back. */
static err_t check_prompt(struct check *c)
{
	struct str rest = param_get(c->params, "prompt"), word;
	int16_t prompt = 0;
	while (str_cut(&rest, ' ', &word)) {
		int16_t bit = 0;
		for (size_t i = 0; i < prompt_word_count; i++)
			if (str_eq(word, prompt_words[i].word))
				bit = prompt_words[i].bit;
		if (!bit)
			return INVALID(
				c, INVALID_VALUE, "prompt", "The parameter prompt has a value that is not known.");
		prompt = (int16_t)(prompt | bit);
	}
	if ((prompt & PROMPT_NONE) && prompt != PROMPT_NONE)
		return INVALID(c, INVALID_VALUE, "prompt", "prompt=none cannot stand beside another value.");
	c->request->prompt = prompt;
	return OK;
}

static err_t check_form(struct check *c)
{
	return params_check(c->cx, c->params);
}

static err_t check_request_object(struct check *c)
{
	if (c->client->signed_only && !c->is_signed) /* RFC 9101 §10.5 */
		return INVALID(c, INVALID_VALUE, "request", "This app's requests are signed (RFC 9101).");
	if (param_count(c->params, "request_uri"))
		return FAIL(c->cx, REQUEST_URI_UNSUPPORTED, "request_uri");
	return OK;
}

/* RFC 9126 §5, §6: the app, or this server, wants no request that a browser could have altered. */
static err_t check_pushed(struct check *c)
{
	if (!id_is_zero(c->caller) ||
		(!c->client->par_only && c->client->profile != CLIENT_FAPI2 && !c->cx->config->require_par))
		return OK;
	return INVALID(c, INVALID_VALUE, "request_uri", "This app's requests are pushed first (RFC 9126).");
}

static err_t check_response_type(struct check *c)
{
	struct str type = param_get(c->params, "response_type");
	if (!type.ptr)
		return INVALID(c, MISSING_FIELD, "response_type", "The parameter response_type is missing.");
	return str_eq(type, STR("code")) ? OK : FAIL(c->cx, UNSUPPORTED_RESPONSE, "%.*s", STR_ARG(type));
}

static err_t check_grant(struct check *c)
{
	if (!(c->client->grants & GRANT_CODE))
		return INVALID(c, UNAUTHORIZED_CLIENT, "", "This client may not use the authorization code grant.");
	return OK;
}

static err_t check_pkce(struct check *c)
{
	struct str challenge = param_get(c->params, "code_challenge"),
		   method = param_get(c->params, "code_challenge_method");
	if (!challenge.ptr)
		return INVALID(c, MISSING_FIELD, "code_challenge", "The parameter code_challenge is missing (PKCE).");
	if (!str_eq(method, STR("S256")))
		return INVALID(c, INVALID_VALUE, "code_challenge_method", "code_challenge_method must be S256.");
	c->request->challenge = pkce_challenge_read(c->cx->mem, challenge);
	if (!c->request->challenge.ptr)
		return INVALID(c, INVALID_VALUE, "code_challenge",
			"code_challenge must be the SHA-256 of the verifier in 43 characters of base64url without "
			"padding.");
	return OK;
}

/* RFC 9449 §10: a thumbprint is 32 octets in base64url. */
static err_t check_dpop_jkt(struct check *c)
{
	struct str text = param_get(c->params, "dpop_jkt");
	struct bytes jkt = { 0 };
	if (text.ptr && (!base64url_to(c->cx->mem, text, &jkt) || jkt.len != 32))
		return INVALID(c, INVALID_VALUE, "dpop_jkt",
			"dpop_jkt must be the SHA-256 thumbprint of the proofs' key (RFC 7638), 43 characters.");
	c->request->dpop_jkt = jkt;
	return OK;
}

/* RFC 9396 §3: its scopes beside those of the parameter scope. */
static err_t check_details(struct check *c)
{
	struct details details;
	TRY(details_read(c->cx, c->params, &details));
	if (details.scopes & ~c->client->scopes)
		return INVALID(c, INVALID_DETAILS, "authorization_details",
			"An action of authorization_details opens a scope that this client may not ask for.");
	c->request->scopes = details.scopes;
	c->request->with_details = details.asked;
	c->request->calendars = details.calendars;
	return OK;
}

/* None asked: all that the client is registered for (RFC 6749 §3.3), but for who the user is; they see and can untick
 * each. */
static err_t check_scope(struct check *c)
{
	struct str text = param_get(c->params, "scope");
	uint64_t scopes =
		c->request->scopes ? 0 : client_default_scopes(c->client); /* none beside authorization_details */
	if (text.ptr && !scope_parse_spoken(text, &scopes))
		return scope_refused(c->cx, text);
	uint64_t more = scopes & (uint64_t)SCOPES_ASKABLE & ~c->client->scopes;
	if (more)
		return INVALID(c, INVALID_SCOPE, "scope", "This client may not ask for %.*s.",
			STR_ARG(scope_text(c->cx->mem, more)));
	if (!((c->request->scopes | scopes) & (uint64_t)SCOPES_ASKABLE))
		return INVALID(c, INVALID_SCOPE, "scope", "Nothing is asked that a user could allow.");
	if (!(c->client->grants & GRANT_REFRESH))
		scopes &= ~SCOPE_OFFLINE;
	c->request->scopes |= scopes;
	return OK;
}

/* Incremental: a token for what is asked and for what was granted before, where the user agrees. */
static err_t check_include_granted(struct check *c)
{
	struct str text = param_get(c->params, "include_granted_scopes");
	if (text.ptr && !str_eq(text, STR("true")) && !str_eq(text, STR("false")))
		return INVALID(c, INVALID_VALUE, "include_granted_scopes",
			"The parameter include_granted_scopes must be true or false.");
	c->request->include_granted = str_eq(text, STR("true"));
	return OK;
}

static err_t check_resource(struct check *c)
{
	return params_audience(c->cx, c->params, &c->request->audience);
}

static err_t check_max_age(struct check *c)
{
	struct str text = param_get(c->params, "max_age");
	uint64_t seconds = 0;
	if (text.ptr && !str_to_u64(text, INT32_MAX, &seconds))
		return INVALID(c, INVALID_VALUE, "max_age", "The parameter max_age must be a number of seconds.");
	c->request->max_age_s = text.ptr ? (int64_t)seconds : -1;
	return OK;
}

static err_t check_nonce(struct check *c)
{
	struct str nonce = param_get(c->params, "nonce");
	if (nonce.len > NONCE_MAX)
		return INVALID(c, INVALID_VALUE, "nonce", "The parameter nonce is longer than %d octets.", NONCE_MAX);
	c->request->nonce = nonce;
	return OK;
}

/* A hint only: what could not be an address is left out. */
static err_t check_login_hint(struct check *c)
{
	struct str hint = param_get(c->params, "login_hint");
	if (hint.len <= LOGIN_HINT_MAX)
		c->request->login_hint = hint;
	return OK;
}

/* A wish: tags in the order in which they are liked. What the pages lack is passed over. */
static err_t check_ui_locales(struct check *c)
{
	struct str rest = param_get(c->params, "ui_locales"), tag;
	const struct language *language;
	while (str_cut(&rest, ' ', &tag))
		if (tag.len && catalogue_find(tag, &language)) {
			c->request->language = catalogue_tag(language);
			break;
		}
	return OK;
}

/* OpenID Connect Core §5.5, §3.1.2.1 */
static err_t check_openid(struct check *c)
{
	return openid_request_read(c->cx, c->params, c->client, c->request);
}

typedef err_t check_run(struct check *c);

/* In this order: until the redirect URI is known good, an error is shown, never redirected. */
/* clang-format off */
static const struct { check_run *run; bool may_redirect; } checks[] = {
	{ check_client,         false }, /* OAuth 2.1 §4.1.2.1 */
	{ check_redirect_uri,   false }, /* §4.1.2.1, §2.3 */
	{ check_state,          true },  /* §4.1.1 */
	{ check_response_mode,  true },
	{ check_prompt,         true },
	{ check_form,           true },  /* §3.1: parameters must not repeat */
	{ check_request_object, true },  /* OpenID Connect Core §3.1.2.6 */
	{ check_pushed,         true },  /* RFC 9126 §5, §6 */
	{ check_response_type,  true },  /* §4.1.1 */
	{ check_grant,          true },  /* §4.1.2.1 unauthorized_client */
	{ check_pkce,           true },  /* §4.1.1, S256 alone */
	{ check_dpop_jkt,       true },  /* RFC 9449 §10 */
	{ check_details,        true },  /* RFC 9396 §5 */
	{ check_scope,          true },  /* §1.4.1 */
	{ check_include_granted, true },
	{ check_resource,       true },  /* RFC 8707 §2 */
	{ check_max_age,        true },
	{ check_nonce,          true },
	{ check_login_hint,     true },
	{ check_ui_locales,     true },  /* OpenID Connect Core §3.1.2.1 */
	{ check_openid,         true },  /* OpenID Connect Core §3.1.2.1, §5.5 */
};
/* clang-format on */

/* What the database could not tell is no answer of ours to the client. */
static bool is_ours(err_t e)
{
	return err_row(e->kind)->api_status >= 500;
}

/* The first that is wrong. */
static err_t run_checks(struct check *c, bool *may_redirect_out)
{
	struct params *asked = arena_new(c->cx->mem, struct params);
	*c->request = (struct auth_request){ .max_age_s = -1, .created_at = c->cx->now };
	*may_redirect_out = false;
	TRY(request_object_open(c->cx, c->params, c->caller, asked, &c->is_signed));
	c->params = asked;
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		*may_redirect_out = checks[i].may_redirect;
		TRY(checks[i].run(c));
	}
	return OK;
}

err_t auth_request_check(
	struct ctx *cx, const struct params *params, struct auth_request *out, struct client *client_out)
{
	struct check c = { .cx = cx, .params = params, .request = out, .client = client_out };
	bool may_redirect;
	err_t e = run_checks(&c, &may_redirect);
	if (!e || !may_redirect || is_ours(e))
		return e;
	out->error = error_code(e);
	out->error_description = error_description(cx->mem, e);
	return OK;
}

err_t auth_request_check_pushed(struct ctx *cx, const struct params *params, struct id caller, struct auth_request *out,
	struct client *client_out)
{
	struct check c = { .cx = cx, .params = params, .request = out, .client = client_out, .caller = caller };
	bool may_redirect;
	return run_checks(&c, &may_redirect);
}
