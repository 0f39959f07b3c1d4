/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json.h"

#include "server/data/json_same.h"
struct json json_begin(struct buf *out)
{
	return (struct json){ .out = out };
}

/*
 * Where the run ends that begins at `at` and stands in a JSON string as it is. Eight octets at a time, for nearly all
 * text is such: (w - n) & ~w has the high bit of some octet exactly where one of them is less than n (n up to 0x80).
 */
static size_t plain_end(struct str text, size_t at)
{
	const uint64_t each = UINT64_C(0x0101010101010101), high = each * 0x80;
	for (; text.len - at >= sizeof each; at += sizeof each) {
		uint64_t w, quote, backslash;
		memcpy(&w, text.ptr + at, sizeof w);
		quote = w ^ each * '"';
		backslash = w ^ each * '\\';
		if ((((w - each * 0x20) & ~w) | ((quote - each) & ~quote) | ((backslash - each) & ~backslash)) & high)
			break;
	}
	while (at < text.len && (unsigned char)text.ptr[at] >= 0x20 && text.ptr[at] != '"' && text.ptr[at] != '\\')
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

/* A text that stands as it is, between quotes and what goes before and after them (0: nothing), in one piece. */
static void add_plain(struct buf *out, char before, struct str text, char after)
{
	char *at = buf_space(out, !!before + text.len + 2 + !!after);
	if (!at)
		return;
	if (before)
		*at++ = before;
	*at++ = '"';
	memcpy(at, text.ptr, text.len);
	at += text.len;
	*at++ = '"';
	if (after)
		*at = after;
}

static void add_quoted(struct buf *out, struct str text)
{
	size_t end = plain_end(text, 0);
	if (end == text.len) {
		add_plain(out, 0, text, 0);
		return;
	}
	buf_char(out, '"');
	buf_add(out, str_sub(text, 0, end));
	while (end < text.len) {
		size_t next = plain_end(text, end + 1);
		add_escape(out, (unsigned char)text.ptr[end]);
		buf_add(out, str_sub(text, end + 1, next));
		end = next;
	}
	buf_char(out, '"');
}

/* The comma before, and the key. */
static struct buf *member(struct json *j, const char *key)
{
	char before = j->comma ? ',' : 0;
	struct str name = str_of(key);
	j->comma = true;
	if (key && plain_end(name, 0) == name.len) {
		add_plain(j->out, before, name, ':');
		return j->out;
	}
	if (before)
		buf_char(j->out, before);
	if (key) {
		add_quoted(j->out, name);
		buf_char(j->out, ':');
	}
	return j->out;
}

void json_object(struct json *j, const char *key)
{
	buf_char(member(j, key), '{');
	j->comma = false;
}

void json_object_end(struct json *j)
{
	buf_char(j->out, '}');
	j->comma = true;
}

void json_array(struct json *j, const char *key)
{
	buf_char(member(j, key), '[');
	j->comma = false;
}

void json_array_end(struct json *j)
{
	buf_char(j->out, ']');
	j->comma = true;
}

void json_str(struct json *j, const char *key, struct str value)
{
	if (value.ptr)
		add_quoted(member(j, key), value);
	else
		json_null(j, key);
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
	buf_add(member(j, key), value ? STR("true") : STR("false"));
}

void json_null(struct json *j, const char *key)
{
	BUF_LIT(member(j, key), "null");
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
	buf_add(member(j, key), value);
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
