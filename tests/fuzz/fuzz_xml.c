/* SPDX-License-Identifier: Apache-2.0 */
/* library: data */
#include "server/data/xml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every fragment stands alone and names the same element. */
static void check(struct ctx *cx, const struct xml_node *node)
{
	for (; node; node = node->next) {
		const struct xml_node *alone;
		if (node->fragment.ptr) {
			err_t e = xml_parse(cx, node->fragment, &alone);
			assert(e || (alone && str_eq(alone->ns, node->ns) && str_eq(alone->local, node->local)));
		}
		check(cx, node->first);
	}
}

static void try_one(struct ctx *cx, struct str text)
{
	const struct xml_node *root;
	if (!xml_parse(cx, text, &root))
		check(cx, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	try_one(&cx, (struct str){ (const char *)data, size });
	arena_close(mem);
	return 0;
}
