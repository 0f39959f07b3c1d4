/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/ical/scan.h"

#include <string.h>

struct scan scan_open(struct str data)
{
	if (str_starts(data, STR("\xEF\xBB\xBF")))
		data = str_from(data, 3);
	return (struct scan){ data, 1 };
}

/* ---- physical lines and folds ---- */

/* Take the physical line at the front, line end and all; its text is without. */
static struct str physical_line(struct scan *s)
{
	const char *feed = s->rest.len ? memchr(s->rest.ptr, '\n', s->rest.len) : NULL;
	size_t size = feed ? (size_t)(feed - s->rest.ptr) + 1 : s->rest.len, len = size - (feed ? 1 : 0);
	struct str text = str_sub(s->rest, 0, len);
	while (text.len && text.ptr[text.len - 1] == '\r')
		text.len--;
	s->rest = str_from(s->rest, size);
	s->next++;
	return text;
}

static bool is_blank_char(char c)
{
	return c == ' ' || c == '\t';
}

/* Does the content line go on? Then its rest begins with the blank of the fold: a doubled line end is taken away. */
static bool take_fold(struct scan *s)
{
	if (!s->rest.len || (!is_blank_char(s->rest.ptr[0]) && s->rest.ptr[0] != '\r' && s->rest.ptr[0] != '\n'))
		return false;
	struct scan ahead = *s;
	while (ahead.rest.len && !is_blank_char(ahead.rest.ptr[0]))
		if (physical_line(&ahead).len)
			return false;
	if (!ahead.rest.len)
		return false;
	*s = ahead;
	return true;
}

/* The lines that go on, put together. `first` is the text of the first, from which the raw line begins at `begin`. */
static struct str unfolded(struct ctx *cx, struct scan *s, const char *begin, struct str first)
{
	struct scan ahead = *s;
	do
		(void)physical_line(&ahead);
	while (take_fold(&ahead));
	char *text = arena_take(cx->mem, (size_t)(ahead.rest.ptr - begin), 1);
	size_t len = first.len;
	if (len)
		memcpy(text, first.ptr, len);
	do {
		struct str piece = str_from(physical_line(s), 1);
		if (piece.len)
			memcpy(text + len, piece.ptr, piece.len);
		len += piece.len;
	} while (take_fold(s));
	return (struct str){ text, len };
}

/* ---- octets ---- */

/* Eight octets at once: is each printable ASCII or the like (no control, no high bit)? */
static bool plain_eight(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	uint64_t high = word & UINT64_C(0x8080808080808080);
	uint64_t low = (word - UINT64_C(0x2020202020202020)) & ~word & UINT64_C(0x8080808080808080);
	uint64_t del = word ^ UINT64_C(0x7F7F7F7F7F7F7F7F);
	del = (del - UINT64_C(0x0101010101010101)) & ~del & UINT64_C(0x8080808080808080);
	return !(high | low | del);
}

static err_t octets_check(struct ctx *cx, const struct scan_line *line)
{
	struct str text = line->text;
	bool ascii = true;
	size_t i = 0;
	while (i < text.len) {
		if (text.len - i >= 8 && plain_eight(text.ptr + i)) {
			i += 8;
			continue;
		}
		unsigned char c = (unsigned char)text.ptr[i++];
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return REFUSE(cx, ICAL_DATA, "", "line %d: control character 0x%02X", line->number, c);
		ascii = ascii && c < 0x80;
	}
	if (!ascii && !str_is_utf8(text))
		return REFUSE(cx, ICAL_DATA, "", "line %d: not UTF-8", line->number);
	return OK;
}

bool scan_any(struct ctx *cx, struct scan *s, struct scan_line *out)
{
	struct scan_line line = { 0 };
	const char *begin = s->rest.ptr;
	bool first = s->next == 1;
	while (s->rest.len && !line.text.len) { /* blank lines are passed over */
		begin = s->rest.ptr;
		line.number = s->next;
		line.text = physical_line(s);
		if (first && !str_trim(line.text, STR_BLANK).len)
			line.text.len = 0;
	}
	if (!line.text.len)
		return false;
	if (take_fold(s))
		line.text = unfolded(cx, s, begin, line.text);
	line.raw = (struct str){ begin, (size_t)(s->rest.ptr - begin) };
	*out = line;
	return true;
}

err_t scan_next(struct ctx *cx, struct scan *s, struct scan_line *out, bool *more_out)
{
	struct scan_line line;
	*more_out = scan_any(cx, s, &line);
	if (!*more_out)
		return OK;
	if (is_blank_char(line.raw.ptr[0]))
		return REFUSE(cx, ICAL_DATA, "", "line %d: a continuation of nothing", line.number);
	TRY(octets_check(cx, &line));
	*out = line;
	return OK;
}
