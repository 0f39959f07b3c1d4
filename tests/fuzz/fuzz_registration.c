/* SPDX-License-Identifier: Apache-2.0 */
/* library: oauth */
#include "oauth/registration.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken comes back from its octets as it was, with the same id. */
static void check_round_trip(struct arena *mem, const struct registration *said)
{
	struct registration again;
	struct bytes packed = registration_pack(mem, said);
	assert(packed.len && registration_unpack(mem, packed, &again));
	assert(bytes_same(packed, registration_pack(mem, &again)));
	assert(id_eq(registration_id(mem, said), registration_id(mem, &again)));
	for (size_t i = 0; i + 1 < said->redirects.count; i++)
		assert(str_cmp(said->redirects.items[i], said->redirects.items[i + 1]) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct registration said = { .url = STR("https://app.example/client") };
	if (!registration_read(&cx, (struct str){ (const char *)data, size }, REGISTERED_BY_ITSELF, &said, NULL))
		check_round_trip(mem, &said);
	said.url = STR("https://app.example/client");
	if (!registration_read(&cx, (struct str){ (const char *)data, size }, REGISTERED_BY_DOCUMENT, &said, NULL))
		check_round_trip(mem, &said);
	if (registration_unpack(mem, bytes_of(data, size), &said))
		assert(registration_pack(mem, &said).len);
	arena_close(mem);
	return 0;
}
