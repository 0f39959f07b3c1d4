/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/es256.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define DER_MAX 80 /* two numbers of 33 octets, their heads and that of the sequence are 72 */

/* Everything here works, or there is no memory. */
static void must(bool done)
{
	if (!done)
		abort();
}

struct bytes es256_sign(struct arena *mem, EVP_PKEY *key, struct str text)
{
	uint8_t *flat = arena_take(mem, 1, ES256_SIGNATURE), der[DER_MAX];
	const uint8_t *at = der;
	size_t len = sizeof der;
	EVP_MD_CTX *work = EVP_MD_CTX_new();
	must(work && EVP_DigestSignInit(work, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(work, der, &len, (const uint8_t *)text.ptr, text.len) == 1);
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
	must(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), flat, ES256_COORDINATE) == ES256_COORDINATE &&
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), flat + ES256_COORDINATE, ES256_COORDINATE) == ES256_COORDINATE);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(work);
	return bytes_of(flat, ES256_SIGNATURE);
}

bool es256_der(struct arena *mem, struct bytes flat, struct bytes *out)
{
	if (flat.len != ES256_SIGNATURE)
		return false;
	uint8_t *der = arena_take(mem, 1, DER_MAX), *into = der;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(flat.ptr, ES256_COORDINATE, NULL),
	       *s = BN_bin2bn(flat.ptr + ES256_COORDINATE, ES256_COORDINATE, NULL);
	must(pair && r && s && ECDSA_SIG_set0(pair, r, s));
	int len = i2d_ECDSA_SIG(pair, &into);
	must(len > 0);
	ECDSA_SIG_free(pair);
	*out = bytes_of(der, (size_t)len);
	return true;
}
