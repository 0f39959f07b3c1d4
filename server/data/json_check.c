/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json_check.h"

#include <assert.h>
#include <string.h>

#define EXACT_DIGITS 15 /* any decimal of so many digits has a double of its own */
#define SAFE_EXPONENT_DIGITS 2
#define SAFE_INTEGER UINT64_C(9007199254740991) /* 2^53 - 1 */

struct check {
	struct arena *mem;
	const char *at, *end;
	const char *wrong;
	size_t values;
	uint32_t numbers;
	uint32_t *inexact;
	size_t inexact_count, inexact_cap;
};

static bool wrong(struct check *c, const char *what)
{
	c->wrong = what;
	return false;
}

/* The next octet that is no blank; NUL at the end, where no NUL can stand that was accepted. */
static char peek(struct check *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n'))
		c->at++;
	return c->at < c->end ? *c->at : '\0';
}

static bool take(struct check *c, char expected)
{
	if (peek(c) != expected || c->at == c->end)
		return false;
	c->at++;
	return true;
}

/* ---- strings ---- */

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

/* After "\u". A surrogate must have its other half, since UTF-8 cannot say half a character (RFC 3629 §3). */
static bool check_unicode_escape(struct check *c)
{
	int unit = hex4(c->at, c->end);
	if (unit < 0)
		return wrong(c, "\\u needs four hex digits");
	if (unit == 0)
		return wrong(c, "\\u0000 is not accepted");
	c->at += 4;
	if (is_high(unit)) {
		if (c->end - c->at < 6 || c->at[0] != '\\' || c->at[1] != 'u' || !is_low(hex4(c->at + 2, c->end)))
			return wrong(c, "half a surrogate pair");
		c->at += 6;
	} else if (is_low(unit)) {
		return wrong(c, "half a surrogate pair");
	}
	return true;
}

static bool check_string(struct check *c)
{
	c->at++;
	while (c->at < c->end) {
		unsigned char octet = (unsigned char)*c->at;
		if (octet < 0x20)
			return wrong(c, "a control character inside a string");
		c->at++;
		if (octet == '"')
			return true;
		if (octet != '\\')
			continue;
		if (c->at == c->end)
			break;
		char escape = *c->at++;
		if (escape == 'u') {
			if (!check_unicode_escape(c))
				return false;
		} else if (!escape || !strchr("\"\\/bfnrt", escape)) {
			return wrong(c, "an unknown escape inside a string");
		}
	}
	return wrong(c, "the text ends inside a string");
}

/* ---- numbers ---- */

static struct str take_digits(struct check *c)
{
	const char *start = c->at;
	while (c->at < c->end && char_is_digit(*c->at))
		c->at++;
	return (struct str){ start, (size_t)(c->at - start) };
}

/* Digits from the first to the last that is not 0, over the point. */
static size_t significant_digits(struct str whole, struct str fraction)
{
	size_t count = 0, last = 0;
	bool begun = false;
	for (size_t i = 0; i < whole.len + fraction.len; i++) {
		char digit = i < whole.len ? whole.ptr[i] : fraction.ptr[i - whole.len];
		begun = begun || digit != '0';
		count += begun;
		if (digit != '0')
			last = count;
	}
	return last;
}

static void note_inexact(struct check *c)
{
	if (c->inexact_count == c->inexact_cap) {
		size_t cap = c->inexact_cap ? c->inexact_cap * 2 : 16;
		c->inexact =
			arena_grow(c->mem, c->inexact, c->inexact_cap * sizeof *c->inexact, cap * sizeof *c->inexact);
		c->inexact_cap = cap;
	}
	c->inexact[c->inexact_count++] = c->numbers;
}

static bool is_inexact(struct str whole, struct str fraction, struct str exponent)
{
	uint64_t value;
	if (fraction.ptr || exponent.ptr)
		return exponent.len > SAFE_EXPONENT_DIGITS || significant_digits(whole, fraction) > EXACT_DIGITS;
	return !str_to_u64(whole, SAFE_INTEGER, &value);
}

static bool check_number(struct check *c)
{
	const char *start = c->at;
	struct str whole, fraction = STR_ABSENT, exponent = STR_ABSENT;
	if (*c->at == '-')
		c->at++;
	whole = take_digits(c);
	if (!whole.len || (whole.ptr[0] == '0' && whole.len > 1))
		return wrong(c, "a number is ill-formed");
	if (c->at < c->end && *c->at == '.') {
		c->at++;
		fraction = take_digits(c);
		if (!fraction.len)
			return wrong(c, "a number is ill-formed");
	}
	if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
		c->at++;
		if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
			c->at++;
		exponent = take_digits(c);
		if (!exponent.len)
			return wrong(c, "a number is ill-formed");
	}
	if (c->at - start > JSON_NUMBER_MAX)
		return wrong(c, "a number is too long");
	if (is_inexact(whole, fraction, exponent))
		note_inexact(c);
	c->numbers++;
	return true;
}

/* ---- values ---- */

static bool check_word(struct check *c)
{
	static const struct str words[] = { STR_INIT("true"), STR_INIT("false"), STR_INIT("null") };
	struct str rest = { c->at, (size_t)(c->end - c->at) };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(rest, words[i])) {
			c->at += words[i].len;
			return true;
		}
	return wrong(c, "no value stands where one must");
}

static bool check_value(struct check *c, unsigned depth);

static bool check_member(struct check *c, unsigned depth)
{
	if (peek(c) != '"')
		return wrong(c, "a name in quotes must stand here");
	if (!check_string(c))
		return false;
	if (!take(c, ':'))
		return wrong(c, "':' must stand here");
	return check_value(c, depth);
}

/* After the opening bracket. */
static bool check_members(struct check *c, char close, unsigned depth)
{
	if (depth > JSON_DEPTH_MAX)
		return wrong(c, "it is nested too deeply");
	if (take(c, close))
		return true;
	do {
		if (!(close == '}' ? check_member(c, depth) : check_value(c, depth)))
			return false;
	} while (take(c, ','));
	return take(c, close) || wrong(c, close == '}' ? "',' or '}' must stand here" : "',' or ']' must stand here");
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool check_value(struct check *c, unsigned depth)
{
	char first = peek(c);
	if (++c->values > JSON_VALUES_MAX)
		return wrong(c, "it holds too many values");
	if (take(c, '{'))
		return check_members(c, '}', depth + 1);
	if (take(c, '['))
		return check_members(c, ']', depth + 1);
	if (first == '"')
		return check_string(c);
	if (first == '-' || char_is_digit(first))
		return check_number(c);
	return check_word(c);
}

static bool check_text(struct check *c, struct str text)
{
	if (text.len > JSON_TEXT_MAX)
		return wrong(c, "it is too long");
	if (!str_is_utf8(text))
		return wrong(c, "it is not UTF-8");
	if (peek(c) != '{')
		return wrong(c, "an object must stand here");
	if (!check_value(c, 0))
		return false;
	peek(c);
	return c->at == c->end || wrong(c, "something follows the object");
}

bool json_check(struct arena *mem, struct str text, struct json_checked *out)
{
	const char *start = text.ptr ? text.ptr : "";
	struct check c = { .mem = mem, .at = start, .end = start + text.len };
	bool good = check_text(&c, text);
	assert(good == !c.wrong);
	*out = (struct json_checked){ c.wrong, (size_t)(c.at - start), c.inexact, c.inexact_count };
	return good;
}
