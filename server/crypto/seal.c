/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/seal.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "server/crypto/digest.h"

#define NONCE_SIZE 12
#define TAG_SIZE 16

static EVP_CIPHER *aes_256_gcm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!aes_256_gcm) {
		fputs("calends: OpenSSL has no AES-256-GCM\n", stderr);
		abort();
	}
}

static void release(void *context)
{
	EVP_CIPHER_CTX_free(context);
}

/* A context of `mem` with key and nonce set; 1 to encrypt, 0 to decrypt. */
static EVP_CIPHER_CTX *cipher_new(struct arena *mem, struct bytes key, const uint8_t *nonce, int encrypt)
{
	assert(key.len == SEAL_KEY_SIZE);
	pthread_once(&once, fetch);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	if (!cipher || !EVP_CipherInit_ex2(cipher, aes_256_gcm, key.ptr, nonce, encrypt, NULL)) {
		fputs("calends: AES-256-GCM failed\n", stderr);
		abort();
	}
	arena_defer(mem, release, cipher);
	return cipher;
}

/* The context goes in as authenticated data, then the text. */
static bool cipher_run(EVP_CIPHER_CTX *cipher, struct str context, struct bytes in, uint8_t *out)
{
	int len;
	const unsigned char *aad = (const unsigned char *)context.ptr;
	return context.len <= INT_MAX && in.len <= INT_MAX &&
	       (context.len == 0 || EVP_CipherUpdate(cipher, NULL, &len, aad, (int)context.len)) &&
	       (in.len == 0 || EVP_CipherUpdate(cipher, out, &len, in.ptr, (int)in.len));
}

struct bytes seal(struct arena *mem, struct bytes key, struct str context, struct bytes plain)
{
	uint8_t *out = arena_take(mem, NONCE_SIZE + plain.len + TAG_SIZE, 1), none[TAG_SIZE];
	random_fill(out, NONCE_SIZE);
	EVP_CIPHER_CTX *cipher = cipher_new(mem, key, out, 1);
	int len;
	if (!cipher_run(cipher, context, plain, out + NONCE_SIZE) || !EVP_CipherFinal_ex(cipher, none, &len) ||
		!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + NONCE_SIZE + plain.len)) {
		fputs("calends: AES-256-GCM failed\n", stderr);
		abort();
	}
	return bytes_of(out, NONCE_SIZE + plain.len + TAG_SIZE);
}

bool unseal(struct arena *mem, struct bytes key, struct str context, struct bytes sealed, struct bytes *out)
{
	if (sealed.len < NONCE_SIZE + TAG_SIZE)
		return false;
	size_t text_len = sealed.len - NONCE_SIZE - TAG_SIZE;
	uint8_t *plain = arena_take(mem, text_len + 1, 1), tag[TAG_SIZE], none[TAG_SIZE];
	memcpy(tag, sealed.ptr + NONCE_SIZE + text_len, TAG_SIZE);
	EVP_CIPHER_CTX *cipher = cipher_new(mem, key, sealed.ptr, 0);
	int len;
	if (!cipher_run(cipher, context, bytes_of(sealed.ptr + NONCE_SIZE, text_len), plain) ||
		!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) ||
		EVP_CipherFinal_ex(cipher, none, &len) != 1) {
		explicit_bzero(plain, text_len);
		return false;
	}
	*out = bytes_of(plain, text_len);
	return true;
}
