/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES256 (RFC 7518 §3.4): tokens that somebody else can verify, and the keys that sign them. Which key signs when, and
 * where keys are kept, is server/account/signing_keys.h.
 */
#pragma once

#include <openssl/types.h>

#include "server/base/str.h"

struct signing_key {
	EVP_PKEY *key;
	EVP_PKEY_CTX *signer; /* es256.h */
	struct str kid;       /* its thumbprint (RFC 7638) */
	struct str jwk;       /* its public half as a JWK (RFC 7517 §4) */
};

/* A new private key, in the form in which it is sealed and kept (DER). */
struct bytes signing_key_make(struct arena *mem);
/* The key of that form, until mem ends. Any number of threads may sign with it. False: it is none of ours. */
bool signing_key_open(struct arena *mem, struct bytes der, struct signing_key *out);

/* A JWT (RFC 7519) of these claims, a JSON object; typ: of its header. */
struct str jwt_sign_by(struct arena *mem, const struct signing_key *key, const char *typ, struct str claims);
/* Signed by one of these keys, and of that typ: its claims. False: anything else. Times are the caller's to validate.
 */
bool jwt_verify_by(struct arena *mem, const struct signing_key *keys, size_t count, const char *typ, struct str token,
	struct str *claims_out);
/* The public halves as a JWK Set (RFC 7517 §5). */
struct str jwks_of(struct arena *mem, const struct signing_key *keys, size_t count);
