/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/registration.h"

#include <string.h>

#include "oauth/client.h"
#include "oauth/redirect.h"
#include "oauth/token.h"
#include "server/account/label.h"
#include "server/auth/scope.h"
#include "server/data/json.h"
#include "server/data/json_tree.h"
#include "server/data/uri.h"

#define URL_MAX 2048
#define TEXT_MAX 1024
#define WORDS_MAX 50

/* What such a client can be given; the device grant has no address that the user sees. */
#define OPEN_GRANTS (GRANT_CODE | GRANT_REFRESH)

/* Some clients send null for what they leave out. */
struct metadata {
	bool given_redirects, given_method, given_grants, given_responses, given_scope, given_name;
	bool given_id, given_secret, given_client_uri, given_logo, given_tos, given_policy, given_jwks_uri,
		given_software, given_version;
	struct str_list redirects, grants, responses;
	struct str id, secret, method, scope, name, client_uri, logo, tos, policy, jwks_uri, software, version;
};

#define M(member) offsetof(struct metadata, member)
#define FIELD_TEXT(name, member, given, most)                                                                          \
	{                                                                                                              \
		name, JSON_STR, JSON_NULLABLE, M(member), M(given), 0, most, NULL, NULL, 0, 0, NULL, NULL              \
	}
#define FIELD_TEXTS(name, member, given)                                                                               \
	{                                                                                                              \
		name, JSON_STRS, JSON_NULLABLE, M(member), M(given), 0, WORDS_MAX, NULL, NULL, 0, 0, NULL, NULL        \
	}

/* RFC 7591 §2. `given` is not looked at, but tells null and absent from a text alike. */
static const struct json_field fields[] = {
	FIELD_TEXTS("redirect_uris", redirects, given_redirects),
	FIELD_TEXT("client_id", id, given_id, URL_MAX),
	FIELD_TEXT("client_secret", secret, given_secret, TEXT_MAX),
	FIELD_TEXT("token_endpoint_auth_method", method, given_method, TEXT_MAX),
	FIELD_TEXTS("grant_types", grants, given_grants),
	FIELD_TEXTS("response_types", responses, given_responses),
	FIELD_TEXT("scope", scope, given_scope, TEXT_MAX),
	FIELD_TEXT("client_name", name, given_name, TEXT_MAX),
	FIELD_TEXT("client_uri", client_uri, given_client_uri, URL_MAX),
	FIELD_TEXT("logo_uri", logo, given_logo, URL_MAX),
	FIELD_TEXT("tos_uri", tos, given_tos, URL_MAX),
	FIELD_TEXT("policy_uri", policy, given_policy, URL_MAX),
	FIELD_TEXT("jwks_uri", jwks_uri, given_jwks_uri, URL_MAX),
	FIELD_TEXT("software_id", software, given_software, TEXT_MAX),
	FIELD_TEXT("software_version", version, given_version, TEXT_MAX),
};

#define BAD(member, ...) REFUSE(cx, INVALID_CLIENT_METADATA, member, __VA_ARGS__)

/* What a reader or a check of values says, as RFC 7591 §3.2.2 calls it. */
static err_t as_metadata(struct ctx *cx, err_t e)
{
	if (!e || err_row(e->kind)->api_status >= 500 || e->kind == INVALID_REDIRECT_URI)
		return e;
	bool redirect = str_starts(e->param, STR("redirect_uri"));
	return REFUSE(cx, redirect ? INVALID_REDIRECT_URI : INVALID_CLIENT_METADATA,
		e->param.ptr ? str_c(cx->mem, e->param) : "", "%.*s", STR_ARG(err_text(e)));
}

/* ---- redirect URIs ---- */

static struct str without_port(struct arena *mem, struct str uri)
{
	struct uri u;
	if (!redirect_is_loopback(uri) || !uri_split(uri, &u) || !u.port.ptr)
		return uri;
	size_t port = (size_t)(u.port.ptr - uri.ptr);
	return str_cat(mem, str_sub(uri, 0, port - 1), str_from(uri, port + u.port.len));
}

/* In order, and each once. */
static void insert(struct str *sorted, size_t *count, struct str uri)
{
	size_t at = 0;
	while (at < *count && str_cmp(sorted[at], uri) < 0)
		at++;
	if (at < *count && str_eq(sorted[at], uri))
		return;
	memmove(sorted + at + 1, sorted + at, (*count - at) * sizeof *sorted);
	sorted[at] = uri;
	(*count)++;
}

