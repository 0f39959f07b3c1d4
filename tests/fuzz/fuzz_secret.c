/* SPDX-License-Identifier: Apache-2.0 */
/* library: crypto */
#include "server/crypto/secret.h"

#include <assert.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted lists a prefix of itself, and never has the tag of a key that made none. */
static void try_one(struct arena *mem, struct str text)
{
	static const uint8_t key[32];
	struct secret_parts parts;
	if (!secret_parse(mem, text, &parts))
		return;
	struct str shown = secret_prefix(mem, text);
	assert(str_starts(text, shown) && shown.len <= 14);
	assert(!secret_tag_true(&parts, text, bytes_of(key, sizeof key)));
}

/* Whatever is presented as a key, token or cookie: as it comes, and with a checksum that is right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct str text = { (const char *)data, size };
	uint32_t crc = (uint32_t)crc32(0, data, (uInt)size);
	const uint8_t octets[] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc };
	char digits[6];
	base62_of(digits, sizeof digits, bytes_of(octets, sizeof octets));
	try_one(mem, text);
	try_one(mem, str_cat(mem, text, (struct str){ digits, sizeof digits }));
	arena_close(mem);
	return 0;
}
