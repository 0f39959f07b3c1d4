/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/metadata.h"

#include <pthread.h>

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
#include "server/crypto/digest.h"
#include "server/http/etag.h"
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

/* ---- what is kept of them ---- */

struct document {
	const char *typ;  /* of the JWT that says the same */
	struct str plain; /* without it */
	struct str text;  /* with it, once there was a key */
	struct str etag;
};

struct metadata {
	pthread_mutex_t lock;       /* over what signing changes */
	struct document *documents; /* of the server, then one of each row of audience_rows */
	struct str kid;             /* of the key that signed them; absent: none yet */
	struct arena *mem;          /* of the texts that have a signature; NULL: none have */
};
#define DOCUMENTS (1 + audience_row_count)

/* Weak: what is signed twice says the same in other octets, on another instance too (RFC 9110 §8.8.1). */
static struct str etag_of(struct arena *mem, struct str plain, struct str kid)
{
	uint8_t parts[2 * SHA256_SIZE], hash[SHA256_SIZE];
	sha256(bytes_of(plain.ptr, plain.len), parts);
	sha256(bytes_of(kid.ptr, kid.len), parts + SHA256_SIZE);
	sha256(bytes_of(parts, sizeof parts), hash);
	return str_fmt(mem, "W/\"%.*s\"", STR_ARG(base64url_of(mem, bytes_of(hash, sizeof hash / 2))));
}

static struct document document_of(struct arena *mem, const char *typ, struct str plain)
{
	return (struct document){ typ, plain, plain, etag_of(mem, plain, STR("")) };
}

struct metadata *metadata_new(struct ctx *cx)
{
	struct metadata *made = arena_new(cx->mem, struct metadata);
	*made = (struct metadata){ .lock = PTHREAD_MUTEX_INITIALIZER };
	made->documents = arena_array(cx->mem, struct document, DOCUMENTS);
	made->documents[0] = document_of(cx->mem, "oauth-authorization-server+jwt", server_text(cx));
	for (size_t i = 0; i < audience_row_count; i++)
		made->documents[1 + i] =
			document_of(cx->mem, "oauth-protected-resource+jwt", resource_text(cx, &audience_rows[i]));
	return made;
}

/* ---- their signatures ---- */

/* RFC 8414 §2.1, RFC 9728 §2.2: who attests to it, and all that the document has. */
static struct str claims_of(struct ctx *cx, struct str plain)
{
	struct buf out = buf_new(cx->mem, METADATA_MAX);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_str(&j, "iss", oauth_issuer(cx));
	json_int(&j, "iat", instant_s(cx->now));
	json_object_end(&j);
	struct str ours = buf_str(&out);
	return str_cat(cx->mem, str_cat(cx->mem, str_sub(ours, 0, ours.len - 1), STR(",")), str_from(plain, 1));
}

static err_t sign(struct ctx *cx, struct arena *mem, struct str kid, struct document *document)
{
	struct str token, plain = document->plain;
	TRY(jwt_sign(cx, document->typ, claims_of(cx, plain), &token));
	struct buf out = buf_new(mem, METADATA_MAX);
	buf_add(&out, str_sub(plain, 0, plain.len - 1));
	buf_fmt(&out, ",\"signed_metadata\":\"%.*s\"}", STR_ARG(token));
	document->text = buf_str(&out);
	document->etag = etag_of(mem, plain, kid);
	return OK;
}

static void replace(struct metadata *old, const struct document *documents, struct str kid, struct arena *mem)
{
	pthread_mutex_lock(&old->lock);
	struct arena *unused = old->mem;
	memcpy(old->documents, documents, DOCUMENTS * sizeof *documents);
	old->kid = kid;
	old->mem = mem;
	pthread_mutex_unlock(&old->lock);
	if (unused)
		arena_close(unused);
}

err_t metadata_sign(struct ctx *cx, void *state)
{
	struct metadata *metadata = state;
	struct str kid;
	err_t e = OK;
	TRY(signing_keys_active(cx, &kid));
	if (str_eq(kid, metadata->kid)) /* who else would write it */
		return OK;
	struct arena *mem = arena_open();
	struct document *documents = arena_array(mem, struct document, DOCUMENTS);
	memcpy(documents, metadata->documents, DOCUMENTS * sizeof *documents);
	for (size_t i = 0; i < DOCUMENTS && !e; i++)
		e = sign(cx, mem, kid, &documents[i]);
	if (e)
		arena_close(mem);
	else
		replace(metadata, documents, str_dup(mem, kid), mem);
	return e;
}

void metadata_close(struct metadata *metadata)
{
	if (metadata->mem)
		arena_close(metadata->mem);
	metadata->mem = NULL;
}

/* ---- what is asked for ---- */

/* The resource whose path, of any number of segments, comes after the well-known one (RFC 9728 §3.1); NULL: none. */
static const struct audience_row *resource_of(const struct request *rq)
{
	return audience_of_path(rq->arg_count ? str_cat(rq->cx.mem, STR("/"), rq->args[0]) : STR(""));
}

static err_t send_document(struct request *rq, struct response *rs, size_t number)
{
	struct metadata *metadata = rq->app->metadata;
	struct etag_list none_match;
	TRY(etags_read(rq, "If-None-Match", &none_match));
	struct buf *body = reply(rs, 200, "application/json");
	pthread_mutex_lock(&metadata->lock);
	struct str etag = str_dup(rq->cx.mem, metadata->documents[number].etag);
	bool known = etags_hold(&none_match, etag, true);
	if (!known)
		buf_add(body, metadata->documents[number].text);
	pthread_mutex_unlock(&metadata->lock);
	response_header(rs, "Cache-Control", CACHE_METADATA);
	response_header(rs, "ETag", etag);
	if (known)
		reply_empty(rs, 304);
	return OK;
}

err_t metadata_server(struct request *rq, struct response *rs)
{
	return resource_of(rq) ? send_document(rq, rs, 0) : FAIL(&rq->cx, NOT_FOUND, "no such issuer");
}

err_t metadata_resource(struct request *rq, struct response *rs)
{
	const struct audience_row *resource = resource_of(rq);
	if (!resource)
		return FAIL(&rq->cx, NOT_FOUND, "no such resource");
	return send_document(rq, rs, 1 + (size_t)(resource - audience_rows));
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
