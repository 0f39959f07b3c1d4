/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"
#include "server/jose/es256.h"

#define POINT (1 + 2 * ES256_COORDINATE)

/* ---- keys ---- */

static EVP_PKEY *key_from(const char *type, int parts, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!maker || EVP_PKEY_fromdata_init(maker) != 1 || EVP_PKEY_fromdata(maker, &key, parts, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(maker);
	return key;
}

/* The curve without a point: a copy of it and a point are a key in a quarter of the time that the library takes to find
 * the curve by its name. Kept for as long as the program runs. */
static EVP_PKEY *p256;
static pthread_once_t p256_once = PTHREAD_ONCE_INIT;

static void p256_make(void)
{
	char curve[] = SN_X9_62_prime256v1;
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_end() };
	p256 = key_from("EC", EVP_PKEY_KEY_PARAMETERS, params);
}

static EVP_PKEY *ec_key(const struct jwk *jwk)
{
	uint8_t point[POINT] = { POINT_CONVERSION_UNCOMPRESSED };
	memcpy(point + 1, jwk->x.ptr, ES256_COORDINATE);
	memcpy(point + 1 + ES256_COORDINATE, jwk->y.ptr, ES256_COORDINATE);
	pthread_once(&p256_once, p256_make);
	EVP_PKEY *key = p256 ? EVP_PKEY_dup(p256) : NULL;
	if (key && EVP_PKEY_set1_encoded_public_key(key, point, sizeof point) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *rsa_key(const struct jwk *jwk)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(jwk->n.ptr, (int)jwk->n.len, NULL), *e = BN_bin2bn(jwk->e.ptr, (int)jwk->e.len, NULL);
	if (build && n && e && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e)) {
		OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
		key = params ? key_from("RSA", EVP_PKEY_PUBLIC_KEY, params) : NULL;
		OSSL_PARAM_free(params);
	}
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

EVP_PKEY *public_key_make(const struct jwk *jwk)
{
	EVP_PKEY *key = jwk->type == JWK_EC ? ec_key(jwk)
			: jwk->type == JWK_RSA
				? rsa_key(jwk)
				: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, jwk->x.ptr, jwk->x.len);
	if (!key)
		ERR_clear_error();
	return key;
}

/* ---- what verifies ---- */

struct verifier {
	uint8_t name[SHA256_SIZE]; /* of its key */
	enum jws_alg alg;
	EVP_PKEY *key;
	EVP_PKEY_CTX *how;
	uint64_t used; /* when it was given back */
};

static void verifier_free(struct verifier *v)
{
	if (!v)
		return;
	EVP_PKEY_CTX_free(v->how);
	EVP_PKEY_free(v->key);
	free(v);
}

/* RFC 7518 §3.5: PSS with SHA-256, MGF1 with the same, a salt of its size. */
static bool set_padding(EVP_PKEY_CTX *how, enum jws_alg alg)
{
	if (alg != JWS_PS256)
		return true; /* PKCS #1 v1.5 is the default of an RSA key; others have none */
	return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool prepare(struct verifier *v, const struct jwk *jwk)
{
	v->key = public_key_make(jwk);
	v->how = v->key ? EVP_PKEY_CTX_new_from_pkey(NULL, v->key, NULL) : NULL;
	return v->how && EVP_PKEY_verify_init(v->how) == 1 && set_padding(v->how, v->alg) &&
	       EVP_PKEY_CTX_set_signature_md(v->how, EVP_sha256()) == 1;
}

bool verifier_accepts(struct verifier *v, struct bytes text, struct bytes signature)
{
	uint8_t digest[SHA256_SIZE];
	sha256(text, digest);
	bool good = EVP_PKEY_verify(v->how, signature.ptr, signature.len, digest, sizeof digest) == 1;
	if (!good)
		ERR_clear_error();
	return good;
}

/* ---- those that are kept ---- */

#define WAYS 4 /* places of a set, which the first octet of a name chooses */
#define SETS (VERIFIERS_KEPT / WAYS)

static struct verifier *kept[SETS][WAYS];
static uint64_t uses;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Of all that makes the key. Not its thumbprint: a key that came in no JSON (webauthn.h) has no members. */
static void name_of(const struct jwk *jwk, uint8_t out[SHA256_SIZE])
{
	uint8_t parts[1 + 2 * SHA256_SIZE] = { (uint8_t)jwk->type };
	bool is_rsa = jwk->type == JWK_RSA;
	sha256(is_rsa ? jwk->n : jwk->x, parts + 1);
	sha256(is_rsa ? jwk->e : jwk->y, parts + 1 + SHA256_SIZE);
	sha256(bytes_of(parts, sizeof parts), out);
}

static struct verifier **set_of(const uint8_t name[SHA256_SIZE])
{
	return kept[name[0] % SETS];
}

static struct verifier *take(const uint8_t name[SHA256_SIZE], enum jws_alg alg)
{
	struct verifier **set = set_of(name), *found = NULL;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < WAYS && !found; i++)
		if (set[i] && set[i]->alg == alg && memcmp(set[i]->name, name, SHA256_SIZE) == 0) {
			found = set[i];
			set[i] = NULL;
		}
	pthread_mutex_unlock(&lock);
	return found;
}

/* What it takes the place of: a free place, or the one that was not used for the longest time. */
static struct verifier *put(struct verifier *v)
{
	struct verifier **set = set_of(v->name), **place = &set[0];
	pthread_mutex_lock(&lock);
	for (size_t i = 1; i < WAYS && *place; i++)
		if (!set[i] || set[i]->used < (*place)->used)
			place = &set[i];
	struct verifier *before = *place;
	v->used = ++uses;
	*place = v;
	pthread_mutex_unlock(&lock);
	return before;
}

struct verifier *verifier_begin(const struct jwk *jwk, enum jws_alg alg)
{
	uint8_t name[SHA256_SIZE];
	name_of(jwk, name);
	struct verifier *v = take(name, alg);
	if (v)
		return v;
	v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	memcpy(v->name, name, sizeof name);
	v->alg = alg;
	if (prepare(v, jwk))
		return v;
	ERR_clear_error();
	verifier_free(v);
	return NULL;
}

void verifier_end(struct verifier *v, bool keep)
{
	verifier_free(keep ? put(v) : v);
}
