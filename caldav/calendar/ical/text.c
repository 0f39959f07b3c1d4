/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: escapes (RFC 5545 §3.3.11) and folded content lines (§3.1). */
#include "caldav/calendar/ical/ical.h"

#define LINE_OCTETS 75

struct str ical_text(struct arena *mem, struct str value)
{
	if (!str_has(value, '\\'))
		return value;
	char *text = arena_take(mem, value.len, 1);
	size_t len = 0;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i], next = i + 1 < value.len ? value.ptr[i + 1] : 0;
		if (c == '\\' && (next == '\\' || next == ';' || next == ',' || next == 'n' || next == 'N')) {
			c = next == 'n' || next == 'N' ? '\n' : next;
			i++;
		}
		text[len++] = c;
	}
	return (struct str){ text, len };
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

/* Where the octet stands that the folds at `at` lead to; `at` itself where there is no fold. */
static size_t fold_end(struct str data, size_t at)
{
	size_t end = at, next = at;
	for (;;) {
		while (next < data.len && is_line_end(data.ptr[next]))
			next++;
		if (next == end || next == data.len || (data.ptr[next] != ' ' && data.ptr[next] != '\t'))
			return end;
		end = ++next;
	}
}

struct str ical_characters(struct arena *mem, struct str data)
{
	if (str_is_utf8(data))
		return data;
	char *text = arena_take(mem, data.len, 1);
	size_t len = 0;
	for (size_t i = 0; i < data.len; i++) {
		size_t end = is_line_end(data.ptr[i]) ? fold_end(data, i) : i;
		if (end > i && end < data.len && ((unsigned char)data.ptr[end] & 0xC0) == 0x80)
			i = end;
		text[len++] = data.ptr[i];
	}
	return (struct str){ text, len };
}

struct str ical_escape(struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, text.len * 2 + 1);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\r') {
			if (i + 1 == text.len || text.ptr[i + 1] != '\n')
				BUF_LIT(&out, "\\n");
			continue;
		}
		if (c == '\n') {
			BUF_LIT(&out, "\\n");
			continue;
		}
		if (c == '\\' || c == ';' || c == ',')
			buf_char(&out, '\\');
		buf_char(&out, c);
	}
	return buf_str(&out);
}

/* How many octets of s fit, without cutting a character in two. */
static size_t fitting(struct str s, size_t most)
{
	if (s.len <= most)
		return s.len;
	while (most > 1 && ((unsigned char)s.ptr[most] & 0xC0) == 0x80)
		most--;
	return most;
}

/* `*column` octets stand on this line already. */
static void folded(struct buf *out, struct str s, size_t *column)
{
	while (s.len) {
		if (*column >= LINE_OCTETS) {
			BUF_LIT(out, "\r\n ");
			*column = 1;
		}
		size_t n = fitting(s, LINE_OCTETS - *column);
		if (n > LINE_OCTETS - *column || (n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)) {
			*column = LINE_OCTETS; /* not even one character fits here */
			continue;
		}
		buf_add(out, str_sub(s, 0, n));
		*column += n;
		s = str_from(s, n);
	}
}

void ical_line(struct buf *out, struct str name, struct str params, struct str value)
{
	size_t column = 0;
	folded(out, name, &column);
	folded(out, params, &column);
	folded(out, STR(":"), &column);
	folded(out, value, &column);
	BUF_LIT(out, "\r\n");
}

void ical_param_value(struct buf *out, struct str value)
{
	buf_char(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c == '\n')
			BUF_LIT(out, "^n");
		else if (c == '"')
			BUF_LIT(out, "^'");
		else if (c == '^')
			BUF_LIT(out, "^^");
		else if (c != '\r')
			buf_char(out, c);
	}
	buf_char(out, '"');
}

void ical_tzid_span(struct str line, size_t *from_out, size_t *to_out)
{
	bool quoted = false;
	size_t begin = 0;
	*from_out = *to_out = 0;
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '"')
			quoted = !quoted;
		if (quoted || (line.ptr[i] != ';' && line.ptr[i] != ':'))
			continue;
		if (begin && str_starts_nocase(str_from(line, begin), STR("TZID="))) {
			*from_out = begin + 5;
			*to_out = i;
			return;
		}
		if (line.ptr[i] == ':')
			return;
		begin = i + 1;
	}
}
