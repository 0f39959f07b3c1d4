/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/metadata.h"

#include "oauth/answer.h"
#include "oauth/certificate_auth.h"
#include "oauth/checks.h"
#include "oauth/details.h"
#include "oauth/endpoint.h"
#include "oauth/identity.h"
#include "oauth/token.h"
#include "server/auth/amr.h"
#include "server/account/signing_keys.h"
#include "server/base/config.h"
#include "server/jose/dpop.h"
#include "server/data/catalogue.h"
#include "server/data/json.h"

#define CACHE_METADATA STR("public, max-age=300")
#define METADATA_MAX ((size_t)64 * 1024)

/* clang-format off */
static const struct { const char *member, *path; bool for_apps; } endpoints[] = {
	{ "authorization_endpoint", "/oauth/authorize", false },
	{ "pushed_authorization_request_endpoint", "/oauth/par", true }, /* RFC 9126 §5 */
	{ "token_endpoint",         "/oauth/token", true },
	{ "device_authorization_endpoint", "/oauth/device", true }, /* RFC 8628 §4 */
	{ "revocation_endpoint",    "/oauth/revoke", true },
	{ "introspection_endpoint", "/oauth/introspect", true },
	{ "userinfo_endpoint",      "/oauth/userinfo", false }, /* OpenID Connect Discovery §3 */
	{ "end_session_endpoint",   "/oauth/logout", false }, /* RP-Initiated Logout §2.1 */
	{ "jwks_uri",               "/oauth/jwks", false },
};
/* clang-format on */

static void word(struct json *j, const char *member, const char *only)
{
	json_array(j, member);
	json_str(j, NULL, str_of(only));
	json_array_end(j);
}

static void algs(struct json *j, const char *member, unsigned set)
{
	json_array(j, member);
	for (size_t i = 0; i < jws_alg_row_count; i++)
		if (set & JWS_ALG(jws_alg_rows[i].alg))
			json_str(j, NULL, str_of(jws_alg_rows[i].name));
	json_array_end(j);
}

/*
 * What an endpoint of clients takes (RFC 8414 §2, RFC 7662 §4): `none` is no proof; keys sign with any algorithm that
 * we verify.
 */
static bool is_offered(const struct ctx *cx, enum client_auth auth, bool none_too)
{
	if (auth == CLIENT_AUTH_TLS || auth == CLIENT_AUTH_SELF_SIGNED)
		return certificate_auth_is_offered(cx->config, auth);
	return none_too || auth != CLIENT_AUTH_NONE;
}

static void methods(struct json *j, const struct ctx *cx, const char *endpoint, bool none_too)
{
	json_array(j, str_fmt(cx->mem, "%s_auth_methods_supported", endpoint).ptr);
	for (size_t i = 0; i < client_method_count; i++)
		if (is_offered(cx, client_methods[i].auth, none_too))
			json_str(j, NULL, client_auth_name((int16_t)client_methods[i].auth));
	json_array_end(j);
	algs(j, str_fmt(cx->mem, "%s_auth_signing_alg_values_supported", endpoint).ptr, JWS_ALGS_ALL);
}

/* RFC 8705 §3.3, §5 */
static void mutual_tls(struct json *j, const struct ctx *cx)
{
	const struct config *config = cx->config;
	if (!certificate_auth_is_offered(config, CLIENT_AUTH_SELF_SIGNED))
		return;
	json_bool(j, "tls_client_certificate_bound_access_tokens", true);
	if (!config->mtls_url.ptr || str_eq(config->mtls_url, config->public_url))
		return;
	json_object(j, "mtls_endpoint_aliases");
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++)
		if (endpoints[i].for_apps)
			json_str(j, endpoints[i].member, str_cat(cx->mem, config->mtls_url, str_of(endpoints[i].path)));
	json_object_end(j);
}

static void scopes(struct json *j, uint64_t set)
{
	json_array(j, "scopes_supported");
	for (size_t i = 0; i < scope_row_count; i++)
		if (scope_rows[i].bit & set)
			json_str(j, NULL, str_of(scope_rows[i].name));
	for (size_t i = 0; i < scope_alias_count; i++)
		if (scope_aliases[i].bit & set)
			json_str(j, NULL, str_of(scope_aliases[i].name));
	json_array_end(j);
}

static void grants(struct json *j)
{
	json_array(j, "grant_types_supported");
	for (size_t i = 0; i < grant_row_count; i++)
		json_str(j, NULL, str_of(grant_rows[i].name));
	json_array_end(j);
}

static void modes(struct json *j)
{
	json_array(j, "response_modes_supported");
	for (size_t i = 0; i < response_mode_count; i++)
		json_str(j, NULL, str_of(response_modes[i].name));
	json_array_end(j);
}

/* What OpenID Connect Discovery §3 has besides. */
static void identity(struct json *j, struct ctx *cx)
{
	word(j, "subject_types_supported", "public");
	word(j, "id_token_signing_alg_values_supported", "ES256");
	json_array(j, "acr_values_supported");
	json_str(j, NULL, identity_acr(cx, AMR_PASSWORD));
	json_str(j, NULL, identity_acr(cx, AMR_PASSWORD | AMR_OTP));
	json_array_end(j);
	identity_claim_names(j, "claims_supported");
	json_array(j, "prompt_values_supported");
	for (size_t i = 0; i < prompt_word_count; i++)
		json_str(j, NULL, prompt_words[i].word);
	json_array_end(j);
	json_bool(j, "claims_parameter_supported", true);
	json_bool(j, "request_parameter_supported", true); /* RFC 9101 §10.5 */
	algs(j, "request_object_signing_alg_values_supported", JWS_ALGS_ALL);
	json_bool(j, "request_uri_parameter_supported", false); /* left out it would be true */
}

