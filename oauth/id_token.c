/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/id_token.h"

#include "oauth/answer.h"
#include "oauth/auth_request.h"
#include "oauth/identity.h"
#include "server/account/signing_keys.h"
#include "server/auth/amr.h"
#include "server/auth/scope.h"
#include "server/crypto/digest.h"
#include "server/data/json_tree.h"
#include "server/jose/jws.h"

/* A nonce with each octet escaped, the name of a client that nobody registered, and the rest. */
#define CLAIMS_MAX ((size_t)6 * NONCE_MAX + 16384)
#define ID_TOKEN_TYPE "JWT"

/* §3.1.3.6: of the access token's hash the left half, by the hash of the signature's algorithm. */
static struct str at_hash(struct ctx *cx, struct str access)
{
	return base64url_of(cx->mem, bytes_of(secret_hash(cx->mem, access).ptr, SHA256_SIZE / 2));
}

/* By the clock of whoever verifies it, not by the sandbox's. */
static struct str claims(struct ctx *cx, struct str client_id, const struct token_pair *pair)
{
	const struct identity who = { pair->account, pair->user.email, pair->user.email_confirmed, pair->user.name,
		pair->user.tz, pair->user.language, pair->user.picture };
	struct buf out = buf_new(cx->mem, CLAIMS_MAX);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_str(&j, "iss", oauth_issuer(cx));
	json_str(&j, "aud", client_id);
	json_int(&j, "iat", instant_s(cx->now));
	json_int(&j, "exp", instant_s(cx->now) + ID_TOKEN_LIFETIME_S);
	json_int(&j, "auth_time", instant_s(pair->user.auth_time));
	json_str_if(&j, "nonce", pair->user.nonce);
	json_str(&j, "at_hash", at_hash(cx, pair->access));
	json_str(&j, "acr", identity_acr(cx, pair->user.amr));
	struct str_list amr = amr_names(cx->mem, pair->user.amr);
	json_array(&j, "amr");
	for (size_t i = 0; i < amr.count; i++)
		json_str(&j, NULL, amr.items[i]);
	json_array_end(&j);
	identity_json(cx, &j, &who, pair->scopes);
	if (!id_is_zero(pair->connected_account)) /* the product's, as in each answer about a token */
		json_id(&j, "connected_account_id", "cpa", pair->connected_account);
	json_object_end(&j);
	return buf_str(&out);
}

err_t id_token_of(struct ctx *cx, struct str client_id, const struct token_pair *pair, struct str *out)
{
	*out = STR_ABSENT;
	if (!(pair->scopes & OPENID) || !pair->user.signed_in)
		return OK;
	return jwt_sign(cx, ID_TOKEN_TYPE, claims(cx, client_id, pair), out);
}

err_t id_token_read(struct ctx *cx, struct str token, struct id_token *out)
{
	struct str text;
	const struct cJSON *root;
	TRY(jwt_verify(cx, ID_TOKEN_TYPE, token, &text));
	if (json_tree_parse(cx, text, &root) || !str_eq(jws_text(root, "iss"), oauth_issuer(cx)))
		return FAIL(cx, NOT_FOUND, "of another server");
	*out = (struct id_token){ jws_text(root, "sub"), jws_text(root, "aud") };
	return OK;
}
