/* SPDX-License-Identifier: Apache-2.0 */
/* library: data */
#include "server/data/multipart.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct str part, struct str whole)
{
	return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

/* The first line is the media type, the rest the body. What is read lies in the body, and is what a form may hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct str body = { (const char *)data, size }, type;
	struct form form;
	str_cut(&body, '\n', &type);
	if (!multipart_parse(&cx, type, body, &form)) {
		assert(form.count <= FORM_FIELDS_MAX && form.file_count <= MULTIPART_FILES_MAX);
		for (size_t i = 0; i < form.count; i++) {
			assert(form.fields[i].name.len && is_inside(form.fields[i].value, body));
			assert(str_is_utf8(form.fields[i].name) && str_is_utf8(form.fields[i].value));
		}
		for (size_t i = 0; i < form.file_count; i++) {
			assert(is_inside(form.files[i].data, body) && str_is_utf8(form.files[i].filename));
			assert(!str_has(form.files[i].filename, '/') && !str_has(form.files[i].filename, '\n'));
		}
	}
	arena_close(mem);
	return 0;
}
