/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/signing.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/buf.h"
#include "server/crypto/digest.h"
#include "server/jose/es256.h"

#define QUARTER_S (INT64_C(91) * 86400)
#define POINT (1 + 2 * ES256_COORDINATE)
#define TOKEN_MAX ((size_t)8192)

struct signer {
	EVP_PKEY *key;
	struct str kid, x, y;
};

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

/* 1 to n - 1, as good as evenly: n is 2^256 less a 2^32nd part. */
static BIGNUM *private_number(struct ctx *cx, int64_t quarter, const EC_GROUP *group)
{
	struct bytes octets =
		keyring_key(cx->keys, cx->mem, str_fmt(cx->mem, "es256 quarter %lld", (long long)quarter).ptr);
	BIGNUM *d = BN_bin2bn(octets.ptr, (int)octets.len, NULL), *most = BN_dup(EC_GROUP_get0_order(group));
	BN_CTX *work = BN_CTX_new();
	must(d && most && work && BN_sub_word(most, 1) && BN_mod(d, d, most, work) && BN_add_word(d, 1));
	BN_CTX_free(work);
	BN_free(most);
	return d;
}

static EVP_PKEY *key_of(const BIGNUM *d, const uint8_t point[POINT])
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	must(build && maker &&
		OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) &&
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, POINT) &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d));
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	must(params && EVP_PKEY_fromdata_init(maker) == 1 &&
		EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(maker);
	return key;
}

/* RFC 7638: of the members that a key needs, in the order of their names. */
static struct str thumbprint(struct arena *mem, struct str x, struct str y)
{
	struct str members = str_fmt(
		mem, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}", STR_ARG(x), STR_ARG(y));
	return base64url_of(mem, secret_hash(mem, members));
}

static struct signer signer_of(struct ctx *cx, int64_t quarter)
{
	uint8_t point[POINT];
	struct signer s;
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	must(group != NULL);
	EC_POINT *public = EC_POINT_new(group);
	BIGNUM *d = private_number(cx, quarter, group);
	must(public && EC_POINT_mul(group, public, d, NULL, NULL, NULL) &&
		EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point, POINT, NULL) == POINT);
	s.key = key_of(d, point);
	arena_defer(cx->mem, free_key, s.key);
	s.x = base64url_of(cx->mem, bytes_of(point + 1, ES256_COORDINATE));
	s.y = base64url_of(cx->mem, bytes_of(point + 1 + ES256_COORDINATE, ES256_COORDINATE));
	s.kid = thumbprint(cx->mem, s.x, s.y);
	BN_clear_free(d);
	EC_POINT_free(public);
	EC_GROUP_free(group);
	return s;
}

static int64_t quarter_of(const struct ctx *cx)
{
	return instant_s(cx->now) / QUARTER_S;
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

struct str jwt_sign(struct ctx *cx, const char *typ, struct str claims)
{
	struct arena *mem = cx->mem;
	struct signer s = signer_of(cx, quarter_of(cx));
	struct str text = joined(mem, header_of(mem, typ, s.kid), base64url_of(mem, bytes_of(claims.ptr, claims.len)));
	return joined(mem, text, base64url_of(mem, es256_sign(mem, s.key, text)));
}

/* Our headers are what we write, so that nothing in them has to be understood: no other algorithm, no other key. */
bool jwt_verify(struct ctx *cx, const char *typ, struct str token, struct str *claims_out)
{
	struct str rest = token, header, claims;
	struct bytes signature, octets;
	if (token.len > TOKEN_MAX || !str_cut(&rest, '.', &header) || !str_cut(&rest, '.', &claims) ||
		!base64url_to(cx->mem, rest, &signature) || signature.len != ES256_SIGNATURE ||
		!base64url_to(cx->mem, claims, &octets))
		return false;
	struct str text = str_sub(token, 0, header.len + 1 + claims.len);
	for (int64_t quarter = quarter_of(cx); quarter >= quarter_of(cx) - 1; quarter--) {
		struct signer s = signer_of(cx, quarter);
		if (!str_eq(header, header_of(cx->mem, typ, s.kid)))
			continue;
		*claims_out = (struct str){ (const char *)octets.ptr, octets.len };
		return is_signed(cx->mem, s.key, text, signature);
	}
	return false;
}

struct str jwks_text(struct ctx *cx)
{
	struct buf out = buf_new(cx->mem, TOKEN_MAX);
	BUF_LIT(&out, "{\"keys\":[");
	for (int64_t quarter = quarter_of(cx) - 1; quarter <= quarter_of(cx) + 1; quarter++) {
		struct signer s = signer_of(cx, quarter);
		buf_fmt(&out,
			"%s{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%.*s\",\"x\":"
			"\"%.*s\",\"y\":\"%.*s\"}",
			out.len > 9 ? "," : "", STR_ARG(s.kid), STR_ARG(s.x), STR_ARG(s.y));
	}
	BUF_LIT(&out, "]}");
	return buf_str(&out);
}
