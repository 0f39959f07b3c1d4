/* SPDX-License-Identifier: Apache-2.0 */
/* library: data */
#include "server/data/json.h"

#include <stddef.h>

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct inner {
	struct str s;
	struct instant t;
};

struct outer {
	bool none, given;
	struct str s;
	int64_t n;
	bool b;
	struct id id;
	struct str_list texts;
	struct inner in;
	struct json_list list;
};

/* clang-format off */
static const struct json_field inner_fields[] = {
	{ .name = "s", .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct inner, s) },
	{ .name = "t", .kind = JSON_TIME, .offset = offsetof(struct inner, t) },
};
static const struct json_field outer_fields[] = {
	{ .name = "s", .kind = JSON_STR, .offset = offsetof(struct outer, s), .max = 100 },
	{ .name = "n", .kind = JSON_INT, .offset = offsetof(struct outer, n) },
	{ .name = "b", .kind = JSON_BOOL, .offset = offsetof(struct outer, b), .given = offsetof(struct outer, given) },
	{ .name = "id", .kind = JSON_ID, .prefix = "cal", .offset = offsetof(struct outer, id) },
	{ .name = "x", .kind = JSON_STRS, .offset = offsetof(struct outer, texts) },
	{ .name = "o", .kind = JSON_OBJECT, .offset = offsetof(struct outer, in), .fields = inner_fields, .field_count = 2 },
	{ .name = "l", .kind = JSON_OBJECTS, .offset = offsetof(struct outer, list), .fields = inner_fields, .field_count = 2, .size = sizeof(struct inner) },
};
/* clang-format on */

/* What was read is written as JSON that is accepted too, or lacks only what null may not be. */
static void try_one(struct ctx *cx, struct str text)
{
	struct outer out = { 0 };
	if (json_read(cx, text, outer_fields, ARRAY_LEN(outer_fields), &out))
		return;
	struct buf again = buf_new(cx->mem, 64 * text.len + 4096);
	struct json j = json_begin(&again);
	json_object(&j, NULL);
	json_write(&j, cx->mem, outer_fields, ARRAY_LEN(outer_fields), &out);
	json_object_end(&j);
	assert(!again.full);
	struct outer back = { 0 };
	err_t e = json_read(cx, buf_str(&again), outer_fields, ARRAY_LEN(outer_fields), &back);
	assert(!e || !err_is(e, MALFORMED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	try_one(&cx, (struct str){ (const char *)data, size });
	arena_close(mem);
	return 0;
}
