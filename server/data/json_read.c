/* SPDX-License-Identifier: Apache-2.0 */
/* From a tree, or from the parameters of a query, into the caller's struct, as its field table says. */
#include <assert.h>

#include "server/data/json.h"
#include "server/data/json_mask.h"
#include "server/data/json_same.h"
#include "server/data/json_tree.h"

struct reader {
	struct ctx *cx;
	bool skip_unknown;
	const char *present; /* of a change: the struct as it is */
};

#define REFUSE_AT(r, kind, path, ...) REFUSE((r)->cx, kind, json_path_text((r)->cx->mem, path), __VA_ARGS__)

/* ---- texts and what is written as one ---- */

size_t json_characters(struct str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++)
		count += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
	return count;
}

static err_t check_bounds(
	struct reader *r, const struct json_field *f, const struct json_path *path, int64_t value, const char *unit)
{
	if (value >= f->min && (!f->max || value <= f->max))
		return OK;
	if (!f->max)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must have at least %lld%s.", (long long)f->min, unit);
	if (f->min == f->max)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must have exactly %lld%s.", (long long)f->min, unit);
	return REFUSE_AT(
		r, INVALID_VALUE, path, "Must have %lld to %lld%s.", (long long)f->min, (long long)f->max, unit);
}

static err_t take_str(
	struct reader *r, const struct json_field *f, const struct json_path *path, struct str text, struct str *out)
{
	if (f->of && !json_mask_fits(f->of, text))
		return REFUSE_AT(r, INVALID_VALUE, path, "Must be written as %s.", f->of);
	TRY(check_bounds(r, f, path, (int64_t)json_characters(text), " characters"));
	*out = text;
	return OK;
}

static err_t take_word(
	struct reader *r, const struct json_field *f, const struct json_path *path, struct str text, struct str *out)
{
	struct str words = str_of(f->of), word;
	while (str_cut(&words, ' ', &word))
		if (str_eq(word, text)) {
			*out = text;
			return OK;
		}
	return REFUSE_AT(r, INVALID_VALUE, path, "Must be one of: %s.", f->of);
}

static err_t take_time(struct reader *r, const struct json_path *path, struct str text, struct instant *out)
{
	if (instant_from_rfc3339(text, out))
		return OK;
	return REFUSE_AT(r, INVALID_VALUE, path,
		"Must be a date and time with an offset, like 2026-11-24T05:30:54Z (RFC 3339; in a query, + is "
		"written %%2B).");
}

static err_t take_id(
	struct reader *r, const struct json_field *f, const struct json_path *path, struct str text, struct id *out)
{
	if (id_parse(text, f->of, out))
		return OK;
	return REFUSE_AT(r, INVALID_VALUE, path, "Must be an id that begins with %s_.", f->of);
}

static err_t take_int(struct reader *r, const struct json_field *f, const struct json_path *path, bool whole,
	int64_t value, int64_t *out)
{
	int64_t min = f->min || f->max ? f->min : -JSON_INT_MAX;
	int64_t max = f->min || f->max ? f->max : JSON_INT_MAX;
	if (!whole || value < min || value > max)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must be a whole number from %lld to %lld.", (long long)min,
			(long long)max);
	*out = value;
	return OK;
}

/* ---- values of a tree ---- */

static err_t read_object(struct reader *r, const struct json_field *fields, size_t count, const struct json_path *path,
	const struct cJSON *value, char *out);

static err_t read_text(struct reader *r, const struct json_path *path, const struct cJSON *value, struct str *out)
{
	if (json_tree_type(value) != JSON_IS_TEXT)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must be a string.");
	*out = json_tree_text(value);
	return OK;
}

static err_t read_item(struct reader *r, const struct json_field *f, const struct json_path *path,
	const struct cJSON *value, void *out)
{
	if (f->kind == JSON_STRS)
		return read_text(r, path, value, out);
	return read_object(r, f->fields, f->field_count, path, value, out);
}

static err_t read_list(
	struct reader *r, const struct json_field *f, const struct json_path *path, const struct cJSON *list, void *out)
{
	size_t max = f->max ? (size_t)f->max : JSON_ITEMS_MAX, count = 0, i = 0;
	size_t size = f->kind == JSON_STRS ? sizeof(struct str) : f->size;
	if (json_tree_type(list) != JSON_IS_LIST)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must be a list.");
	for (const struct cJSON *item = json_tree_first(list); item; item = json_tree_next(item))
		count++;
	if (count > max)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must have at most %zu items.", max);
	TRY(check_bounds(r, f, path, (int64_t)count, " items"));
	char *items = arena_take(r->cx->mem, count, size);
	for (const struct cJSON *item = json_tree_first(list); item; item = json_tree_next(item), i++) {
		struct json_path at = { .outer = path, .index = i, .is_index = true };
		TRY(read_item(r, f, &at, item, items + i * size));
	}
	if (f->kind == JSON_STRS)
		*(struct str_list *)out = (struct str_list){ (const struct str *)(const void *)items, count };
	else
		*(struct json_list *)out = (struct json_list){ items, count };
	return OK;
}

