/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/request_object.h"

#include "oauth/answer.h"
#include "oauth/client_keys.h"
#include "oauth/client_row.h"
#include "server/data/json.h"
#include "server/data/json_tree.h"
#include "server/jose/jws.h"

#define AHEAD_S 60 /* of a beginning that is yet to come: clocks differ */
#define SKEW_S 10  /* of an end that is past */

static err_t refuse(struct ctx *cx, const char *wrong)
{
	return REFUSE(cx, INVALID_REQUEST_OBJECT, "request", "The signed request of the app is not taken: %s.", wrong);
}

static const char *validate_times(const struct ctx *cx, const struct cJSON *claims)
{
	int64_t now_s = instant_s(cx->now), exp_s, at_s;
	if (!jws_date(claims, "exp", &exp_s))
		return "it has no exp";
	if (exp_s <= now_s - SKEW_S)
		return "its exp is past";
	if (exp_s > now_s + REQUEST_OBJECT_LIFETIME_S + AHEAD_S)
		return "its exp is more than an hour ahead";
	if (json_tree_member(claims, STR("nbf")) && (!jws_date(claims, "nbf", &at_s) || at_s > now_s + AHEAD_S))
		return "its nbf is yet to come";
	return NULL;
}

/* RFC 9101 §4, §6.3 */
static const char *validate(struct ctx *cx, const struct cJSON *claims, struct str client_id)
{
	if (!str_eq(jws_text(claims, "iss"), client_id) || !str_eq(jws_text(claims, "client_id"), client_id))
		return "its iss and client_id are not both the client_id beside it";
	if (!str_eq(jws_text(claims, "aud"), oauth_issuer(cx)))
		return "its aud is not this server's issuer, as one text";
	if (json_tree_member(claims, STR("request")) || json_tree_member(claims, STR("request_uri")))
		return "it has another request inside";
	return validate_times(cx, claims);
}

static err_t verify(struct ctx *cx, const struct jws *jws, struct str client_id)
{
	struct client_row row;
	bool good = false;
	err_t e = client_row_find(cx, client_id, &row);
	if (e && !err_is(e, NOT_FOUND))
		return e;
	if (!e && row.profile == CLIENT_FAPI2 && jws->alg == JWS_RS256)
		return refuse(cx, "RS256 is not for apps of the profile fapi2");
	if (!e) {
		const struct client_keys keys = { row.id, row.jwks, row.jwks_uri, row.fetched, row.fetched_at };
		TRY(client_keys_verify(cx, &keys, jws, &good));
	}
	return good ? OK : refuse(cx, "no key of the app signed it");
}

/* ---- its claims as parameters ---- */

/* Those of the token itself (RFC 7519 §4.1). */
static bool is_of_the_token(struct str name)
{
	static const char *const own[] = { "iss", "aud", "exp", "nbf", "iat", "jti", "sub" };
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (str_eq(name, str_of(own[i])))
			return true;
	return false;
}

static struct str text_of(struct arena *mem, const struct cJSON *value)
{
	int64_t number;
	struct buf out = buf_new(mem, JWS_MAX);
	switch (json_tree_type(value)) {
	case JSON_IS_TEXT:
		return json_tree_text(value);
	case JSON_IS_NUMBER:
		return json_tree_whole(value, &number) ? str_fmt(mem, "%lld", (long long)number)
						       : STR("no whole number");
	case JSON_IS_BOOL:
		return json_tree_bool(value) ? STR("true") : STR("false");
	case JSON_IS_NULL:
		return STR_ABSENT;
	case JSON_IS_LIST:
	case JSON_IS_OBJECT:
		break;
	}
	struct json j = json_begin(&out);
	json_tree_write(&j, NULL, value);
	return buf_str(&out);
}

static bool add(struct params *out, struct param *items, struct str name, struct str value)
{
	if (!value.len)
		return true;
	if (out->count == PARAMS_MAX)
		return false;
	items[out->count++] = (struct param){ name, value, false };
	return true;
}

/* `resource` may be there more than once (RFC 8707 §2): a list of it is that. Other values that are no text are JSON.
 */
static err_t params_of(struct ctx *cx, const struct cJSON *claims, struct params *out)
{
	struct param *items = arena_array(cx->mem, struct param, PARAMS_MAX);
	bool fits = true;
	*out = (struct params){ items, 0, false };
	for (const struct cJSON *one = json_tree_first(claims); one && fits; one = json_tree_next(one)) {
		struct str name = json_tree_name(one);
		if (is_of_the_token(name))
			continue;
		if (!str_eq(name, STR("resource")) || json_tree_type(one) != JSON_IS_LIST) {
			fits = add(out, items, name, text_of(cx->mem, one));
			continue;
		}
		for (const struct cJSON *item = json_tree_first(one); item && fits; item = json_tree_next(item))
			fits = add(out, items, name, text_of(cx->mem, item));
	}
	return fits ? OK : refuse(cx, "it has more than 100 parameters");
}

err_t request_object_open(
	struct ctx *cx, const struct params *sent, struct id caller, struct params *out, bool *signed_out)
{
	struct str text = param_get(sent, "request"), client_id = param_get(sent, "client_id");
	struct jws jws;
	*signed_out = false;
	*out = *sent;
	if (!param_count(sent, "request"))
		return OK;
	if (!text.ptr || param_count(sent, "request_uri"))
		return refuse(cx, "it comes twice, or beside request_uri");
	if (!client_id.len && !id_is_zero(caller))
		client_id = id_text(cx->mem, "cli", caller);
	const char *wrong = client_id.len ? jws_read(cx, text, &jws) : "there is no client_id beside it";
	if (!wrong && (jws.jwk || !jws_typ_is(&jws, "oauth-authz-req+jwt")))
		wrong = "its typ is not oauth-authz-req+jwt, or its header has a jwk";
	if (wrong)
		return refuse(cx, wrong);
	const struct cJSON *claims = jws_claims(cx, &jws);
	wrong = claims ? validate(cx, claims, client_id) : "its payload is not one JSON object with each name once";
	if (wrong)
		return refuse(cx, wrong);
	TRY(verify(cx, &jws, client_id));
	TRY(params_of(cx, claims, out));
	*signed_out = true;
	return OK;
}
