/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read straight into the caller's struct, with no tree between: the table knows every field that may stand there, so
 * unknown and repeated names are noticed in passing.
 */
#include "server/data/json.h"

#include <assert.h>

#include "server/data/json_scan.h"

/* Where we are, innermost first: a name, or an index in the list of that name. */
struct place {
	const struct place *outer;
	struct str name;
	size_t index;
	bool is_index;
};

struct reader {
	struct ctx *cx;
	struct json_scan scan;
	bool skip_unknown;
};

static void add_place(struct buf *out, const struct place *place)
{
	if (!place)
		return;
	add_place(out, place->outer);
	if (place->is_index) {
		buf_fmt(out, "[%zu]", place->index);
		return;
	}
	if (out->len)
		buf_char(out, '.');
	buf_add(out, place->name);
}

/* A hostile name may be long; what is told of it is not. */
static const char *place_text(struct ctx *cx, const struct place *place)
{
	struct buf text = buf_new(cx->mem, 512);
	add_place(&text, place);
	const char *c = text.full ? NULL : str_c(cx->mem, buf_str(&text));
	return c ? c : "";
}

#define REFUSE_AT(r, kind, place, ...) REFUSE((r)->cx, kind, place_text((r)->cx, place), __VA_ARGS__)

static size_t count_characters(struct str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++)
		count += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
	return count;
}

static err_t check_bounds(
	struct reader *r, const struct json_field *f, const struct place *place, int64_t value, const char *unit)
{
	if (value >= f->min && (!f->max || value <= f->max))
		return OK;
	if (!f->max)
		return REFUSE_AT(r, INVALID_VALUE, place, "Must have at least %lld%s.", (long long)f->min, unit);
	return REFUSE_AT(
		r, INVALID_VALUE, place, "Must have %lld to %lld%s.", (long long)f->min, (long long)f->max, unit);
}

static err_t read_text(struct reader *r, const struct place *place, struct str *out)
{
	if (json_peek(&r->scan) != '"')
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be a string.");
	*out = json_take_string(&r->scan, r->cx->mem);
	return OK;
}

static err_t read_str(struct reader *r, const struct json_field *f, const struct place *place, struct str *out)
{
	TRY(read_text(r, place, out));
	return check_bounds(r, f, place, (int64_t)count_characters(*out), " characters");
}

static err_t read_int(struct reader *r, const struct json_field *f, const struct place *place, int64_t *out)
{
	int64_t min = f->min || f->max ? f->min : -JSON_INT_MAX;
	int64_t max = f->min || f->max ? f->max : JSON_INT_MAX;
	char c = json_peek(&r->scan);
	bool negative = c == '-';
	uint64_t value;

	if (!negative && !char_is_digit(c))
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be a whole number.");
	struct str digits = json_take_scalar(&r->scan);
	if (!str_to_u64(str_from(digits, negative), (uint64_t)JSON_INT_MAX, &value))
		return REFUSE_AT(r, INVALID_VALUE, place,
			"Must be a whole number without fraction or exponent, from %lld to %lld.", (long long)min,
			(long long)max);
	*out = negative ? -(int64_t)value : (int64_t)value;
	if (*out < min || *out > max)
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be from %lld to %lld.", (long long)min, (long long)max);
	return OK;
}

static err_t read_bool(struct reader *r, const struct place *place, bool *out)
{
	char c = json_peek(&r->scan);
	if (c != 't' && c != 'f')
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be true or false.");
	*out = str_eq(json_take_scalar(&r->scan), STR("true"));
	return OK;
}

static err_t read_time(struct reader *r, const struct place *place, struct instant *out)
{
	struct str text;
	TRY(read_text(r, place, &text));
	if (!instant_from_rfc3339(text, out))
		return REFUSE_AT(r, INVALID_VALUE, place,
			"Must be a date and time with an offset, like 2026-11-24T05:30:54Z (RFC 3339).");
	return OK;
}

static err_t read_id(struct reader *r, const struct json_field *f, const struct place *place, struct id *out)
{
	struct str text;
	TRY(read_text(r, place, &text));
	if (!id_parse(text, f->prefix, out))
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be an id that begins with %s_.", f->prefix);
	return OK;
}

static err_t read_object(
	struct reader *r, const struct json_field *fields, size_t count, const struct place *place, char *out);

typedef err_t read_item(struct reader *r, const struct json_field *f, const struct place *place, void *item);

static err_t read_item_text(struct reader *r, const struct json_field *f, const struct place *place, void *item)
{
	(void)f;
	return read_text(r, place, item);
}

static err_t read_item_object(struct reader *r, const struct json_field *f, const struct place *place, void *item)
{
	return read_object(r, f->fields, f->field_count, place, item);
}

