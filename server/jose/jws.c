/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/jws.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <openssl/x509.h>
#include <string.h>

#include "server/data/json_tree.h"
#include "server/jose/es256.h"

#define POINT (1 + 2 * ES256_COORDINATE)

/* ---- reading ---- */

static struct str as_text(struct bytes octets)
{
	return (struct str){ (const char *)octets.ptr, octets.len };
}

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
	if (json_tree_parse(cx, as_text(header), &root))
		return "its header is not one JSON object with each name once";
	const char *wrong = read_header(root, &jws);
	if (wrong)
		return wrong;
	jws.payload = as_text(octets);
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

static void free_key(void *key)
{
	EVP_PKEY_free(key);
}

static EVP_PKEY *key_made(const char *type, int parts, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!maker || EVP_PKEY_fromdata_init(maker) != 1 || EVP_PKEY_fromdata(maker, &key, parts, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(maker);
	return key;
}

static EVP_PKEY *key_from(struct arena *mem, const char *type, OSSL_PARAM *params)
{
	EVP_PKEY *key = key_made(type, EVP_PKEY_PUBLIC_KEY, params);
	if (key)
		arena_defer(mem, free_key, key);
	return key;
}

/* The curve without a point: a copy of it and a point are a key in a quarter of the time that the library takes to find
 * the curve by its name, which is a fifth of a verification. Kept for as long as the program runs. */
static EVP_PKEY *p256;
static pthread_once_t p256_once = PTHREAD_ONCE_INIT;

static void p256_make(void)
{
	char curve[] = SN_X9_62_prime256v1;
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_end() };
	p256 = key_made("EC", EVP_PKEY_KEY_PARAMETERS, params);
}

static EVP_PKEY *ec_key(struct arena *mem, const struct jwk *jwk)
{
	uint8_t point[POINT] = { POINT_CONVERSION_UNCOMPRESSED };
	memcpy(point + 1, jwk->x.ptr, ES256_COORDINATE);
	memcpy(point + 1 + ES256_COORDINATE, jwk->y.ptr, ES256_COORDINATE);
	pthread_once(&p256_once, p256_make);
	EVP_PKEY *key = p256 ? EVP_PKEY_dup(p256) : NULL;
	if (!key)
		return NULL;
	arena_defer(mem, free_key, key);
	return EVP_PKEY_set1_encoded_public_key(key, point, sizeof point) == 1 ? key : NULL;
}

static EVP_PKEY *rsa_key(struct arena *mem, const struct jwk *jwk)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(jwk->n.ptr, (int)jwk->n.len, NULL), *e = BN_bin2bn(jwk->e.ptr, (int)jwk->e.len, NULL);
	if (build && n && e && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e)) {
		OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
		key = params ? key_from(mem, "RSA", params) : NULL;
		OSSL_PARAM_free(params);
	}
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *okp_key(struct arena *mem, const struct jwk *jwk)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, jwk->x.ptr, jwk->x.len);
	if (key)
		arena_defer(mem, free_key, key);
	return key;
}

static EVP_PKEY *key_of(struct arena *mem, const struct jwk *jwk)
{
	EVP_PKEY *key = jwk->type == JWK_EC    ? ec_key(mem, jwk)
			: jwk->type == JWK_RSA ? rsa_key(mem, jwk)
					       : okp_key(mem, jwk);
	if (!key)
		ERR_clear_error();
	return key;
}

bool jwk_is_usable(struct ctx *cx, const struct jwk *key)
{
	return key_of(cx->mem, key) != NULL;
}

bool jwk_is_certified(struct ctx *cx, const struct jwk *jwk, struct bytes certificate)
{
	const unsigned char *at = certificate.ptr;
	EVP_PKEY *key = key_of(cx->mem, jwk);
	X509 *shown = d2i_X509(NULL, &at, (long)certificate.len);
	bool same = key && shown && EVP_PKEY_eq(X509_get0_pubkey(shown), key) == 1;
	X509_free(shown);
	ERR_clear_error();
	return same;
}

/* RFC 7518 §3.5: PSS with SHA-256, MGF1 with the same, a salt of its size. */
static bool set_padding(EVP_PKEY_CTX *how, enum jws_alg alg)
{
	if (alg != JWS_PS256)
		return true; /* PKCS #1 v1.5 is the default of an RSA key; others have none */
	return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool jwk_signed(struct ctx *cx, const struct jwk *jwk, enum jws_alg alg, struct bytes text, struct bytes signature)
{
	if (!(jwk->algs & JWS_ALG(alg)))
		return false;
	EVP_PKEY *key = key_of(cx->mem, jwk);
	EVP_MD_CTX *work = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	const EVP_MD *digest = alg == JWS_EDDSA ? NULL : EVP_sha256();
	bool good = key && work && EVP_DigestVerifyInit(work, &how, digest, NULL, key) == 1 && set_padding(how, alg) &&
		    EVP_DigestVerify(work, signature.ptr, signature.len, text.ptr, text.len) == 1;
	EVP_MD_CTX_free(work);
	if (!good)
		ERR_clear_error();
	return good;
}

bool jws_verify(struct ctx *cx, const struct jws *jws, const struct jwk *jwk)
{
	struct bytes signature = jws->signature;
	if (jws->alg == JWS_ES256 && !es256_der(cx->mem, signature, &signature))
		return false;
	return jwk_signed(cx, jwk, jws->alg, bytes_of(jws->signed_text.ptr, jws->signed_text.len), signature);
}
