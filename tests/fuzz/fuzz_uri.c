/* SPDX-License-Identifier: Apache-2.0 */
/* library: data */
#include "server/data/uri.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was decoded encodes to something that decodes to the same. */
static void try_one(struct ctx *cx, struct str text)
{
	struct uri uri;
	struct path path, again;
	(void)uri_split(text, &uri);
	if (path_parse(cx, text, &path))
		return;
	struct buf out = buf_new(cx->mem, 4 * text.len + 16);
	for (size_t i = 0; i < path.count; i++) {
		buf_char(&out, 0x2F);
		path_segment_add(&out, path.segments[i]);
	}
	if (path.folder)
		buf_char(&out, 0x2F);
	err_t e = path_parse(cx, buf_str(&out), &again);
	assert(!e && again.count == path.count && again.folder == path.folder);
	for (size_t i = 0; i < path.count; i++)
		assert(str_eq(path.segments[i], again.segments[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	try_one(&cx, (struct str){ (const char *)data, size });
	arena_close(mem);
	return 0;
}
