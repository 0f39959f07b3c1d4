/* SPDX-License-Identifier: Apache-2.0 */
/* library: caldav */
/* The If header: what is understood lies inside the text and the bounds, each list has its conditions in a row. */
#include <assert.h>

#include "caldav/if_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct str part, struct str text)
{
	return part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len;
}

static void check(const struct if_header *h, struct str text)
{
	size_t next = 0;
	assert(h->list_count && h->list_count <= IF_LISTS_MAX);
	assert(h->resource_count && h->resource_count <= IF_RESOURCES_MAX);
	for (size_t i = 0; i < h->resource_count; i++)
		assert(h->resources[i].ptr ? is_inside(h->resources[i], text) : h->resource_count == 1);
	for (size_t l = 0; l < h->list_count; l++) {
		assert(h->lists[l].resource < h->resource_count);
		assert(h->lists[l].first == next && h->lists[l].count);
		next += h->lists[l].count;
	}
	assert(next == h->condition_count && next <= IF_CONDITIONS_MAX);
	for (size_t i = 0; i < next; i++) {
		const struct if_condition *c = &h->conditions[i];
		assert(!c->token.ptr != !c->tag.opaque.ptr);
		assert(is_inside(c->token.ptr ? c->token : c->tag.opaque, text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct if_header *h = arena_new(mem, struct if_header);
	struct str text = { (const char *)data, size };
	if (!if_header_parse(&cx, text, h))
		check(h, text);
	arena_close(mem);
	return 0;
}
