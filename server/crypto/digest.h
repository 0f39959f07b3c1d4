/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and MACs (OpenSSL, algorithms fetched once: an implicit fetch costs more than the hash). */
#pragma once

#include "server/base/str.h"

#define SHA256_SIZE 32

void crypto_setup(void);                 /* in main, before the first thread; harmless when repeated */
void random_fill(void *out, size_t len); /* getrandom; stops the process when there is none */

void sha256(struct bytes data, uint8_t out[SHA256_SIZE]);
/* The same, as bytes in mem: what the database stores of a secret is secret_hash(mem, the exact presented string). */
struct bytes secret_hash(struct arena *mem, struct str secret);
void hmac_sha256(struct bytes key, struct bytes data, uint8_t out[SHA256_SIZE]);
/* HKDF-SHA-256 (RFC 5869) without salt, extract and expand, up to HKDF_MAX octets; info up to 128. */
#define HKDF_MAX 64
void hkdf_sha256(struct bytes key, struct str info, uint8_t *out, size_t len);
