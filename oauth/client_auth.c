/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_auth.h"

#include "oauth/client.h"
#include "server/base/config.h"
#include "server/data/json_tree.h"
#include "server/jose/jws.h"
#include "server/net/target.h"

#define URI_MAX 2048

static const struct {
	const char *name;
	enum client_auth auth;
} names[] = {
#define CLIENT_AUTH(name, stored, text) { text, CLIENT_AUTH_##name },
#include "oauth/client_auth.def"
#undef CLIENT_AUTH
};

const char client_auth_names[] =
#define CLIENT_AUTH(name, stored, text) " " text
#include "oauth/client_auth.def"
#undef CLIENT_AUTH
	;

struct str client_auth_name(int16_t auth)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (auth == (int16_t)names[i].auth)
			return str_of(names[i].name);
	return STR_ABSENT;
}

bool client_auth_parse(struct str name, enum client_auth *out)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, str_of(names[i].name))) {
			*out = names[i].auth;
			return true;
		}
	return false;
}

bool client_auth_allows(int16_t registered, enum client_auth used)
{
	return registered == CLIENT_AUTH_OPEN ? used < CLIENT_AUTH_KEY : registered == (int16_t)used;
}

static err_t refuse_keys(struct ctx *cx, const char *wrong)
{
	return REFUSE(cx, INVALID_VALUE, "jwks", "The JWK Set is not taken: %s.", wrong);
}

static bool is_named_apart(const struct jwk_set *set, size_t i)
{
	if (!set->items[i].kid.len)
		return set->count == 1;
	for (size_t k = 0; k < i; k++)
		if (str_eq(set->items[i].kid, set->items[k].kid))
			return false;
	return true;
}

/* A set that is fetched may have keys that are none of ours; one that is registered is what somebody means. */
static err_t check_keys(struct ctx *cx, struct str text)
{
	struct jwk_set *set = arena_new(cx->mem, struct jwk_set);
	const struct cJSON *root;
	struct jwk ignored;
	const char *wrong = jwk_set_read(cx, text, set);
	if (wrong)
		return refuse_keys(cx, wrong);
	TRY(json_tree_parse(cx, text, &root));
	const struct cJSON *one = json_tree_first(json_tree_member(root, STR("keys")));
	for (size_t at = 0; one; one = json_tree_next(one), at++) {
		wrong = jwk_read(cx, one, &ignored);
		if (wrong)
			return REFUSE(cx, INVALID_VALUE, "jwks", "keys[%zu] is not taken: %s.", at, wrong);
		if (!jwk_is_usable(&ignored))
			return REFUSE(cx, INVALID_VALUE, "jwks", "keys[%zu] is not a point on its curve.", at);
	}
	for (size_t i = 0; i < set->count; i++)
		if (!is_named_apart(set, i))
			return refuse_keys(cx, "where there are several keys each has a kid of its own");
	return OK;
}

static err_t check_uri(struct ctx *cx, struct str uri)
{
	bool may_be_private = cx->config && cx->config->allow_private_hooks;
	if (uri.len > URI_MAX)
		return REFUSE(cx, INVALID_VALUE, "jwks_uri", "This has at most %d octets.", URI_MAX);
	return target_check(cx, "jwks_uri", uri, may_be_private);
}

/* clang-format off */
const struct client_tls_field client_tls_fields[] = {
	{ "tls_client_auth_subject_dn", CERTIFICATE_SUBJECT },
	{ "tls_client_auth_san_dns",    CERTIFICATE_DNS },
	{ "tls_client_auth_san_uri",    CERTIFICATE_URI },
	{ "tls_client_auth_san_ip",     CERTIFICATE_IP },
	{ "tls_client_auth_san_email",  CERTIFICATE_EMAIL },
};
/* clang-format on */
const size_t client_tls_field_count = ARRAY_LEN(client_tls_fields);

static err_t check_tls_name(struct ctx *cx, const struct client_means *means)
{
	if (means->auth == CLIENT_AUTH_TLS && !means->tls_name_kind)
		return REFUSE(cx, INVALID_VALUE, client_tls_fields[0].name,
			"With tls_client_auth an app has one name by which its certificate is known: subject_dn, "
			"san_dns, "
			"san_uri, san_ip or san_email.");
	for (size_t i = 0; i < client_tls_field_count; i++)
		if (means->tls_name_kind == (int16_t)client_tls_fields[i].kind &&
			!certificate_name_fits(cx->mem, client_tls_fields[i].kind, means->tls_name))
			return REFUSE(cx, INVALID_VALUE, client_tls_fields[i].name, "No certificate has such a name.");
	return OK;
}

err_t client_means_check(struct ctx *cx, int16_t kind, const struct client_means *means)
{
	const char *const method = "token_endpoint_auth_method";
	bool is_open = means->auth == CLIENT_AUTH_OPEN, is_none = means->auth == CLIENT_AUTH_NONE;
	if (kind == CLIENT_PUBLIC && !is_open && !is_none)
		return REFUSE(cx, INVALID_VALUE, method, "A public app proves nothing: none, or leave it out.");
	if (kind == CLIENT_CONFIDENTIAL && is_none)
		return REFUSE(cx, INVALID_VALUE, method, "A confidential app proves itself: none is for public ones.");
	if (means->jwks.ptr && means->uri.ptr)
		return REFUSE(
			cx, INVALID_VALUE, "jwks_uri", "An app has jwks or jwks_uri, not both (RFC 7591 section 2).");
	bool by_keys = means->auth == CLIENT_AUTH_KEY || means->auth == CLIENT_AUTH_SELF_SIGNED;
	if (by_keys && !means->jwks.ptr && !means->uri.ptr)
		return REFUSE(cx, INVALID_VALUE, "jwks", "With %s an app has jwks or jwks_uri.",
			client_auth_name(means->auth).ptr);
	TRY(check_tls_name(cx, means));
	if (means->jwks.ptr)
		TRY(check_keys(cx, means->jwks));
	return means->uri.ptr ? check_uri(cx, means->uri) : OK;
}
