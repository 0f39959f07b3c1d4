/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/digest.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#define SHA256_BLOCK 64

/* Fetched once and then read-only; EVP_sha256() would be fetched anew at each use. */
static EVP_MD *sha256_md;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256_md) {
		fputs("calends: OpenSSL has no SHA-256\n", stderr);
		abort();
	}
}

void crypto_setup(void)
{
	pthread_once(&once, fetch);
}

void random_fill(void *out, size_t len)
{
	uint8_t *at = out;
	while (len > 0) {
		size_t part = len > 256 ? 256 : len; /* up to 256 octets come whole (getrandom(2)) */
		if (getrandom(at, part, 0) != (ssize_t)part) {
			fputs("calends: no random numbers\n", stderr);
			abort();
		}
		at += part;
		len -= part;
	}
}

/* SHA-256 of `head` and then `tail`. OpenSSL fails here only when memory is out. */
static void digest_two(struct bytes head, struct bytes tail, uint8_t out[SHA256_SIZE])
{
	crypto_setup();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (!context || !EVP_DigestInit_ex2(context, sha256_md, NULL) ||
		!EVP_DigestUpdate(context, head.ptr, head.len) || !EVP_DigestUpdate(context, tail.ptr, tail.len) ||
		!EVP_DigestFinal_ex(context, out, NULL)) {
		fputs("calends: SHA-256 failed\n", stderr);
		abort();
	}
	EVP_MD_CTX_free(context);
}

void sha256(struct bytes data, uint8_t out[SHA256_SIZE])
{
	digest_two(data, (struct bytes){ NULL, 0 }, out);
}

struct bytes secret_hash(struct arena *mem, struct str secret)
{
	uint8_t *hash = arena_take(mem, SHA256_SIZE, 1);
	sha256(bytes_of(secret.ptr, secret.len), hash);
	return (struct bytes){ hash, SHA256_SIZE };
}

/* RFC 2104 over two digests: EVP_MAC costs three times as much for a short text. */
void hmac_sha256(struct bytes key, struct bytes data, uint8_t out[SHA256_SIZE])
{
	uint8_t block[SHA256_BLOCK] = { 0 }, pad[SHA256_BLOCK], inner[SHA256_SIZE];
	if (key.len > sizeof block)
		sha256(key, block);
	else if (key.len > 0)
		memcpy(block, key.ptr, key.len);

	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] = block[i] ^ 0x36;
	digest_two(bytes_of(pad, sizeof pad), data, inner);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] = block[i] ^ 0x5C;
	digest_two(bytes_of(pad, sizeof pad), bytes_of(inner, sizeof inner), out);

	explicit_bzero(block, sizeof block);
	explicit_bzero(pad, sizeof pad);
}

/* RFC 5869 with no salt: extract, then up to two blocks of expand. */
void hkdf_sha256(struct bytes key, struct str info, uint8_t *out, size_t len)
{
	uint8_t zeros[SHA256_SIZE] = { 0 }, secret[SHA256_SIZE], block[SHA256_SIZE], text[SHA256_SIZE + 128 + 1];
	assert(len <= HKDF_MAX && info.len <= 128);
	hmac_sha256(bytes_of(zeros, sizeof zeros), key, secret);

	size_t before = 0; /* octets of the block before this one */
	for (uint8_t round = 1; len > 0; round++) {
		memcpy(text, block, before);
		if (info.len > 0)
			memcpy(text + before, info.ptr, info.len);
		text[before + info.len] = round;
		hmac_sha256(bytes_of(secret, sizeof secret), bytes_of(text, before + info.len + 1), block);
		size_t part = len < sizeof block ? len : sizeof block;
		memcpy(out, block, part);
		out += part;
		len -= part;
		before = sizeof block;
	}
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(block, sizeof block);
	explicit_bzero(text, sizeof text);
}