/* An app that listens at another port each time is the same app (RFC 8252 §7.3). */
static err_t read_redirects(struct ctx *cx, const struct metadata *in, struct registration *out)
{
	struct str *sorted = arena_array(cx->mem, struct str, CLIENT_REDIRECTS_MAX + 1);
	size_t count = 0;
	bool is_public = out->by != REGISTERED_BY_OWNER || out->means.auth == CLIENT_AUTH_NONE;
	if (!in->redirects.count || in->redirects.count > CLIENT_REDIRECTS_MAX)
		return REFUSE(
			cx, INVALID_REDIRECT_URI, "redirect_uris", "Give 1 to %d redirect_uris.", CLIENT_REDIRECTS_MAX);
	for (size_t i = 0; i < in->redirects.count; i++) {
		TRY(redirect_uri_check(cx, in->redirects.items[i], is_public));
		if (out->by != REGISTERED_BY_OWNER && redirect_is_https_here(in->redirects.items[i]))
			return REFUSE(cx, INVALID_REDIRECT_URI, "redirect_uris",
				"Without being registered by its owner an app is answered on this computer by http, at "
				"any port: http://127.0.0.1/… (RFC 8252 §7.3).");
		insert(sorted, &count, without_port(cx->mem, in->redirects.items[i]));
	}
	out->redirects = (struct str_list){ sorted, count };
	return OK;
}

/* ---- the rest ---- */

static bool has_word(struct str_list words, struct str word)
{
	for (size_t i = 0; i < words.count; i++)
		if (str_eq(words.items[i], word))
			return true;
	return false;
}

/* Those that it cannot have are left out, as RFC 7591 §3.2.1 lets us; without a code it could do nothing. */
static err_t read_grants(struct ctx *cx, const struct metadata *in, struct registration *out)
{
	out->grants = in->grants.count ? 0 : OPEN_GRANTS;
	for (size_t i = 0; i < in->grants.count; i++) {
		const struct grant_row *row = grant_find(in->grants.items[i]);
		if (row)
			out->grants = (int16_t)(out->grants | (row->bit & OPEN_GRANTS));
	}
	if (!(out->grants & GRANT_CODE))
		return BAD("grant_types", "Such an app asks its user, by the grant authorization_code.");
	if (in->responses.count && !has_word(in->responses, STR("code")))
		return BAD("response_types", "The response type is code.");
	return OK;
}

static err_t read_scope(struct ctx *cx, const struct metadata *in, struct registration *out)
{
	struct str unknown = scope_unknown(in->scope);
	out->scopes = SCOPES_ASKABLE;
	if (unknown.ptr)
		return BAD("scope", "There is no scope %.*s here; scopes_supported of the metadata has all.",
			STR_ARG(str_sub(unknown, 0, 100)));
	if (in->scope.len && !scope_parse_spoken(in->scope, &out->scopes))
		return BAD("scope", "Scopes are separated by one blank.");
	if (!(out->scopes & (uint64_t)SCOPES_ASKABLE)) /* offline_access alone */
		out->scopes |= (uint64_t)SCOPES_ASKABLE;
	return OK;
}

/* None is ever fetched; a member that is no URL is somebody's mistake, or worse. */
static err_t check_urls(struct ctx *cx, const struct metadata *in)
{
	const struct {
		const char *member;
		struct str url;
	} urls[] = { { "client_uri", in->client_uri }, { "logo_uri", in->logo }, { "tos_uri", in->tos },
		{ "policy_uri", in->policy } };
	struct uri u;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		if (urls[i].url.len && (!uri_split(urls[i].url, &u) || !u.host.len || u.userinfo.ptr ||
					       !(str_eq(u.scheme, STR("https")) || str_eq(u.scheme, STR("http")))))
			return BAD(urls[i].member, "%s is not a web address.", urls[i].member);
	return OK;
}

static err_t read_name(struct ctx *cx, const struct metadata *in, struct registration *out)
{
	struct str host = redirect_host(cx->mem, out->redirects.items[0]);
	TRY(text_clean(cx, "software_id", in->software));
	TRY(text_clean(cx, "software_version", in->version));
	if (in->name.len)
		return label_clean(cx, "client_name", in->name, &out->name);
	return label_clean(cx, "client_name",
		str_fmt(cx->mem, "App of %.*s", STR_ARG(str_sub(host, 0, LABEL_MAX - 10))), &out->name);
}