static err_t read_null(struct reader *r, const struct json_field *f, const struct json_path *path, void *out)
{
	if (!(f->flags & JSON_NULLABLE))
		return REFUSE_AT(r, INVALID_VALUE, path, "Must not be null.");
	switch (f->kind) {
	case JSON_STR:
	case JSON_WORD:
		*(struct str *)out = STR_ABSENT;
		return OK;
	case JSON_INT:
		*(int64_t *)out = 0;
		return OK;
	case JSON_BOOL:
		*(bool *)out = false;
		return OK;
	case JSON_TIME:
		*(struct instant *)out = INSTANT_NONE;
		return OK;
	case JSON_ID:
		*(struct id *)out = (struct id){ 0 };
		return OK;
	case JSON_STRS:
		*(struct str_list *)out = (struct str_list){ 0 };
		return OK;
	case JSON_OBJECTS:
		*(struct json_list *)out = (struct json_list){ 0 };
		return OK;
	case JSON_OBJECT:
	case JSON_MILLI:
	case JSON_MAP:
		return OK;
	}
	return OK;
}

/* Kinds that are a string in JSON. */
static err_t take_text(
	struct reader *r, const struct json_field *f, const struct json_path *path, struct str text, void *out)
{
	switch (f->kind) {
	case JSON_STR:
		return take_str(r, f, path, text, out);
	case JSON_WORD:
		return take_word(r, f, path, text, out);
	case JSON_TIME:
		return take_time(r, path, text, out);
	case JSON_ID:
		return take_id(r, f, path, text, out);
	case JSON_INT:
	case JSON_BOOL:
	case JSON_STRS:
	case JSON_OBJECT:
	case JSON_OBJECTS:
	case JSON_MILLI:
	case JSON_MAP:
		break;
	}
	return FAIL(r->cx, INTERNAL, "%s is no text", f->name);
}

static err_t read_value(struct reader *r, const struct json_field *f, const struct json_path *path,
	const struct cJSON *value, void *out)
{
	struct str text;
	int64_t number = 0;
	bool whole;
	if (json_tree_type(value) == JSON_IS_NULL)
		return read_null(r, f, path, out);
	switch (f->kind) {
	case JSON_STR:
	case JSON_WORD:
	case JSON_TIME:
	case JSON_ID:
		TRY(read_text(r, path, value, &text));
		return take_text(r, f, path, text, out);
	case JSON_INT:
		whole = json_tree_whole(value, &number);
		return take_int(r, f, path, whole, number, out);
	case JSON_BOOL:
		if (json_tree_type(value) != JSON_IS_BOOL)
			return REFUSE_AT(r, INVALID_VALUE, path, "Must be true or false.");
		*(bool *)out = json_tree_bool(value);
		return OK;
	case JSON_STRS:
	case JSON_OBJECTS:
		return read_list(r, f, path, value, out);
	case JSON_OBJECT:
		return read_object(r, f->fields, f->field_count, path, value, out);
	case JSON_MILLI:
	case JSON_MAP:
		return FAIL(r->cx, INTERNAL, "%s is of answers alone", f->name);
	}
	return OK;
}

/* ---- objects ---- */

static size_t field_find(const struct json_field *fields, size_t count, struct str name)
{
	size_t i = 0;
	while (i < count && !str_eq(str_of(fields[i].name), name))
		i++;
	return i;
}

static void set_given(const struct json_field *f, char *out)
{
	if (f->given)
		*(bool *)(out + f->given) = true;
}

/* `seen` has a bit for each field. */
static err_t check_required(
	struct reader *r, const struct json_field *fields, size_t count, const struct json_path *path, uint64_t seen)
{
	for (size_t i = 0; i < count; i++) {
		struct json_path at = { .outer = path, .name = str_of(fields[i].name) };
		if ((fields[i].flags & JSON_REQUIRED) && !(seen & UINT64_C(1) << i))
			return REFUSE_AT(r, MISSING_FIELD, &at, "%s is required.", fields[i].name);
	}
	return OK;
}

