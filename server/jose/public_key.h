/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys as OpenSSL has them, and what verifies by one. To make such a thing costs an eighth of a verification,
 * and whoever proves a key by each call (RFC 9449) has the same each time: those that verified something last are kept.
 */
#pragma once

#include <openssl/evp.h>

#include "server/jose/jwk.h"

#define VERIFIERS_KEPT 512 /* some 4 KB each */

/* The caller's to free. NULL: it is no key (a point that is not on its curve). */
EVP_PKEY *public_key_make(const struct jwk *jwk);

/*
 * What verifies by this key and algorithm, which is one of the key's and not EdDSA (ed25519.h): one that was kept, or a
 * new one; no other thread has it. NULL: it is no key. It goes back by verifier_end().
 */
struct verifier *verifier_begin(const struct jwk *jwk, enum jws_alg alg);
/* Is this the signature of the text? One of ES256 is in DER. */
bool verifier_accepts(struct verifier *v, struct bytes text, struct bytes signature);
/* Keeps it where it is worth it (it has verified something), in the place of one that was not used for longer. */
void verifier_end(struct verifier *v, bool keep);
