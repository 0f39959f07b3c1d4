/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/parameters.h"

#include "server/base/buf.h"

bool str_is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || str_has(STR("()<>@,;:\\\"/[]?={}"), s.ptr[i]))
			return false;
	return s.len > 0;
}

static struct str without_blanks(struct str s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = str_from(s, 1);
	return s;
}

/* `rest` is what follows the opening quote, and then what follows the closing one. */
static bool read_quoted(struct arena *mem, struct str *rest, struct str *out)
{
	struct buf text = buf_new(mem, rest->len);
	for (size_t i = 0; i < rest->len; i++) {
		char c = rest->ptr[i], next = i + 1 < rest->len ? rest->ptr[i + 1] : '\0';
		if (c == '"') {
			*out = buf_str(&text);
			*rest = str_from(*rest, i + 1);
			return true;
		}
		if (c == '\\' && (next == '"' || next == '\\')) {
			c = next;
			i++;
		}
		buf_char(&text, c);
	}
	return false;
}

static bool read_value(struct arena *mem, struct str *rest, struct str *out)
{
	if (rest->len && rest->ptr[0] == '"') {
		*rest = str_from(*rest, 1);
		return read_quoted(mem, rest, out);
	}
	size_t end = 0;
	while (end < rest->len && !str_has(STR("; \t"), rest->ptr[end]))
		end++;
	*out = str_sub(*rest, 0, end);
	*rest = str_from(*rest, end);
	return str_is_token(*out);
}

bool parameter_next(struct arena *mem, struct str *rest, struct str *name, struct str *value, bool *good)
{
	size_t end = 0;
	*rest = without_blanks(*rest);
	while (rest->len && rest->ptr[0] == ';')
		*rest = without_blanks(str_from(*rest, 1));
	if (!rest->len)
		return false;
	while (end < rest->len && rest->ptr[end] != '=')
		end++;
	*good = end < rest->len && str_is_token(str_sub(*rest, 0, end));
	if (*good) {
		*name = str_lower(mem, str_sub(*rest, 0, end));
		*rest = str_from(*rest, end + 1);
		*good = read_value(mem, rest, value);
		*rest = without_blanks(*rest);
		*good = *good && (!rest->len || rest->ptr[0] == ';');
	}
	return *good;
}
