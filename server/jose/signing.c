/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/signing.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/buf.h"
#include "server/crypto/digest.h"
#include "server/jose/es256.h"

#define POINT (1 + 2 * ES256_COORDINATE)
#define DER_MAX ((size_t)512) /* octets of a private key */
#define TOKEN_MAX ((size_t)16384)
#define SET_MAX ((size_t)32 * 1024)

/* Everything here works, or there is no memory. */
static void must(bool done)
{
	if (!done)
		abort();
}

/* ---- keys ---- */

static void free_key(void *key)
{
	EVP_PKEY_free(key);
}

static void free_signer(void *signer)
{
	EVP_PKEY_CTX_free(signer);
}

struct bytes signing_key_make(struct arena *mem)
{
	EVP_PKEY *key = EVP_EC_gen(SN_X9_62_prime256v1);
	uint8_t *der = arena_take(mem, 1, DER_MAX), *into = der;
	must(key != NULL);
	int len = i2d_PrivateKey(key, NULL);
	must(len > 0 && (size_t)len <= DER_MAX && i2d_PrivateKey(key, &into) == len);
	EVP_PKEY_free(key);
	return bytes_of(der, (size_t)len);
}

static bool is_p256(EVP_PKEY *key)
{
	char name[32];
	size_t len;
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, name, sizeof name, &len) == 1 &&
	       !strcmp(name, SN_X9_62_prime256v1);
}

/* RFC 7638: the thumbprint is of the members that a key needs, in the order of their names. */
static void add_names(struct arena *mem, struct signing_key *key, const uint8_t point[POINT])
{
	struct str x = base64url_of(mem, bytes_of(point + 1, ES256_COORDINATE));
	struct str y = base64url_of(mem, bytes_of(point + 1 + ES256_COORDINATE, ES256_COORDINATE));
	struct str members = str_fmt(
		mem, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}", STR_ARG(x), STR_ARG(y));
	key->kid = base64url_of(mem, secret_hash(mem, members));
	key->jwk = str_fmt(mem,
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%.*s\",\"x\":\"%.*s\","
		"\"y\":\"%.*s\"}",
		STR_ARG(key->kid), STR_ARG(x), STR_ARG(y));
}

bool signing_key_open(struct arena *mem, struct bytes der, struct signing_key *out)
{
	const uint8_t *at = der.ptr;
	uint8_t point[POINT];
	size_t len = 0;
	EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)der.len);
	if (!key || !is_p256(key) ||
		EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, POINT, &len) != 1 ||
		len != POINT || point[0] != POINT_CONVERSION_UNCOMPRESSED) {
		ERR_clear_error();
		EVP_PKEY_free(key);
		return false;
	}
	arena_defer(mem, free_key, key);
	out->key = key;
	out->signer = es256_signer(key);
	arena_defer(mem, free_signer, out->signer);
	add_names(mem, out, point);
	return true;
}

/* ---- signatures ---- */

static bool is_signed(struct arena *mem, EVP_PKEY *key, struct str text, struct bytes flat)
{
	struct bytes der;
	if (!es256_der(mem, flat, &der))
		return false;
	EVP_MD_CTX *work = EVP_MD_CTX_new();
	must(work && EVP_DigestVerifyInit(work, NULL, EVP_sha256(), NULL, key) == 1);
	bool good = EVP_DigestVerify(work, der.ptr, der.len, (const uint8_t *)text.ptr, text.len) == 1;
	EVP_MD_CTX_free(work);
	if (!good)
		ERR_clear_error();
	return good;
}

static struct str header_of(struct arena *mem, const char *typ, struct str kid)
{
	struct str text = str_fmt(mem, "{\"alg\":\"ES256\",\"typ\":\"%s\",\"kid\":\"%.*s\"}", typ, STR_ARG(kid));
	return base64url_of(mem, bytes_of(text.ptr, text.len));
}

static struct str joined(struct arena *mem, struct str a, struct str b)
{
	return str_cat(mem, str_cat(mem, a, STR(".")), b);
}

struct str jwt_sign_by(struct arena *mem, const struct signing_key *key, const char *typ, struct str claims)
{
	struct str text =
		joined(mem, header_of(mem, typ, key->kid), base64url_of(mem, bytes_of(claims.ptr, claims.len)));
	return joined(mem, text, base64url_of(mem, es256_sign(mem, key->signer, text)));
}

/* Our headers are what we write, so that nothing in them has to be understood: no other algorithm, no other key. */
bool jwt_verify_by(struct arena *mem, const struct signing_key *keys, size_t count, const char *typ, struct str token,
	struct str *claims_out)
{
	struct str rest = token, header, claims;
	struct bytes signature, octets;
	if (token.len > TOKEN_MAX || !str_cut(&rest, '.', &header) || !str_cut(&rest, '.', &claims) ||
		!base64url_to(mem, rest, &signature) || signature.len != ES256_SIGNATURE ||
		!base64url_to(mem, claims, &octets))
		return false;
	struct str text = str_sub(token, 0, header.len + 1 + claims.len);
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(header, header_of(mem, typ, keys[i].kid)))
			continue;
		*claims_out = bytes_str(octets);
		return is_signed(mem, keys[i].key, text, signature);
	}
	return false;
}

struct str jwks_of(struct arena *mem, const struct signing_key *keys, size_t count)
{
	struct buf out = buf_new(mem, SET_MAX);
	BUF_LIT(&out, "{\"keys\":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			BUF_LIT(&out, ",");
		buf_add(&out, keys[i].jwk);
	}
	BUF_LIT(&out, "]}");
	return buf_str(&out);
}
