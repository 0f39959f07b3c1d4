/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json_scan.h"

#include <string.h>

#include "server/data/json.h"

static bool wrong(struct json_scan *scan, const char *what)
{
	scan->wrong = what;
	return false;
}

char json_peek(struct json_scan *scan)
{
	while (scan->at < scan->end && *scan->at && strchr(" \t\r\n", *scan->at))
		scan->at++;
	return scan->at < scan->end ? *scan->at : '\0';
}

bool json_take(struct json_scan *scan, char c)
{
	if (json_peek(scan) != c || scan->at == scan->end)
		return false;
	scan->at++;
	return true;
}

/* ---- judging ---- */

static int hex4(const char *at, const char *end)
{
	int value = 0;
	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = char_hex(at[i]);
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool is_high(int unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Behind "\u". A surrogate must have its other half, since UTF-8 cannot say half a character (RFC 3629 §3). */
static bool scan_unicode_escape(struct json_scan *scan)
{
	int unit = hex4(scan->at, scan->end);
	if (unit < 0)
		return wrong(scan, "\\u needs four hex digits");
	if (unit == 0)
		return wrong(scan, "\\u0000 is not accepted");
	scan->at += 4;
	if (is_high(unit)) {
		if (scan->end - scan->at < 6 || scan->at[0] != '\\' || scan->at[1] != 'u' ||
			!is_low(hex4(scan->at + 2, scan->end)))
			return wrong(scan, "half a surrogate pair");
		scan->at += 6;
	} else if (is_low(unit)) {
		return wrong(scan, "half a surrogate pair");
	}
	return true;
}

static bool scan_string(struct json_scan *scan)
{
	scan->at++;
	while (scan->at < scan->end) {
		unsigned char c = (unsigned char)*scan->at;
		if (c < 0x20)
			return wrong(scan, "a control character inside a string");
		scan->at++;
		if (c == '"')
			return true;
		if (c != '\\')
			continue;
		if (scan->at == scan->end)
			break;
		char escape = *scan->at++;
		if (escape == 'u') {
			if (!scan_unicode_escape(scan))
				return false;
		} else if (!escape || !strchr("\"\\/bfnrt", escape)) {
			return wrong(scan, "an unknown escape inside a string");
		}
	}
	return wrong(scan, "the text ends inside a string");
}

static size_t scan_digits(struct json_scan *scan)
{
	const char *start = scan->at;
	while (scan->at < scan->end && char_is_digit(*scan->at))
		scan->at++;
	return (size_t)(scan->at - start);
}

static bool scan_number(struct json_scan *scan)
{
	if (*scan->at == '-')
		scan->at++;
	const char *first = scan->at;
	size_t digits = scan_digits(scan);
	if (!digits || (*first == '0' && digits > 1))
		return wrong(scan, "a number is ill-formed");
	if (scan->at < scan->end && *scan->at == '.') {
		scan->at++;
		if (!scan_digits(scan))
			return wrong(scan, "a number is ill-formed");
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
		scan->at++;
		if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
			scan->at++;
		if (!scan_digits(scan))
			return wrong(scan, "a number is ill-formed");
	}
	return true;
}

static bool scan_word(struct json_scan *scan)
{
	static const struct str words[] = { STR_INIT("true"), STR_INIT("false"), STR_INIT("null") };
	struct str rest = { scan->at, (size_t)(scan->end - scan->at) };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(rest, words[i])) {
			scan->at += words[i].len;
			return true;
		}
	return wrong(scan, "no value stands where one must");
}

static bool scan_value(struct json_scan *scan, unsigned depth);

static bool scan_member(struct json_scan *scan, unsigned depth)
{
	if (json_peek(scan) != '"')
		return wrong(scan, "a name in quotes must stand here");
	if (!scan_string(scan))
		return false;
	if (!json_take(scan, ':'))
		return wrong(scan, "':' must stand here");
	return scan_value(scan, depth);
}

/* Behind the opening bracket. */
static bool scan_members(struct json_scan *scan, char close, unsigned depth)
{
	if (depth > JSON_DEPTH_MAX)
		return wrong(scan, "it is nested too deeply");
	if (json_take(scan, close))
		return true;
	do {
		if (!(close == '}' ? scan_member(scan, depth) : scan_value(scan, depth)))
			return false;
	} while (json_take(scan, ','));
	return json_take(scan, close) ||
	       wrong(scan, close == '}' ? "',' or '}' must stand here" : "',' or ']' must stand here");
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool scan_value(struct json_scan *scan, unsigned depth)
{
	char c = json_peek(scan);
	if (json_take(scan, '{'))
		return scan_members(scan, '}', depth + 1);
	if (json_take(scan, '['))
		return scan_members(scan, ']', depth + 1);
	if (c == '"')
		return scan_string(scan);
	if (c == '-' || char_is_digit(c))
		return scan_number(scan);
	return scan_word(scan);
}

bool json_scan_text(struct json_scan *scan, struct str text)
{
	*scan = (struct json_scan){ .at = text.ptr ? text.ptr : "", .end = text.ptr ? text.ptr + text.len : "" };
	if (!str_is_utf8(text))
		return wrong(scan, "it is not UTF-8");
	if (json_peek(scan) != '{')
		return wrong(scan, "an object must stand here");
	if (!scan_value(scan, 0))
		return false;
	json_peek(scan);
	return scan->at == scan->end || wrong(scan, "something follows the object");
}

/* ---- taking ---- */

static size_t put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

static size_t take_escape(struct json_scan *scan, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char escape = *scan->at++;
	if (escape != 'u') {
		*out = to[strchr(from, escape) - from];
		return 1;
	}
	unsigned c = (unsigned)hex4(scan->at, scan->end);
	scan->at += 4;
	if (is_high((int)c)) {
		unsigned low = (unsigned)hex4(scan->at + 2, scan->end);
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		scan->at += 6;
	}
	return put_utf8(out, c);
}

struct str json_take_string(struct json_scan *scan, struct arena *mem)
{
	json_take(scan, '"');
	const char *start = scan->at;
	bool escaped = false;
	for (; *scan->at != '"'; scan->at++)
		if (*scan->at == '\\') {
			escaped = true;
			scan->at++;
		}
	struct str raw = { start, (size_t)(scan->at - start) };
	if (escaped) {
		/* What an escape stands for is never longer than the escape. */
		char *text = arena_take(mem, raw.len, 1);
		size_t len = 0;
		struct json_scan inside = { .at = start, .end = scan->at };
		while (inside.at < inside.end) {
			char c = *inside.at++;
			if (c == '\\')
				len += take_escape(&inside, text + len);
			else
				text[len++] = c;
		}
		raw = (struct str){ text, len };
	}
	scan->at++;
	return raw;
}

struct str json_take_scalar(struct json_scan *scan)
{
	json_peek(scan);
	const char *start = scan->at;
	while (scan->at < scan->end && !strchr(" \t\r\n,]}", *scan->at))
		scan->at++;
	return (struct str){ start, (size_t)(scan->at - start) };
}

void json_skip(struct json_scan *scan)
{
	(void)scan_value(scan, 0);
}