static err_t read_object(struct reader *r, const struct json_field *fields, size_t count, const struct json_path *path,
	const struct cJSON *value, char *out)
{
	uint64_t seen = 0;
	assert(count <= JSON_FIELDS_MAX);
	if (json_tree_type(value) != JSON_IS_OBJECT)
		return REFUSE_AT(r, INVALID_VALUE, path, "Must be an object.");
	for (const struct cJSON *member = json_tree_first(value); member; member = json_tree_next(member)) {
		struct json_path at = { .outer = path, .name = json_tree_name(member) };
		size_t which = field_find(fields, count, at.name);
		if (which == count && r->skip_unknown)
			continue;
		if (which == count)
			return REFUSE_AT(r, UNKNOWN_FIELD, &at, "There is no such field here. Check its spelling.");
		if (!path && r->present && json_same(&fields[which], r->present, member))
			continue;
		if (fields[which].flags & JSON_READ_ONLY)
			return REFUSE_AT(
				r, INVALID_VALUE, &at, "This field is set by the server. Leave it out, or as it is.");
		seen |= UINT64_C(1) << which;
		TRY(read_value(r, &fields[which], &at, member, out + fields[which].offset));
		set_given(&fields[which], out);
	}
	return check_required(r, fields, count, path, seen);
}

static err_t read_document(struct reader *r, struct str text, const struct json_field *fields, size_t count, void *out)
{
	const struct cJSON *root;
	TRY(json_tree_parse(r->cx, text, &root));
	return read_object(r, fields, count, NULL, root, out);
}

err_t json_read(struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out)
{
	return read_document(&(struct reader){ .cx = cx }, text, fields, count, out);
}

err_t json_read_change(
	struct ctx *cx, struct str text, const struct json_field *fields, size_t count, const void *present, void *out)
{
	return read_document(&(struct reader){ .cx = cx, .present = present }, text, fields, count, out);
}

bool json_is_null(struct ctx *cx, struct str text, const char *name)
{
	const struct cJSON *member;
	if (json_tree_parse(cx, text, &member))
		return false;
	for (member = json_tree_first(member); member; member = json_tree_next(member))
		if (str_eq(json_tree_name(member), str_of(name)))
			return json_tree_type(member) == JSON_IS_NULL;
	return false;
}

err_t json_read_known(struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out)
{
	return read_document(&(struct reader){ .cx = cx, .skip_unknown = true }, text, fields, count, out);
}

/* ---- parameters ---- */

err_t json_read_param(struct ctx *cx, const struct json_field *field, struct str text, void *out)
{
	struct reader r = { .cx = cx };
	struct json_path path = { .name = str_of(field->name) };
	char *at = (char *)out + field->offset;
	uint64_t value = 0;
	if (field->kind == JSON_INT) {
		bool negative = str_starts(text, STR("-"));
		bool whole = str_to_u64(str_from(text, negative), (uint64_t)JSON_INT_MAX, &value);
		TRY(take_int(
			&r, field, &path, whole, negative ? -(int64_t)value : (int64_t)value, (int64_t *)(void *)at));
	} else if (field->kind == JSON_BOOL) {
		if (!str_eq(text, STR("true")) && !str_eq(text, STR("false")))
			return REFUSE_AT(&r, INVALID_VALUE, &path, "Must be true or false.");
		*(bool *)at = str_eq(text, STR("true"));
	} else {
		TRY(take_text(&r, field, &path, text, at));
	}
	set_given(field, out);
	return OK;
}

static err_t refuse_unknown(
	struct reader *r, const struct json_field *fields, size_t count, const struct json_path *path)
{
	struct buf known = buf_new(r->cx->mem, 4096);
	for (size_t i = 0; i < count; i++)
		if (!(fields[i].flags & JSON_IN_PATH))
			buf_fmt(&known, "%s%s", known.len ? ", " : "", fields[i].name);
	if (!known.len)
		return REFUSE_AT(r, UNKNOWN_FIELD, path, "This operation takes no parameters in its query.");
	return REFUSE_AT(
		r, UNKNOWN_FIELD, path, "There is no such parameter here. Known are: %.*s.", STR_ARG(buf_str(&known)));
}

err_t json_read_params(
	struct ctx *cx, const struct form *params, const struct json_field *fields, size_t count, void *out)
{
	struct reader r = { .cx = cx };
	uint64_t seen = 0;
	assert(count <= JSON_FIELDS_MAX);
	for (size_t i = 0; i < params->count; i++) {
		struct json_path at = { .name = params->fields[i].name };
		size_t which = field_find(fields, count, at.name);
		if (which == count || (fields[which].flags & JSON_IN_PATH))
			return refuse_unknown(&r, fields, count, &at);
		if (seen & UINT64_C(1) << which)
			return REFUSE_AT(&r, INVALID_VALUE, &at, "This parameter was given more than once.");
		seen |= UINT64_C(1) << which;
		TRY(json_read_param(cx, &fields[which], params->fields[i].value, out));
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].flags & JSON_IN_PATH)
			seen |= UINT64_C(1) << i;
	return check_required(&r, fields, count, NULL, seen);
}
