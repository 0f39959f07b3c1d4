/* SPDX-License-Identifier: Apache-2.0 */
/* library: data */
#include "server/data/json.h"
#include "server/data/json_tree.h"

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
	{ .name = "id", .kind = JSON_ID, .of = "cal", .offset = offsetof(struct outer, id) },
	{ .name = "x", .kind = JSON_STRS, .offset = offsetof(struct outer, texts) },
	{ .name = "o", .kind = JSON_OBJECT, .offset = offsetof(struct outer, in), .fields = inner_fields, .field_count = 2 },
	{ .name = "l", .kind = JSON_OBJECTS, .offset = offsetof(struct outer, list), .fields = inner_fields, .field_count = 2, .size = sizeof(struct inner) },
};
/* clang-format on */

/* Every value of the tree in our own writing. */
static void write_value(struct json *j, const char *key, const struct cJSON *value)
{
	int64_t number;
	enum json_type type = json_tree_type(value);
	if (type == JSON_IS_NULL) {
		json_null(j, key);
	} else if (type == JSON_IS_BOOL) {
		json_bool(j, key, json_tree_bool(value));
	} else if (type == JSON_IS_TEXT) {
		assert(str_is_utf8(json_tree_text(value)));
		json_str(j, key, json_tree_text(value));
	} else if (type == JSON_IS_NUMBER) {
		json_raw(j, key,
			json_tree_whole(value, &number) ? str_fmt(j->out->mem, "%lld", (long long)number) : STR("0.5"));
	} else {
		bool list = type == JSON_IS_LIST;
		list ? json_array(j, key) : json_object(j, key);
		for (const struct cJSON *child = json_tree_first(value); child; child = json_tree_next(child))
			write_value(j, str_c(j->out->mem, json_tree_name(child)), child);
		list ? json_array_end(j) : json_object_end(j);
	}
}

static struct str written(struct arena *mem, const struct cJSON *root)
{
	struct buf out = buf_new(mem, (size_t)64 << 20);
	struct json j = json_begin(&out);
	write_value(&j, NULL, root);
	assert(!out.full);
	return buf_str(&out);
}

/* What is accepted is parsed by cJSON, and its writing is accepted again, with the same values. */
static void try_tree(struct ctx *cx, struct str text)
{
	const struct cJSON *root, *again;
	err_t e = json_tree_parse(cx, text, &root);
	assert(!e || err_is(e, MALFORMED) || err_is(e, INVALID_VALUE));
	if (e)
		return;
	struct str once = written(cx->mem, root);
	if (once.len > (size_t)1024 * 1024) /* a control character of one octet is written with six */
		return;
	e = json_tree_parse(cx, once, &again);
	assert(!e);
	assert(str_eq(once, written(cx->mem, again)));
}

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
	try_tree(&cx, (struct str){ (const char *)data, size });
	try_one(&cx, (struct str){ (const char *)data, size });
	arena_close(mem);
	return 0;
}
