/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/oauth_app_keys.h"

#include "server/jose/jwk.h"

struct app_key_view {
	struct str kty, crv, x, y, n, e, kid, alg, use;
	struct str_list key_ops;
};

#define K(member) offsetof(struct app_key_view, member)
#define MAYBE JSON_OPTIONAL
#define NUMBER_MAX 1366 /* characters of 8192 bits in base64url */

/* clang-format off */
static const struct json_field key_fields[] = {
	/* name      kind       flags          offset      given min max */
	{ "kty",     JSON_WORD, JSON_REQUIRED, K(kty),     0, 0, 0, "EC OKP RSA", NULL, 0, 0, "Its type", "EC" },
	{ "crv",     JSON_WORD, MAYBE,         K(crv),     0, 0, 0, "P-256 Ed25519", NULL, 0, 0, "EC: P-256; OKP: Ed25519", "P-256" },
	{ "x",       JSON_STR,  MAYBE,         K(x),       0, 1, 64, NULL, NULL, 0, 0, "EC and OKP: base64url of 32 octets", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU" },
	{ "y",       JSON_STR,  MAYBE,         K(y),       0, 1, 64, NULL, NULL, 0, 0, "EC: the same", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
	{ "n",       JSON_STR,  MAYBE,         K(n),       0, 1, NUMBER_MAX, NULL, NULL, 0, 0, "RSA: the modulus, 2048 to 8192 bits", NULL },
	{ "e",       JSON_STR,  MAYBE,         K(e),       0, 1, 8, NULL, NULL, 0, 0, "RSA: the exponent", NULL },
	{ "kid",     JSON_STR,  MAYBE,         K(kid),     0, 1, JWK_NAME_MAX, NULL, NULL, 0, 0, "Its name; where there are several keys each has one", "2026-11" },
	{ "alg",     JSON_WORD, MAYBE,         K(alg),     0, 0, 0, "ES256 EdDSA Ed25519 PS256 RS256", NULL, 0, 0, "The only algorithm that it is for", "ES256" },
	{ "use",     JSON_WORD, MAYBE,         K(use),     0, 0, 0, "sig", NULL, 0, 0, "What it is for", "sig" },
	{ "key_ops", JSON_STRS, MAYBE,         K(key_ops), 0, 1, 8, NULL, NULL, 0, 0, "The same in another way: verify is among them", NULL },
};

const struct json_field jwks_fields[JWKS_FIELD_COUNT] = {
	{ "keys", JSON_OBJECTS, JSON_REQUIRED, offsetof(struct jwks_view, keys), 0, 1, JWK_SET_MAX, NULL, key_fields, ARRAY_LEN(key_fields), sizeof(struct app_key_view), "The keys; public parts alone", NULL },
};
/* clang-format on */

struct str jwks_text_of(struct ctx *cx, const struct jwks_view *view)
{
	struct buf text = buf_new(cx->mem, JWK_SET_TEXT_MAX);
	const struct app_key_view *keys = view->keys.items;
	if (!view->keys.count)
		return STR_ABSENT;
	struct json j = json_begin(&text);
	json_object(&j, NULL);
	json_array(&j, "keys");
	for (size_t i = 0; i < view->keys.count; i++) {
		json_object(&j, NULL);
		json_write(&j, cx->mem, key_fields, ARRAY_LEN(key_fields), &keys[i]);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	return text.full ? STR("{}") : buf_str(&text); /* which is no set: the check says what one is */
}

err_t jwks_view_of(struct ctx *cx, struct str text, struct jwks_view *out)
{
	struct jwks_view view = { 0 };
	if (text.ptr)
		TRY(json_read_known(cx, text, jwks_fields, JWKS_FIELD_COUNT, &view));
	*out = view;
	return OK;
}
