/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/es256.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "server/crypto/digest.h"

#define DER_MAX 80 /* two numbers of 33 octets, their heads and that of the sequence are 72 */

/* Everything here works, or there is no memory. */
static void must(bool done)
{
	if (!done)
		abort();
}

EVP_PKEY_CTX *es256_signer(EVP_PKEY *key)
{
	EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	must(signer && EVP_PKEY_sign_init(signer) == 1 && EVP_PKEY_CTX_set_signature_md(signer, EVP_sha256()) == 1);
	return signer;
}

struct bytes es256_sign(struct arena *mem, const EVP_PKEY_CTX *signer, struct str text)
{
	uint8_t *flat = arena_take(mem, 1, ES256_SIGNATURE), der[DER_MAX], digest[SHA256_SIZE];
	const uint8_t *at = der;
	size_t len = sizeof der;
	EVP_PKEY_CTX *work = EVP_PKEY_CTX_dup(signer);
	sha256(bytes_of(text.ptr, text.len), digest);
	must(work && EVP_PKEY_sign(work, der, &len, digest, sizeof digest) == 1);
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
	must(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), flat, ES256_COORDINATE) == ES256_COORDINATE &&
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), flat + ES256_COORDINATE, ES256_COORDINATE) == ES256_COORDINATE);
	ECDSA_SIG_free(pair);
	EVP_PKEY_CTX_free(work);
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
