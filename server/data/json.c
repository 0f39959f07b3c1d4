/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json.h"

#include <string.h>

#include "server/data/json_same.h"

struct json json_begin(struct buf *out)
{
	return (struct json){ .out = out };
}

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

/*
 * Eight octets at once: (w - n) & ~w has the high bit of some octet exactly where one of them is less than n (n up to
 * 0x80).
 */
static bool are_plain(const char *at)
{
	const uint64_t each = UINT64_C(0x0101010101010101), high = each * 0x80;
	uint64_t w, quote, backslash;
	memcpy(&w, at, sizeof w);
	quote = w ^ each * '"';
	backslash = w ^ each * '\\';
	return !((((w - each * 0x20) & ~w) | ((quote - each) & ~quote) | ((backslash - each) & ~backslash)) & high);
}

/* Where the run ends that begins at `at` and stands in a JSON string as it is, which nearly all text does. */
static size_t plain_end(struct str text, size_t at)
{
	const size_t step = sizeof(uint64_t);
	for (; text.len - at >= step; at += step)
		if (!are_plain(text.ptr + at))
			break;
	if (text.len >= step && at > text.len - step && at < text.len &&
		are_plain(text.ptr + text.len - step)) /* some of them once more */
		return text.len;
	while (at < text.len && is_plain(text.ptr[at]))
		at++;
	return at;
}

static void add_escape(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		BUF_LIT(out, "\\\"");
		break;
	case '\\':
		BUF_LIT(out, "\\\\");
		break;
	case '\n':
		BUF_LIT(out, "\\n");
		break;
	case '\r':
		BUF_LIT(out, "\\r");
		break;
	case '\t':
		BUF_LIT(out, "\\t");
		break;
	default:
		buf_fmt(out, "\\u%04x", c);
	}
}

static char *put(char *at, struct str text)
{
	if (text.len)
		memcpy(at, text.ptr, text.len);
	return at + text.len;
}

static void add_quoted(struct buf *out, struct str text)
{
	buf_char(out, '"');
	for (size_t at = 0, end; at < text.len; at = end + 1) {
		end = plain_end(text, at);
		buf_add(out, str_sub(text, at, end));
		if (end < text.len)
			add_escape(out, (unsigned char)text.ptr[end]);
	}
	buf_char(out, '"');
}

/* The comma before, the key, and room for so many octets after them. NULL: it is full, or there is nothing of it. */
static char *member_space(struct json *j, const char *key, size_t more)
{
	struct str name = str_of(key);
	bool comma = j->comma, whole = key && plain_end(name, 0) == name.len;
	if (key && !whole) {
		buf_add(j->out, comma ? STR(",") : STR(""));
		add_quoted(j->out, name);
		buf_char(j->out, ':');
		comma = false;
	}
	j->comma = true;
	size_t size = comma + (whole ? name.len + 3 : 0) + more;
	char *at = size ? buf_space(j->out, size) : NULL;
	if (at && comma)
		*at++ = ',';
	if (at && whole) {
		*at++ = '"';
		at = put(at, name);
		*at++ = '"';
		*at++ = ':';
	}
	return at;
}

/* Where the value is written by itself. */
static struct buf *member(struct json *j, const char *key)
{
	(void)member_space(j, key, 0);
	return j->out;
}

static void add_value(struct json *j, const char *key, struct str value)
{
	char *at = member_space(j, key, value.len);
	if (at)
		put(at, value);
}

void json_object(struct json *j, const char *key)
{
	add_value(j, key, STR("{"));
	j->comma = false;
}

void json_object_end(struct json *j)
{
	buf_char(j->out, '}');
	j->comma = true;
}

void json_array(struct json *j, const char *key)
{
	add_value(j, key, STR("["));
	j->comma = false;
}

void json_array_end(struct json *j)
{
	buf_char(j->out, ']');
	j->comma = true;
}

void json_str(struct json *j, const char *key, struct str value)
{
	if (!value.ptr) {
		json_null(j, key);
		return;
	}
	if (plain_end(value, 0) < value.len) {
		add_quoted(member(j, key), value);
		return;
	}
	char *at = member_space(j, key, value.len + 2);
	if (!at)
		return;
	*at++ = '"';
	at = put(at, value);
	*at = '"';
}

void json_str_if(struct json *j, const char *key, struct str value)
{
	if (value.ptr)
		json_str(j, key, value);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	buf_int(member(j, key), value);
}

static void write_milli(struct json *j, const char *key, int64_t thousandths)
{
	int64_t size = thousandths < 0 ? -thousandths : thousandths;
	buf_fmt(member(j, key), "%s%lld.%03lld", thousandths < 0 ? "-" : "", (long long)(size / 1000),
		(long long)(size % 1000));
}

