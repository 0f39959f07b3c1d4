/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/form.h"

/* One octet of a component, or two more after a '%'. False: a bad escape. */
static bool decode_octet(struct str in, size_t *at, char *out)
{
	char c = in.ptr[*at];
	*at += 1;
	if (c == '+') {
		*out = ' ';
		return true;
	}
	if (c != '%') {
		*out = c;
		return true;
	}
	if (in.len - *at < 2)
		return false;
	int high = char_hex(in.ptr[*at]), low = char_hex(in.ptr[*at + 1]);
	if (high < 0 || low < 0)
		return false;
	*at += 2;
	*out = (char)(high * 16 + low);
	return true;
}

/* NULL, or what is wrong with it. */
static const char *decode(struct arena *mem, struct str in, struct str *out)
{
	if (!str_has(in, '%') && !str_has(in, '+')) {
		*out = (struct str){ in.len ? in.ptr : "", in.len };
	} else {
		char *text = arena_take(mem, in.len, 1);
		size_t len = 0;
		for (size_t at = 0; at < in.len; len++)
			if (!decode_octet(in, &at, &text[len]))
				return "a '%' is not followed by two hex digits";
		*out = (struct str){ text, len };
	}
	if (str_has(*out, '\0'))
		return "a NUL is inside";
	if (!str_is_utf8(*out))
		return "it is not UTF-8";
	return NULL;
}

static err_t parse_field(struct ctx *cx, struct str piece, struct form_field *out)
{
	struct str value = piece, name;
	str_cut(&value, '=', &name);

	const char *wrong = decode(cx->mem, name, &out->name);
	if (wrong)
		return REFUSE(cx, MALFORMED, "", "The name of a form field cannot be read: %s.", wrong);
	if (!out->name.len)
		return REFUSE(cx, MALFORMED, "", "A form field has no name.");
	wrong = decode(cx->mem, value, &out->value);
	if (wrong)
		return REFUSE(
			cx, MALFORMED, str_c(cx->mem, out->name), "The value of this field cannot be read: %s.", wrong);
	return OK;
}

err_t form_parse(struct ctx *cx, struct str text, struct form *out)
{
	struct form_field *fields = NULL;
	size_t count = 0, pieces = text.len > 0;

	for (size_t i = 0; i < text.len && pieces <= FORM_FIELDS_MAX; i++)
		pieces += text.ptr[i] == '&';
	if (pieces > FORM_FIELDS_MAX)
		return REFUSE(cx, MALFORMED, "", "There are more than %d form fields.", FORM_FIELDS_MAX);
	if (pieces)
		fields = arena_array(cx->mem, struct form_field, pieces);

	struct str rest = text.len ? text : STR_ABSENT, piece;
	while (str_cut(&rest, '&', &piece)) {
		if (!piece.len)
			continue;
		TRY(parse_field(cx, piece, &fields[count]));
		count++;
	}
	*out = (struct form){ .fields = fields, .count = count };
	return OK;
}

struct str form_get(const struct form *form, const char *name)
{
	struct str wanted = str_of(name);
	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->fields[i].name, wanted))
			return form->fields[i].value;
	return STR_ABSENT;
}

size_t form_count(const struct form *form, const char *name)
{
	struct str wanted = str_of(name);
	size_t count = 0;
	for (size_t i = 0; i < form->count; i++)
		count += str_eq(form->fields[i].name, wanted);
	return count;
}

const struct form_file *form_file(const struct form *form, const char *name)
{
	struct str wanted = str_of(name);
	for (size_t i = 0; i < form->file_count; i++) {
		const struct form_file *file = &form->files[i];
		if (str_eq(file->name, wanted) && (file->filename.len || file->data.len))
			return file;
	}
	return NULL;
}

/* The WHATWG serializer: a blank is '+', and only these stay as they are. */
static void add_component(struct buf *out, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (char_is_alpha(c) || char_is_digit(c) || str_has(STR("*-._"), c)) {
			buf_char(out, c);
		} else if (c == ' ') {
			buf_char(out, '+');
		} else {
			buf_char(out, '%');
			buf_char(out, hex[(unsigned char)c >> 4]);
			buf_char(out, hex[(unsigned char)c & 15]);
		}
	}
}

void form_add(struct buf *out, const char *name, struct str value)
{
	struct str so_far = buf_str(out);
	if (so_far.len && so_far.ptr[so_far.len - 1] != '?')
		buf_char(out, '&');
	add_component(out, str_of(name));
	buf_char(out, '=');
	add_component(out, value);
}
