/* SPDX-License-Identifier: Apache-2.0 */
/* library: data */
#include "server/data/form.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read reads back after it is written. */
static void try_one(struct ctx *cx, struct str text)
{
	struct form form, again;
	if (form_parse(cx, text, &form))
		return;
	struct buf out = buf_new(cx->mem, 16 * text.len + 16);
	for (size_t i = 0; i < form.count; i++) {
		const char *name = str_c(cx->mem, form.fields[i].name);
		assert(name);
		form_add(&out, name, form.fields[i].value);
	}
	err_t e = form_parse(cx, buf_str(&out), &again);
	assert(!e && again.count == form.count);
	for (size_t i = 0; i < form.count; i++)
		assert(str_eq(form.fields[i].value, again.fields[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	try_one(&cx, (struct str){ (const char *)data, size });
	arena_close(mem);
	return 0;
}
