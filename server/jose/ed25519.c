/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/ed25519.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

static_assert(ED25519_KEY == (size_t)crypto_sign_PUBLICKEYBYTES, "as the library has it");
static_assert(ED25519_SIGNATURE == (size_t)crypto_sign_BYTES, "as the library has it");

static pthread_once_t set_up = PTHREAD_ONCE_INIT;

/* It looks at the processor, and opens what it would take random numbers from: it fails where there are none. */
static void begin(void)
{
	if (sodium_init() < 0)
		abort();
}

bool ed25519_signed(struct bytes key, struct bytes text, struct bytes signature)
{
	if (key.len != ED25519_KEY || signature.len != ED25519_SIGNATURE)
		return false;
	pthread_once(&set_up, begin);
	return crypto_sign_verify_detached(signature.ptr, text.ptr, text.len, key.ptr) == 0;
}

bool ed25519_is_key(struct bytes key)
{
	if (key.len != ED25519_KEY)
		return false;
	pthread_once(&set_up, begin);
	return crypto_core_ed25519_is_valid_point(key.ptr) == 1;
}