static void languages(struct json *j)
{
	json_array(j, "ui_locales_supported");
	json_str(j, NULL, catalogue_tag(NULL));
	for (size_t i = 0; i < catalogue_language_count; i++)
		json_str(j, NULL, catalogue_tag(&catalogue_languages[i]));
	json_array_end(j);
}

static void protected_resources(struct json *j, const struct ctx *cx) /* RFC 9728 §4 */
{
	json_array(j, "protected_resources");
	for (size_t i = 0; i < audience_row_count; i++)
		json_str(j, NULL, str_cat(cx->mem, oauth_issuer(cx), str_of(audience_rows[i].path)));
	json_array_end(j);
}

static struct str server_text(struct ctx *cx)
{
	struct buf text = buf_new(cx->mem, METADATA_MAX);
	struct json j = json_begin(&text);
	json_object(&j, NULL);
	json_str(&j, "issuer", oauth_issuer(cx));
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++)
		json_str(&j, endpoints[i].member, str_cat(cx->mem, oauth_issuer(cx), str_of(endpoints[i].path)));
	bool open = !str_eq(cx->config->registration, STR("closed"));
	if (open)
		json_str(&j, "registration_endpoint", str_cat(cx->mem, oauth_issuer(cx), STR("/oauth/register")));
	json_bool(&j, "client_id_metadata_document_supported", open);
	scopes(&j, (uint64_t)SCOPES_ASKABLE | SCOPE_CALENDAR_CLIENT | SCOPE_OFFLINE);
	grants(&j);
	json_bool(&j, "require_pushed_authorization_requests", cx->config->require_par);
	word(&j, "response_types_supported", "code");
	modes(&j);
	word(&j, "code_challenge_methods_supported", "S256");
	methods(&j, cx, "token_endpoint", true);
	methods(&j, cx, "revocation_endpoint", true);
	methods(&j, cx, "introspection_endpoint", false);
	word(&j, "authorization_details_types_supported", DETAILS_TYPE); /* RFC 9396 §10 */
	word(&j, "introspection_signing_alg_values_supported", "ES256"); /* RFC 9701 §7 */
	mutual_tls(&j, cx);
	algs(&j, "dpop_signing_alg_values_supported", DPOP_ALGS);              /* RFC 9449 §5.1 */
	json_bool(&j, "authorization_response_iss_parameter_supported", true); /* RFC 9207 §3 */
	identity(&j, cx);
	languages(&j);
	json_str(&j, "service_documentation", str_cat(cx->mem, oauth_issuer(cx), STR("/docs")));
	protected_resources(&j, cx);
	json_object_end(&j);
	return buf_str(&text);
}

static struct str resource_text(struct ctx *cx, const struct audience_row *resource)
{
	struct buf text = buf_new(cx->mem, METADATA_MAX);
	struct json j = json_begin(&text);
	json_object(&j, NULL);
	json_str(&j, "resource", str_cat(cx->mem, oauth_issuer(cx), str_of(resource->path)));
	json_str(&j, "resource_name", str_fmt(cx->mem, "%.*s %s", STR_ARG(cx->config->brand), resource->name));
	json_array(&j, "authorization_servers");
	json_str(&j, NULL, oauth_issuer(cx));
	json_array_end(&j);
	scopes(&j, scope_spoken(SCOPE_CALENDAR_CLIENT, resource->scopes));
	word(&j, "bearer_methods_supported", "header");
	mutual_tls(&j, cx);
	algs(&j, "dpop_signing_alg_values_supported", DPOP_ALGS);
	json_str(&j, "resource_documentation", str_cat(cx->mem, oauth_issuer(cx), STR("/docs")));
	json_object_end(&j);
	return buf_str(&text);
}

struct metadata {
	struct str server;
	struct str *resources; /* one of each row of audience_rows */
};

const struct metadata *metadata_new(struct ctx *cx)
{
	struct metadata *made = arena_new(cx->mem, struct metadata);
	made->server = server_text(cx);
	made->resources = arena_array(cx->mem, struct str, audience_row_count);
	for (size_t i = 0; i < audience_row_count; i++)
		made->resources[i] = resource_text(cx, &audience_rows[i]);
	return made;
}

/* The resource whose path, of any number of segments, comes after the well-known one (RFC 9728 §3.1); NULL: none. */
static const struct audience_row *resource_of(const struct request *rq)
{
	return audience_of_path(rq->arg_count ? str_cat(rq->cx.mem, STR("/"), rq->args[0]) : STR(""));
}

static err_t send_text(struct response *rs, struct str text)
{
	response_header(rs, "Cache-Control", CACHE_METADATA);
	buf_add(reply(rs, 200, "application/json"), text);
	return OK;
}

err_t metadata_server(struct request *rq, struct response *rs)
{
	return resource_of(rq) ? send_text(rs, rq->app->metadata->server) : FAIL(&rq->cx, NOT_FOUND, "no such issuer");
}

err_t metadata_resource(struct request *rq, struct response *rs)
{
	const struct audience_row *resource = resource_of(rq);
	if (!resource)
		return FAIL(&rq->cx, NOT_FOUND, "no such resource");
	return send_text(rs, rq->app->metadata->resources[resource - audience_rows]);
}

/* Of what is signed here: ID tokens, voice sessions' tokens. */
err_t metadata_jwks(struct request *rq, struct response *rs)
{
	struct str text;
	TRY(jwks_text(&rq->cx, &text));
	response_header(rs, "Cache-Control", STR("public, max-age=3600"));
	buf_add(reply(rs, 200, "application/json"), text);
	return OK;
}
