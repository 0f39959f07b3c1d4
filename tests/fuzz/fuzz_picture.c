/* SPDX-License-Identifier: Apache-2.0 */
/* library: picture */
#include "server/picture/decode.h"
#include "server/picture/picture.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is made is a WebP within its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct str file = { (const char *)data, size };
	struct bytes made;
	int orientation = jpeg_orientation(file);
	assert(orientation >= 1 && orientation <= 8);
	if (!picture_make(&cx, file, &made)) {
		assert(made.len > 0 && made.len <= PICTURE_MADE_MAX);
		assert(str_starts(bytes_str(made), STR("RIFF")));
	}
	arena_close(mem);
	return 0;
}
