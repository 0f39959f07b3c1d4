/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/chunk.h"

#include <assert.h>
#include <string.h>

#include "server/http/head_check.h"

/* ---- the line ---- */

static size_t blanks(struct str s, size_t at)
{
	while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t'))
		at++;
	return at;
}

/* RFC 9110 §5.6.4. The place after it; 0 for none. */
static size_t quoted_end(struct str s, size_t at)
{
	for (at++; at < s.len; at++) {
		unsigned char c = (unsigned char)s.ptr[at];
		if (c == '"')
			return at + 1;
		if (c == '\\')
			c = ++at < s.len ? (unsigned char)s.ptr[at] : 0;
		if ((c < ' ' && c != '\t') || c == 0x7F)
			return 0;
	}
	return 0;
}

/* One of *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ). The place after it; 0 for none. */
static size_t extension_end(struct str s, size_t at)
{
	at = blanks(s, at);
	if (at == s.len || s.ptr[at] != ';')
		return 0;
	at = blanks(s, at + 1);
	size_t name = head_token_len(str_from(s, at));
	if (!name)
		return 0;
	at += name;
	size_t equals = blanks(s, at);
	if (equals == s.len || s.ptr[equals] != '=')
		return at;
	at = blanks(s, equals + 1);
	if (at < s.len && s.ptr[at] == '"')
		return quoted_end(s, at);
	size_t value = head_token_len(str_from(s, at));
	return value ? at + value : 0;
}

bool chunk_line_read(struct str line, unsigned long *size, size_t *extensions)
{
	unsigned long number = 0;
	size_t digits = 0;
	if (line.len > CHUNK_LINE_MAX || !str_ends(line, STR("\r\n")))
		return false;
	line.len -= 2;
	for (; digits < line.len && char_hex(line.ptr[digits]) >= 0; digits++) {
		if (digits == 8)
			return false;
		number = number * 16 + (unsigned long)char_hex(line.ptr[digits]);
	}
	if (!digits || number > 0x7FFFFFFF)
		return false;
	for (size_t at = digits; at < line.len;)
		if (!(at = extension_end(line, at)))
			return false;
	*extensions += line.len - digits;
	*size = number;
	return *extensions <= CHUNK_EXTENSIONS_MAX;
}

/* ---- the body ---- */

static enum chunk_verdict scan_line(struct chunk_scan *scan, struct str rest)
{
	const char *end = memchr(rest.ptr, '\n', rest.len);
	if (!end)
		return rest.len < CHUNK_LINE_MAX ? CHUNK_MORE : CHUNK_BAD;
	struct str line = { rest.ptr, (size_t)(end - rest.ptr) + 1 };
	if (!chunk_line_read(line, &scan->left, &scan->extensions))
		return CHUNK_BAD;
	scan->at += line.len;
	scan->state = scan->left ? CHUNK_DATA : CHUNK_TRAILER;
	return CHUNK_END;
}

static enum chunk_verdict scan_data(struct chunk_scan *scan, struct str rest)
{
	size_t taken = rest.len < scan->left ? rest.len : scan->left;
	scan->at += taken;
	scan->left -= taken;
	if (scan->left)
		return CHUNK_MORE;
	scan->state = CHUNK_DATA_END;
	return CHUNK_END;
}

static enum chunk_verdict scan_data_end(struct chunk_scan *scan, struct str rest)
{
	if (rest.len < 2)
		return CHUNK_MORE;
	if (!str_starts(rest, STR("\r\n")))
		return CHUNK_BAD;
	scan->at += 2;
	scan->state = CHUNK_LINE;
	return CHUNK_END;
}

enum chunk_verdict chunk_scan(struct chunk_scan *scan, struct str body)
{
	static enum chunk_verdict (*const steps[])(struct chunk_scan * scan, struct str rest) = {
		[CHUNK_LINE] = scan_line,
		[CHUNK_DATA] = scan_data,
		[CHUNK_DATA_END] = scan_data_end,
	};
	assert(scan->at <= body.len);
	while (scan->state != CHUNK_TRAILER) {
		struct str rest = str_from(body, scan->at);
		enum chunk_verdict step = rest.len ? steps[scan->state](scan, rest) : CHUNK_MORE;
		if (step != CHUNK_END)
			return step;
	}
	return body.len - scan->at >= 2 ? CHUNK_END : CHUNK_MORE;
}
