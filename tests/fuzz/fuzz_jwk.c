/* SPDX-License-Identifier: Apache-2.0 */
/* library: jose */
#include "server/jose/jws.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that was taken has an algorithm, and its thumbprint's members are a key with the same thumbprint. */
static void try_key(struct ctx *cx, const struct jwk *key)
{
	struct jwk again;
	struct bytes print = jwk_thumbprint(cx->mem, key);
	assert(key->algs && !(key->algs & ~JWS_ALGS_ALL));
	assert(!jwk_read_text(cx, key->members, &again));
	assert(bytes_same(jwk_thumbprint(cx->mem, &again), print));
	(void)jwk_is_usable(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct str text = { (const char *)data, size };
	struct jwk key;
	struct jwk_set set;
	if (!jwk_read_text(&cx, text, &key))
		try_key(&cx, &key);
	if (!jwk_set_read(&cx, text, &set))
		for (size_t i = 0; i < set.count; i++)
			try_key(&cx, &set.items[i]);
	arena_close(mem);
	return 0;
}
