/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA with P-256 and SHA-256 as JOSE writes it: two numbers beside each other (RFC 7518 §3.4), not OpenSSL's DER. */
#pragma once

#include <openssl/types.h>

#include "server/base/str.h"

#define ES256_COORDINATE 32
#define ES256_SIGNATURE ((size_t)2 * ES256_COORDINATE)

/*
 * What signs by this key, set up once: the library finds its algorithms by name each time that something is set up. The
 * caller's to free (EVP_PKEY_CTX_free).
 */
EVP_PKEY_CTX *es256_signer(EVP_PKEY *key);
/* By a copy of the signer, which any number of threads may share. */
struct bytes es256_sign(struct arena *mem, const EVP_PKEY_CTX *signer, struct str text);
/* The numbers as OpenSSL takes them; false: not of ES256_SIGNATURE octets. */
bool es256_der(struct arena *mem, struct bytes flat, struct bytes *out);
