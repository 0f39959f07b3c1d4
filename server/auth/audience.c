/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/audience.h"

#include "server/base/buf.h"

#define TEXT_MAX ((size_t)16 * 1024)

const struct audience_row audience_rows[] = {
	{ 0, "", "API and CalDAV", SCOPES_ALL },
#define AUDIENCE(constant, bit, path, name, scopes) { constant, path, name, scopes },
#include "server/auth/audience.def"
#undef AUDIENCE
};
const size_t audience_row_count = ARRAY_LEN(audience_rows);

const struct audience_row *audience_of_path(struct str path)
{
	for (size_t i = 0; i < audience_row_count; i++)
		if (str_eq(path, str_of(audience_rows[i].path)))
			return &audience_rows[i];
	return NULL;
}

const struct audience_row *audience_of_bit(int16_t bit)
{
	for (size_t i = 0; i < audience_row_count; i++)
		if (audience_rows[i].bit == bit)
			return &audience_rows[i];
	return NULL;
}

bool audience_parse(struct str public_url, struct str uri, int16_t *out)
{
	if (!str_starts(uri, public_url) || str_has(uri, '#') || str_has(uri, '?'))
		return false;
	struct str path = str_from(uri, public_url.len);
	if (!path.len || str_eq(path, STR("/"))) {
		*out = 0;
		return true;
	}
	for (size_t i = 1; i < audience_row_count; i++) {
		struct str own = str_of(audience_rows[i].path);
		if (str_starts(path, own) && (path.len == own.len || path.ptr[own.len] == '/')) {
			*out = audience_rows[i].bit;
			return true;
		}
	}
	return false;
}

struct str audience_text(struct arena *mem, struct str public_url, int16_t set)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (size_t i = 0; i < audience_row_count; i++) {
		if (set ? !(audience_rows[i].bit & set) : i > 0)
			continue;
		if (out.len)
			buf_char(&out, ' ');
		buf_add(&out, public_url);
		buf_add(&out, str_of(audience_rows[i].path));
	}
	return buf_str(&out);
}