/* Items of `size` octets each; a list that is longer than it may be is left at its first item too many. */
static err_t read_items(struct reader *r, const struct json_field *f, const struct place *place, size_t size,
	read_item *read, void **items_out, size_t *count_out)
{
	size_t max = f->max ? (size_t)f->max : JSON_ITEMS_MAX, cap = 0, count = 0;
	char *items = NULL;

	if (!json_take(&r->scan, '['))
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be a list.");
	if (!json_take(&r->scan, ']'))
		do {
			struct place at = { .outer = place, .index = count, .is_index = true };
			if (count == max)
				return REFUSE_AT(r, INVALID_VALUE, place, "Must have at most %zu items.", max);
			if (count == cap) {
				cap = cap ? cap * 2 : 8;
				items = arena_grow(r->cx->mem, items, count * size, cap * size);
			}
			TRY(read(r, f, &at, items + count * size));
			count++;
		} while (json_take(&r->scan, ','));
	json_take(&r->scan, ']');
	*items_out = items;
	*count_out = count;
	return check_bounds(r, f, place, (int64_t)count, " items");
}

static err_t read_list(struct reader *r, const struct json_field *f, const struct place *place, void *out)
{
	void *items;
	size_t count;
	if (f->kind == JSON_STRS) {
		TRY(read_items(r, f, place, sizeof(struct str), read_item_text, &items, &count));
		*(struct str_list *)out = (struct str_list){ items, count };
		return OK;
	}
	TRY(read_items(r, f, place, f->size, read_item_object, &items, &count));
	*(struct json_list *)out = (struct json_list){ items, count };
	return OK;
}

static err_t read_null(struct reader *r, const struct json_field *f, const struct place *place, void *out)
{
	if (!(f->flags & JSON_NULLABLE))
		return REFUSE_AT(r, INVALID_VALUE, place, "Must not be null.");
	json_take_scalar(&r->scan);
	switch (f->kind) {
	case JSON_STR:
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
		return OK;
	}
	return OK;
}

static err_t read_value(struct reader *r, const struct json_field *f, const struct place *place, void *out)
{
	if (json_peek(&r->scan) == 'n')
		return read_null(r, f, place, out);
	switch (f->kind) {
	case JSON_STR:
		return read_str(r, f, place, out);
	case JSON_INT:
		return read_int(r, f, place, out);
	case JSON_BOOL:
		return read_bool(r, place, out);
	case JSON_TIME:
		return read_time(r, place, out);
	case JSON_ID:
		return read_id(r, f, place, out);
	case JSON_STRS:
	case JSON_OBJECTS:
		return read_list(r, f, place, out);
	case JSON_OBJECT:
		return read_object(r, f->fields, f->field_count, place, out);
	}
	return OK;
}

static size_t field_find(const struct json_field *fields, size_t count, struct str name)
{
	size_t i = 0;
	while (i < count && !str_eq(str_of(fields[i].name), name))
		i++;
	return i;
}

static err_t read_member(struct reader *r, const struct json_field *fields, size_t count, const struct place *outer,
	char *out, uint64_t *seen)
{
	struct place at = { .outer = outer, .name = json_take_string(&r->scan, r->cx->mem) };
	size_t which = field_find(fields, count, at.name);
	json_take(&r->scan, ':');

	if (which == count && r->skip_unknown) {
		json_skip(&r->scan);
		return OK;
	}
	if (which == count)
		return REFUSE_AT(r, UNKNOWN_FIELD, &at, "There is no such field here. Check its spelling.");
	const struct json_field *f = &fields[which];
	if (f->flags & JSON_READ_ONLY)
		return REFUSE_AT(r, INVALID_VALUE, &at, "This field is set by the server. Leave it out.");
	if (*seen & UINT64_C(1) << which)
		return REFUSE_AT(r, INVALID_VALUE, &at, "This field stands here twice.");
	*seen |= UINT64_C(1) << which;
	TRY(read_value(r, f, &at, out + f->offset));
	if (f->given)
		*(bool *)(out + f->given) = true;
	return OK;
}

static err_t read_object(
	struct reader *r, const struct json_field *fields, size_t count, const struct place *place, char *out)
{
	uint64_t seen = 0;
	assert(count <= JSON_FIELDS_MAX);

	if (!json_take(&r->scan, '{'))
		return REFUSE_AT(r, INVALID_VALUE, place, "Must be an object.");
	if (!json_take(&r->scan, '}'))
		do
			TRY(read_member(r, fields, count, place, out, &seen));
		while (json_take(&r->scan, ','));
	json_take(&r->scan, '}');

	for (size_t i = 0; i < count; i++) {
		struct place at = { .outer = place, .name = str_of(fields[i].name) };
		if ((fields[i].flags & JSON_REQUIRED) && !(seen & UINT64_C(1) << i))
			return REFUSE_AT(r, MISSING_FIELD, &at, "This field is required.");
	}
	return OK;
}

static err_t read_text_whole(
	struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out, bool skip_unknown)
{
	struct reader r = { .cx = cx, .skip_unknown = skip_unknown };
	if (!json_scan_text(&r.scan, text))
		return REFUSE(cx, MALFORMED, "", "The body is not JSON as we accept it: %s, at octet %zu.",
			r.scan.wrong, text.ptr ? (size_t)(r.scan.at - text.ptr) : 0);
	r.scan = (struct json_scan){ .at = text.ptr, .end = text.ptr + text.len };
	return read_object(&r, fields, count, NULL, out);
}

err_t json_read(struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out)
{
	return read_text_whole(cx, text, fields, count, out, false);
}

err_t json_read_known(struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out)
{
	return read_text_whole(cx, text, fields, count, out, true);
}