/* The set that stands in the metadata, as text; absent: none. */
static struct str jwks_of(struct ctx *cx, struct str json)
{
	const struct cJSON *root, *set;
	if (json_tree_parse(cx, json, &root) || !(set = json_tree_member(root, STR("jwks"))) ||
		json_tree_type(set) == JSON_IS_NULL)
		return STR_ABSENT;
	struct buf text = buf_new(cx->mem, JWK_SET_TEXT_MAX);
	struct json j = json_begin(&text);
	json_tree_write(&j, NULL, set);
	return buf_str(&text);
}

/* How the app proves itself, with the keys of one that has a key. */
static err_t read_proof(
	struct ctx *cx, const struct metadata *in, struct str json, enum client_auth auth, struct registration *out)
{
	out->means.auth = (int16_t)auth;
	if (auth != CLIENT_AUTH_KEY)
		return OK;
	out->means.uri = in->jwks_uri.len ? in->jwks_uri : STR_ABSENT;
	out->means.jwks = jwks_of(cx, json);
	return client_means_check(cx, CLIENT_CONFIDENTIAL, &out->means);
}

/* A document is public, so there is no secret in it, and nothing that is proven by one (§4.1). */
static err_t read_document(struct ctx *cx, const struct metadata *in, struct str json, struct registration *out)
{
	enum client_auth auth = CLIENT_AUTH_NONE;
	if (!str_eq(in->id, out->url))
		return BAD("client_id", "its client_id is not the URL where it stands.");
	bool known = !in->method.len || client_auth_parse(in->method, &auth);
	if (in->secret.ptr || !known || (auth != CLIENT_AUTH_NONE && auth != CLIENT_AUTH_KEY))
		return BAD("token_endpoint_auth_method",
			"an app that is known by a document proves itself by none or private_key_jwt.");
	return read_proof(cx, in, json, auth, out);
}

/* Whom its owner's operator gave a token. Left out, the method is that of RFC 7591 §2. */
static err_t read_owned(struct ctx *cx, const struct metadata *in, struct str json, struct registration *out)
{
	enum client_auth auth = CLIENT_AUTH_BASIC;
	if (out->url.ptr && !str_eq(in->id, out->url)) /* RFC 7592 §2.2 */
		return BAD("client_id", "The client_id is not the one of this address.");
	if (in->method.len && (!client_auth_parse(in->method, &auth) || auth > CLIENT_AUTH_KEY))
		return BAD("token_endpoint_auth_method",
			"The method is one of none, client_secret_basic, client_secret_post and private_key_jwt.");
	out->secret = in->secret;
	return read_proof(cx, in, json, auth, out);
}

/* A secret is for who is registered by its owner. A key would be asked for more than we then ask. */
static err_t read_means(struct ctx *cx, const struct metadata *in, struct str json, struct registration *out)
{
	enum client_auth auth = CLIENT_AUTH_NONE;
	out->means = (struct client_means){ .auth = CLIENT_AUTH_NONE };
	if (out->by == REGISTERED_BY_DOCUMENT)
		return read_document(cx, in, json, out);
	if (out->by == REGISTERED_BY_OWNER)
		return read_owned(cx, in, json, out);
	if (in->method.len && (!client_auth_parse(in->method, &auth) || auth >= CLIENT_AUTH_KEY))
		return BAD("token_endpoint_auth_method",
			"Without being registered by its owner an app proves itself by nothing: none.");
	return OK;
}

static err_t read_all(struct ctx *cx, struct str json, struct registration *out, struct metadata *in)
{
	TRY(json_read_known(cx, json, fields, ARRAY_LEN(fields), in));
	if (in->jwks_uri.len && jwks_of(cx, json).ptr)
		return BAD("jwks_uri", "jwks and jwks_uri never stand in one request (RFC 7591 §2).");
	TRY(read_means(cx, in, json, out));
	TRY(read_redirects(cx, in, out));
	TRY(read_grants(cx, in, out));
	TRY(read_scope(cx, in, out));
	TRY(check_urls(cx, in));
	return read_name(cx, in, out);
}

err_t registration_read(
	struct ctx *cx, struct str json, int16_t by, struct registration *out, struct str_list *given_out)
{
	struct metadata in = { 0 };
	*out = (struct registration){ .by = by, .url = out->url };
	TRY(as_metadata(cx, read_all(cx, json, out, &in)));
	if (given_out)
		*given_out = in.redirects;
	return OK;
}
