/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/assertion.h"

#include "oauth/client_keys.h"
#include "oauth/client_row.h"
#include "server/crypto/digest.h"
#include "server/data/json_tree.h"
#include "server/db/query.h"
#include "server/jose/jws.h"
#include "sql.h"

#define SKEW_S 10  /* of an end that is past */
#define AHEAD_S 60 /* of a beginning that is yet to come: clocks differ */
#define ONCE_SIZE 16

static err_t refuse(struct ctx *cx, const char *wrong)
{
	return REFUSE(cx, INVALID_CLIENT, "client_assertion", "The client assertion is not taken: %s.", wrong);
}

/* A token of ours, a proof and a request object are signed too: none of them is an assertion (RFC 8725 §3.11). */
static bool typ_fits(const struct jws *jws)
{
	return !jws->typ.ptr || jws_typ_is(jws, "jwt") || jws_typ_is(jws, "client-authentication+jwt");
}

static const char *validate_times(const struct ctx *cx, const struct cJSON *claims, int64_t *until_s_out)
{
	int64_t now_s = instant_s(cx->now), exp_s, at_s;
	if (!jws_date(claims, "exp", &exp_s))
		return "it has no exp";
	if (exp_s <= now_s - SKEW_S)
		return "its exp is past";
	if (exp_s > now_s + ASSERTION_LIFETIME_S + AHEAD_S)
		return "its exp is more than an hour ahead";
	if (json_tree_member(claims, STR("nbf")) && (!jws_date(claims, "nbf", &at_s) || at_s > now_s + AHEAD_S))
		return "its nbf is yet to come";
	if (json_tree_member(claims, STR("iat")) && (!jws_date(claims, "iat", &at_s) || at_s > now_s + AHEAD_S))
		return "its iat is yet to come";
	*until_s_out = exp_s + SKEW_S;
	return NULL;
}

struct checked {
	struct str client_id, jti;
	int64_t until_s;
};

/* All that can be said without the client's keys. */
static const char *validate(struct ctx *cx, const struct assertion *sent, struct jws *jws, struct checked *out)
{
	const char *wrong = jws_read(cx, sent->text, jws);
	if (wrong)
		return wrong;
	if (jws->jwk)
		return "its header has a jwk; the app's registered keys count alone";
	if (!typ_fits(jws))
		return "its typ is neither JWT nor client-authentication+jwt";
	const struct cJSON *claims = jws_claims(cx, jws);
	if (!claims)
		return "its payload is not one JSON object with each name once";
	struct str iss = jws_text(claims, "iss"), sub = jws_text(claims, "sub"), jti = jws_text(claims, "jti");
	if (!sub.len || !str_eq(iss, sub) || (sent->client_id.ptr && !str_eq(sent->client_id, sub)))
		return "its iss and sub are not both the client_id";
	if (!str_eq(jws_text(claims, "aud"), sent->issuer))
		return "its aud is not this server's issuer, as one text (RFC 7523bis)";
	if (!jti.len || jti.len > ASSERTION_JTI_MAX)
		return "its jti is not a text of 1 to 256 octets";
	*out = (struct checked){ .client_id = sub, .jti = jti };
	return validate_times(cx, claims, &out->until_s);
}

static err_t find(struct ctx *cx, const struct checked *checked, struct client_row *out)
{
	err_t e = client_row_find(cx, checked->client_id, out);
	if (err_is(e, NOT_FOUND) || (!e && !client_auth_allows(out->auth_method, CLIENT_AUTH_KEY)))
		return refuse(cx, "no key of the app signed it");
	return e;
}

static err_t take_once(struct ctx *cx, const struct client_row *row, const struct checked *checked)
{
	size_t fresh = 0;
	struct bytes hash = bytes_of(secret_hash(cx->mem, checked->jti).ptr, ONCE_SIZE);
	TRY(db_exec(cx, &sql_client_assertion_once, &fresh, IN(row->id), IN(hash), IN(instant_of_s(checked->until_s))));
	return fresh ? OK : refuse(cx, "it was used before: make a new one for each request");
}

err_t assertion_prove(struct ctx *cx, const struct assertion *sent, struct client *out)
{
	struct jws jws;
	struct checked checked;
	struct client_row row;
	bool good;
	const char *wrong = validate(cx, sent, &jws, &checked);
	if (wrong)
		return refuse(cx, wrong);
	TRY(find(cx, &checked, &row));
	if (row.profile == CLIENT_FAPI2 && jws.alg == JWS_RS256) /* FAPI 2.0 §5.4.1 */
		return refuse(cx, "RS256 is not for apps of the profile fapi2");
	const struct client_keys keys = { row.id, row.jwks, row.jwks_uri, row.fetched, row.fetched_at };
	TRY(client_keys_verify(cx, &keys, &jws, &good));
	if (!good)
		return refuse(cx, "no key of the app signed it");
	TRY(take_once(cx, &row, &checked));
	*out = client_of_row(&row);
	return OK;
}
