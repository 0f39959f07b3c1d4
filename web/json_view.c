/* SPDX-License-Identifier: Apache-2.0 */
#include "web/json_view.h"

#include "server/base/buf.h"

#define DEPTH_SHOWN_MAX 32
#define VIEW_MAX ((size_t)1024 * 1024)

static void new_line(struct buf *out, unsigned depth)
{
	buf_char(out, '\n');
	for (unsigned i = 0; i < depth && i < DEPTH_SHOWN_MAX; i++)
		BUF_LIT(out, "  ");
}

size_t json_string_end(struct str json, size_t at)
{
	for (at++; at < json.len && json.ptr[at] != '"'; at++)
		at += json.ptr[at] == '\\';
	return at + 1;
}

/* "{}" and "[]" stay together. */
static bool is_empty_pair(struct str json, size_t at)
{
	return at + 1 < json.len && (json.ptr[at + 1] == '}' || json.ptr[at + 1] == ']');
}

struct str json_view(struct arena *mem, struct str json)
{
	struct buf out = buf_new(mem, VIEW_MAX);
	unsigned depth = 0;
	for (size_t at = 0; at < json.len; at++) {
		char c = json.ptr[at];
		if (c == '"') {
			size_t end = json_string_end(json, at);
			buf_add(&out, str_sub(json, at, end));
			at = end - 1;
		} else if ((c == '{' || c == '[') && is_empty_pair(json, at)) {
			buf_add(&out, str_sub(json, at, at + 2));
			at++;
		} else if (c == '{' || c == '[') {
			buf_char(&out, c);
			new_line(&out, ++depth);
		} else if (c == '}' || c == ']') {
			depth -= depth > 0;
			new_line(&out, depth);
			buf_char(&out, c);
		} else if (c == ',') {
			buf_char(&out, c);
			new_line(&out, depth);
		} else if (c == ':') {
			BUF_LIT(&out, ": ");
		} else if (c > ' ' || c < 0) {
			buf_char(&out, c);
		}
	}
	return buf_str(&out);
}
