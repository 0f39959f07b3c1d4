/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/str.h"

#include <stdio.h>
#include <string.h>

int char_hex(char c)
{
	if (char_is_digit(c))
		return c - '0';
	char l = char_lower(c);
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool same_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (char_lower(a[i]) != char_lower(b[i]))
			return false;
	return true;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (!a.ptr || !b.ptr)
		return !a.ptr && !b.ptr;
	return a.len == b.len && same_nocase(a.ptr, b.ptr, a.len);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.ptr && s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.ptr && s.len >= prefix.len && same_nocase(s.ptr, prefix.ptr, prefix.len);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.ptr && s.len >= suffix.len && memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

int str_cmp(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool str_has(struct str s, char c)
{
	return s.len && memchr(s.ptr, c, s.len);
}

size_t str_find(struct str s, struct str needle)
{
	if (!s.ptr || !needle.ptr)
		return SIZE_MAX;
	const char *at = memmem(s.ptr, s.len, needle.ptr, needle.len);
	return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

struct str str_trim(struct str s, const char *set)
{
	while (s.len && s.ptr[0] && strchr(set, s.ptr[0]))
		s = str_from(s, 1);
	while (s.len && s.ptr[s.len - 1] && strchr(set, s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool str_cut(struct str *rest, char at, struct str *head)
{
	if (!rest->ptr)
		return false;
	const char *cut = rest->len ? memchr(rest->ptr, at, rest->len) : NULL;
	if (!cut) {
		*head = *rest;
		*rest = STR_ABSENT;
		return true;
	}
	size_t len = (size_t)(cut - rest->ptr);
	*head = (struct str){ rest->ptr, len };
	*rest = (struct str){ cut + 1, rest->len - len - 1 };
	return true;
}

const char *str_c(struct arena *mem, struct str s)
{
	if (!s.ptr || str_has(s, '\0'))
		return NULL;
	return str_dup(mem, s).ptr;
}

/* Always followed by a NUL, which is not counted: debuggers and str_c like it. */
struct str str_dup(struct arena *mem, struct str s)
{
	if (!s.ptr)
		return s;
	char *copy = arena_take(mem, s.len + 1, 1);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (struct str){ copy, s.len };
}

struct str str_lower(struct arena *mem, struct str s)
{
	if (!s.ptr)
		return s;
	char *copy = arena_take(mem, s.len + 1, 1);
	for (size_t i = 0; i < s.len; i++)
		copy[i] = char_lower(s.ptr[i]);
	return (struct str){ copy, s.len };
}

struct str str_upper(struct arena *mem, struct str s)
{
	if (!s.ptr)
		return s;
	char *copy = arena_take(mem, s.len + 1, 1);
	for (size_t i = 0; i < s.len; i++)
		copy[i] = s.ptr[i] >= 'a' && s.ptr[i] <= 'z' ? (char)(s.ptr[i] - 'a' + 'A') : s.ptr[i];
	return (struct str){ copy, s.len };
}

struct str str_cat(struct arena *mem, struct str a, struct str b)
{
	char *both = arena_take(mem, a.len + b.len + 1, 1);
	if (a.len)
		memcpy(both, a.ptr, a.len);
	if (b.len)
		memcpy(both + a.len, b.ptr, b.len);
	return (struct str){ both, a.len + b.len };
}

struct str str_beginning(struct str s, size_t max)
{
	size_t len = s.len < max ? s.len : max;
	while (len > 0 && len < s.len && ((unsigned char)s.ptr[len] & 0xC0) == 0x80)
		len--;
	return (struct str){ s.ptr, len };
}

struct str str_first_char(struct str s)
{
	size_t len = s.len > 0;
	while (len < s.len && ((unsigned char)s.ptr[len] & 0xC0) == 0x80)
		len++;
	return (struct str){ s.ptr, len };
}

struct str str_vfmt(struct arena *mem, const char *format, va_list args)
{
	char brief[256]; /* as most are: then it is formatted once */
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(brief, sizeof brief, format, args);
	size_t size = len < 0 ? 1 : (size_t)len + 1;
	char *text = arena_take(mem, size, 1);
	if (size <= sizeof brief)
		memcpy(text, brief, size - 1);
	else
		vsnprintf(text, size, format, again);
	va_end(again);
	text[size - 1] = 0;
	return (struct str){ text, size - 1 };
}

struct str str_fmt(struct arena *mem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct str s = str_vfmt(mem, format, args);
	va_end(args);
	return s;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (s.len == 0 || s.len > 20)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!char_is_digit(s.ptr[i]))
			return false;
		uint64_t digit = (uint64_t)(s.ptr[i] - '0');
		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

/* Octets of a sequence that begins with `lead`, and the bounds of its second octet (RFC 3629 §4). */
static size_t utf8_shape(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xBF;
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF) {
		if (lead == 0xE0)
			*low = 0xA0;
		if (lead == 0xED)
			*high = 0x9F;
		return 3;
	}
	if (lead >= 0xF0 && lead <= 0xF4) {
		if (lead == 0xF0)
			*low = 0x90;
		if (lead == 0xF4)
			*high = 0x8F;
		return 4;
	}
	return 0;
}

bool str_is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

bool str_is_utf8(struct str s)
{
	const unsigned char *at = (const unsigned char *)s.ptr;
	size_t i = 0;
	while (i < s.len) {
		unsigned char low, high;
		size_t size = utf8_shape(at[i], &low, &high);
		if (size == 0 || size > s.len - i)
			return false;
		if (size > 1 && (at[i + 1] < low || at[i + 1] > high))
			return false;
		for (size_t k = 2; k < size; k++)
			if (at[i + k] < 0x80 || at[i + k] > 0xBF)
				return false;
		i += size;
	}
	return true;
}

bool bytes_same(struct bytes a, struct bytes b)
{
	if (!a.ptr || !b.ptr || a.len != b.len)
		return false;
	volatile uint8_t differ = 0;
	for (size_t i = 0; i < a.len; i++)
		differ = (uint8_t)(differ | (a.ptr[i] ^ b.ptr[i]));
	return differ == 0;
}

struct str hex_of(struct arena *mem, struct bytes b)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_take(mem, b.len * 2 + 1, 1);
	for (size_t i = 0; i < b.len; i++) {
		text[i * 2] = digits[b.ptr[i] >> 4];
		text[i * 2 + 1] = digits[b.ptr[i] & 15];
	}
	return (struct str){ text, b.len * 2 };
}

bool hex_to(struct arena *mem, struct str s, struct bytes *out)
{
	if (!s.ptr || s.len % 2)
		return false;
	uint8_t *octets = arena_take(mem, s.len / 2 + 1, 1);
	for (size_t i = 0; i < s.len; i += 2) {
		int high = char_hex(s.ptr[i]), low = char_hex(s.ptr[i + 1]);
		if (high < 0 || low < 0)
			return false;
		octets[i / 2] = (uint8_t)(high << 4 | low);
	}
	*out = bytes_of(octets, s.len / 2);
	return true;
}

#define BASE64_COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static size_t base64_encode(char *text, struct bytes b, const char *alphabet)
{
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < b.len; i++) {
		bits = bits << 8 | b.ptr[i];
		for (have += 8; have >= 6; have -= 6)
			text[n++] = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		text[n++] = alphabet[bits << (6 - have) & 63];
	return n;
}

struct str base64url_of(struct arena *mem, struct bytes b)
{
	char *text = arena_take(mem, b.len / 3 * 4 + 5, 1);
	return (struct str){ text, base64_encode(text, b, BASE64_COMMON "-_") };
}

struct str base64_of(struct arena *mem, struct bytes b)
{
	char *text = arena_take(mem, b.len / 3 * 4 + 5, 1);
	size_t n = base64_encode(text, b, BASE64_COMMON "+/");
	while (n % 4)
		text[n++] = '=';
	return (struct str){ text, n };
}

/* What each character stands for and one more; 0: it is not of the alphabet. */
#define BASE64_VALUES(c62, c63)                                                                                        \
	{                                                                                                              \
		['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8, ['I'] = 9,     \
		['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17,        \
		['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25,        \
		['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33,        \
		['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41,        \
		['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,        \
		['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57,        \
		['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, [c62] = 63, [c63] = 64                     \
	}
static const uint8_t base64url_values[256] = BASE64_VALUES('-', '_');
static const uint8_t base64_values[256] = BASE64_VALUES('+', '/');

static bool base64_decode(struct arena *mem, struct str s, const uint8_t values[256], struct bytes *out)
{
	uint8_t *octets = arena_take(mem, s.len * 3 / 4 + 1, 1);
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;
	if (s.len % 4 == 1)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned value = values[(unsigned char)s.ptr[i]];
		if (!value)
			return false;
		bits = bits << 6 | (value - 1);
		have += 6;
		if (have >= 8) {
			have -= 8;
			octets[n++] = (uint8_t)(bits >> have & 255);
		}
	}
	if (bits & ((1U << have) - 1)) /* stray bits: two spellings of one value */
		return false;
	*out = bytes_of(octets, n);
	return true;
}

bool base64url_to(struct arena *mem, struct str s, struct bytes *out)
{
	return s.ptr && base64_decode(mem, s, base64url_values, out);
}

bool base64_to(struct arena *mem, struct str s, struct bytes *out)
{
	if (!s.ptr || s.len % 4)
		return false;
	size_t padding = 0;
	while (padding < 2 && s.len && s.ptr[s.len - 1] == '=') {
		s.len--;
		padding++;
	}
	return base64_decode(mem, s, base64_values, out);
}
