/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/jws.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "server/data/json_tree.h"
#include "server/jose/ed25519.h"
#include "server/jose/es256.h"
#include "server/jose/public_key.h"

/* ---- reading ---- */

/* What would have us fetch or believe a key, or read the payload in another way. */
static const char *const refused[] = { "crit", "b64", "jku", "x5u", "x5c", "x5t", "x5t#S256", "zip", "enc" };

static const char *read_header(const struct cJSON *header, struct jws *out)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (json_tree_member(header, str_of(refused[i])))
			return "its header has a member that is not taken here (crit, b64, jku, x5u, x5c, x5t, zip, "
			       "enc)";
	if (!jws_alg_parse(jws_text(header, "alg"), &out->alg))
		return "its alg is none of ES256, EdDSA, PS256 and RS256";
	out->typ = jws_text(header, "typ");
	out->kid = jws_text(header, "kid");
	if ((!out->typ.ptr && json_tree_member(header, STR("typ"))) ||
		(!out->kid.ptr && json_tree_member(header, STR("kid"))))
		return "its typ or kid is not a text";
	out->jwk = json_tree_member(header, STR("jwk"));
	return NULL;
}

const char *jws_read(struct ctx *cx, struct str text, struct jws *out)
{
	struct str rest = text, head, payload;
	struct bytes header, octets;
	const struct cJSON *root;
	struct jws jws = { 0 };
	if (text.len > JWS_MAX)
		return "it is longer than 12 KiB";
	if (!str_cut(&rest, '.', &head) || !str_cut(&rest, '.', &payload) || !rest.ptr ||
		!base64url_to(cx->mem, head, &header) || !base64url_to(cx->mem, payload, &octets) ||
		!base64url_to(cx->mem, rest, &jws.signature))
		return "it is not three parts in base64url with dots between";
	if (json_tree_parse(cx, bytes_str(header), &root))
		return "its header is not one JSON object with each name once";
	const char *wrong = read_header(root, &jws);
	if (wrong)
		return wrong;
	jws.payload = bytes_str(octets);
	jws.signed_text = str_sub(text, 0, head.len + 1 + payload.len);
	*out = jws;
	return NULL;
}

const struct cJSON *jws_claims(struct ctx *cx, const struct jws *jws)
{
	const struct cJSON *root;
	return json_tree_parse(cx, jws->payload, &root) ? NULL : root;
}

struct str jws_text(const struct cJSON *claims, const char *name)
{
	const struct cJSON *member = json_tree_member(claims, str_of(name));
	return member && json_tree_type(member) == JSON_IS_TEXT ? json_tree_text(member) : STR_ABSENT;
}

bool jws_date(const struct cJSON *claims, const char *name, int64_t *out)
{
	const struct cJSON *member = json_tree_member(claims, str_of(name));
	return member && json_tree_type(member) == JSON_IS_NUMBER && json_tree_floor(member, out);
}

bool jws_typ_is(const struct jws *jws, const char *type)
{
	const struct str prefix = STR("application/");
	struct str typ = jws->typ;
	if (str_eq_nocase(str_sub(typ, 0, prefix.len), prefix))
		typ = str_from(typ, prefix.len);
	return str_eq_nocase(typ, str_of(type));
}

/* ---- verifying ---- */

bool jwk_is_usable(const struct jwk *jwk)
{
	if (jwk->type == JWK_OKP)
		return ed25519_is_key(jwk->x);
	EVP_PKEY *key = public_key_make(jwk);
	EVP_PKEY_free(key);
	return key != NULL;
}

bool jwk_is_certified(const struct jwk *jwk, struct bytes certificate)
{
	const unsigned char *at = certificate.ptr;
	EVP_PKEY *key = public_key_make(jwk);
	X509 *shown = d2i_X509(NULL, &at, (long)certificate.len);
	bool same = key && shown && EVP_PKEY_eq(X509_get0_pubkey(shown), key) == 1;
	X509_free(shown);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return same;
}

bool jwk_signed(const struct jwk *jwk, enum jws_alg alg, struct bytes text, struct bytes signature)
{
	if (!(jwk->algs & JWS_ALG(alg)))
		return false;
	if (alg == JWS_EDDSA)
		return ed25519_signed(jwk->x, text, signature);
	struct verifier *verifier = verifier_begin(jwk, alg);
	if (!verifier)
		return false;
	bool good = verifier_accepts(verifier, text, signature);
	verifier_end(verifier, good);
	return good;
}

bool jws_verify(struct ctx *cx, const struct jws *jws, const struct jwk *jwk)
{
	struct bytes signature = jws->signature;
	if (jws->alg == JWS_ES256 && !es256_der(cx->mem, signature, &signature))
		return false;
	return jwk_signed(jwk, jws->alg, bytes_of(jws->signed_text.ptr, jws->signed_text.len), signature);
}