void json_bool(struct json *j, const char *key, bool value)
{
	add_value(j, key, value ? STR("true") : STR("false"));
}

void json_null(struct json *j, const char *key)
{
	add_value(j, key, STR("null"));
}

void json_id(struct json *j, const char *key, const char *prefix, struct id value)
{
	json_str(j, key, id_is_zero(value) ? STR_ABSENT : id_text(j->out->mem, prefix, value));
}

void json_time(struct json *j, const char *key, struct instant value)
{
	json_str(j, key, instant_is_none(value) ? STR_ABSENT : instant_rfc3339(j->out->mem, value));
}

void json_raw(struct json *j, const char *key, struct str value)
{
	add_value(j, key, value);
}

/* ---- a struct through its field table ---- */

static void write_list(struct json *j, struct arena *mem, const struct json_field *f, const struct json_list *list)
{
	json_array(j, f->name);
	for (size_t i = 0; i < list->count; i++) {
		json_object(j, NULL);
		json_write(j, mem, f->fields, f->field_count, (const char *)list->items + i * f->size);
		json_object_end(j);
	}
	json_array_end(j);
}

static void write_map(struct json *j, struct arena *mem, const struct json_field *f, const struct json_list *list)
{
	json_object(j, f->name);
	for (size_t i = 0; i < list->count; i++) {
		const char *item = (const char *)list->items + i * f->size;
		json_object(j, str_c(mem, *(const struct str *)(const void *)item));
		json_write(j, mem, f->fields, f->field_count, item);
		json_object_end(j);
	}
	json_object_end(j);
}

static void write_texts(struct json *j, const char *key, const struct str_list *list)
{
	json_array(j, key);
	for (size_t i = 0; i < list->count; i++)
		json_str(j, NULL, list->items[i]);
	json_array_end(j);
}

static void write_field(struct json *j, struct arena *mem, const struct json_field *f, const char *from)
{
	const void *at = from + f->offset;
	switch (f->kind) {
	case JSON_STR:
	case JSON_WORD:
		json_str(j, f->name, *(const struct str *)at);
		return;
	case JSON_INT:
		if ((f->flags & JSON_NULLABLE) && !*(const int64_t *)at)
			json_null(j, f->name);
		else
			json_int(j, f->name, *(const int64_t *)at);
		return;
	case JSON_BOOL:
		json_bool(j, f->name, *(const bool *)at);
		return;
	case JSON_TIME:
		json_time(j, f->name, *(const struct instant *)at);
		return;
	case JSON_ID:
		json_id(j, f->name, f->of, *(const struct id *)at);
		return;
	case JSON_STRS:
		if ((f->flags & JSON_NULLABLE) && !((const struct str_list *)at)->items)
			json_null(j, f->name);
		else
			write_texts(j, f->name, at);
		return;
	case JSON_OBJECT:
		if (f->given && !*(const bool *)(from + f->given)) {
			json_null(j, f->name);
			return;
		}
		json_object(j, f->name);
		json_write(j, mem, f->fields, f->field_count, at);
		json_object_end(j);
		return;
	case JSON_OBJECTS:
		write_list(j, mem, f, at);
		return;
	case JSON_MILLI:
		write_milli(j, f->name, *(const int64_t *)at);
		return;
	case JSON_MAP:
		write_map(j, mem, f, at);
		return;
	}
}

bool json_is_left_out(const struct json_field *f, const void *object)
{
	const char *from = object;
	if (!(f->flags & JSON_OPTIONAL))
		return false;
	if (f->kind == JSON_OBJECT)
		return !*(const bool *)(from + f->given);
	if (f->kind == JSON_OBJECTS)
		return !((const struct json_list *)(const void *)(from + f->offset))->items;
	if (f->kind == JSON_INT)
		return *(const int64_t *)(const void *)(from + f->offset) == 0;
	return !((const struct str *)(const void *)(from + f->offset))->ptr;
}

void json_write(struct json *j, struct arena *mem, const struct json_field *fields, size_t count, const void *from)
{
	for (size_t i = 0; i < count; i++)
		if (!(fields[i].flags & JSON_WRITE_ONLY) && !json_is_left_out(&fields[i], from))
			write_field(j, mem, &fields[i], from);
}

void json_write_open(struct json *j, struct arena *mem, const struct json_field *fields, size_t count, const void *from)
{
	for (size_t i = 0; i < count; i++)
		if ((fields[i].flags & JSON_OPEN) && !json_is_left_out(&fields[i], from))
			write_field(j, mem, &fields[i], from);
}
