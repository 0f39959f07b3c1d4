/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/xml_scan.h"

#include <string.h>

#include "server/data/xml.h"

/* ---- encoding ---- */

static unsigned unit16(struct str s, size_t at, bool big)
{
	unsigned first = (unsigned char)s.ptr[at], second = (unsigned char)s.ptr[at + 1];
	return big ? first << 8 | second : second << 8 | first;
}

static void put_utf8(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_char(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_char(out, (char)(0xC0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_char(out, (char)(0xE0 | c >> 12));
		} else {
			buf_char(out, (char)(0xF0 | c >> 18));
			buf_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
		}
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
	}
	buf_char(out, (char)(0x80 | (c & 0x3F)));
}

static const char *from_utf16(struct arena *mem, struct str s, bool big, struct str *out)
{
	static const char half[] = "the UTF-16 text has half a surrogate pair";
	struct buf text = buf_new(mem, s.len * 2);
	if (s.len % 2)
		return "the UTF-16 text ends inside a character";
	for (size_t at = 0; at < s.len; at += 2) {
		unsigned c = unit16(s, at, big);
		if (c >= 0xDC00 && c <= 0xDFFF)
			return half;
		if (c >= 0xD800 && c <= 0xDBFF) {
			at += 2;
			unsigned low = at < s.len ? unit16(s, at, big) : 0;
			if (low < 0xDC00 || low > 0xDFFF)
				return half;
			c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		}
		put_utf8(&text, c);
	}
	*out = buf_str(&text);
	return NULL;
}

/* The value of encoding="…" in the XML declaration; absent if it has none. */
static struct str declared_encoding(struct str text)
{
	if (!str_starts(text, STR("<?xml")))
		return STR_ABSENT;
	struct str declaration = str_sub(text, 0, str_find(text, STR("?>")));
	size_t at = str_find(declaration, STR("encoding"));
	if (at == SIZE_MAX)
		return STR_ABSENT;
	struct str rest = str_trim(str_from(declaration, at + 8), STR_BLANK "=");
	struct str value;
	if (!rest.len || (rest.ptr[0] != '"' && rest.ptr[0] != '\''))
		return STR_ABSENT; /* libxml2 will find it ill-formed */
	char quote = rest.ptr[0];
	rest = str_from(rest, 1);
	str_cut(&rest, quote, &value);
	return value;
}

const char *xml_scan_encoding(struct arena *mem, struct str body, struct str *out)
{
	bool little = str_starts(body, STR("\xFF\xFE")), wide = little || str_starts(body, STR("\xFE\xFF"));
	if (wide) {
		const char *wrong = from_utf16(mem, str_from(body, 2), !little, out);
		if (wrong)
			return wrong;
	} else {
		*out = str_starts(body, STR("\xEF\xBB\xBF")) ? str_from(body, 3) : body;
		if (!str_is_utf8(*out))
			return "it is not UTF-8 (or UTF-16 with a byte order mark)";
	}
	if (str_has(*out, '\0'))
		return "a NUL is inside";
	struct str declared = declared_encoding(*out);
	if (!declared.ptr || str_starts_nocase(declared, wide ? STR("utf-16") : STR("utf-8")) ||
		(!wide && str_eq_nocase(declared, STR("us-ascii"))))
		return NULL;
	return "the declared encoding is not UTF-8, or is not the one that is used";
}

/* ---- tags ---- */

/* After a construct that ends in `end`, or the end of the text (libxml2 reports what is open). */
static size_t skip_to(struct str text, size_t at, struct str end)
{
	size_t found = str_find(str_from(text, at), end);
	return found == SIZE_MAX ? text.len : at + found + end.len;
}

/* From '<' to after '>'. A '>' inside quotes is data (XML 1.0 §2.4). */
static const char *scan_tag(struct str text, size_t *at, unsigned *depth)
{
	size_t start = *at, i = start + 1;
	unsigned attributes = 0;
	char quote = 0;

	for (; i < text.len && (quote || text.ptr[i] != '>'); i++) {
		char c = text.ptr[i];
		if (i - start >= XML_TAG_MAX)
			return "a tag is longer than 4096 octets";
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '=' && ++attributes > XML_ATTRIBUTES_MAX)
			return "a tag has more than 64 attributes";
	}
	*at = i + 1;
	if (text.ptr[start + 1] == '/')
		*depth -= *depth > 0;
	else if (text.ptr[i - 1] != '/' && ++*depth > XML_DEPTH_MAX)
		return "elements are nested more than 32 deep";
	return NULL;
}

const char *xml_scan_tags(struct str text, size_t *at_out)
{
	unsigned depth = 0;
	size_t at = 0;
	const char *wrong = NULL;

	while (!wrong && at < text.len) {
		const char *open = memchr(text.ptr + at, '<', text.len - at);
		if (!open)
			break;
		at = (size_t)(open - text.ptr);
		*at_out = at;
		struct str rest = str_from(text, at);
		if (str_starts(rest, STR("<!--")))
			at = skip_to(text, at + 4, STR("-->"));
		else if (str_starts(rest, STR("<![CDATA[")))
			at = skip_to(text, at + 9, STR("]]>"));
		else if (str_starts(rest, STR("<!")))
			wrong = "a document type or other declaration is not accepted";
		else if (str_starts(rest, STR("<?")))
			at = skip_to(text, at + 2, STR("?>"));
		else if (rest.len == 1)
			break;
		else
			wrong = scan_tag(text, &at, &depth);
	}
	return wrong;
}
