/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that carries its length. A `struct str` goes by value and only borrows; `ptr == NULL` is absent, which is not
 * empty. Bytes from the network are no `char *` until a C library asks for one (str_c).
 */
#pragma once

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "server/base/arena.h"

struct str {
	const char *ptr;
	size_t len;
};

/* Octets that are not text: hashes, tags, sealed secrets (bytea in the database). */
struct bytes {
	const uint8_t *ptr;
	size_t len;
};

struct str_list {
	const struct str *items;
	size_t count;
};

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

/* A literal as a str, in code and in static tables. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_INIT(literal)                                                                                              \
	{                                                                                                              \
		"" literal, sizeof(literal) - 1                                                                        \
	}
#define STR_ABSENT ((struct str){ NULL, 0 })
/* printf("%.*s", STR_ARG(s)): all of it, since it goes into data, too. What people are told is cut where it is made
 * (err.c). */
#define STR_ARG(s) (int)((s).len > INT_MAX ? INT_MAX : (s).len), ((s).ptr ? (s).ptr : "")

/* NULL gives absent. */
static inline struct str str_of(const char *c_string)
{
	return (struct str){ c_string, c_string ? strlen(c_string) : 0 };
}

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
	return (struct bytes){ ptr, len };
}
/* The same octets as text, borrowed. */
static inline struct str bytes_str(struct bytes b)
{
	return (struct str){ (const char *)b.ptr, b.len };
}

/* Absent equals only absent. */
static inline bool str_eq(struct str a, struct str b)
{
	if (!a.ptr || !b.ptr)
		return !a.ptr && !b.ptr;
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
int str_cmp(struct str a, struct str b); /* by octets, for sorting */
bool str_has(struct str s, char c);
/* Where `needle` begins in s, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);

/* [start, end), clamped. */
static inline struct str str_sub(struct str s, size_t start, size_t end)
{
	if (end > s.len)
		end = s.len;
	if (start > end)
		start = end;
	return s.ptr ? (struct str){ s.ptr + start, end - start } : s;
}

/* s without its first `start` octets. */
static inline struct str str_from(struct str s, size_t start)
{
	return str_sub(s, start, s.len);
}

struct str str_trim(struct str s, const char *set); /* without octets of `set` at both ends */
#define STR_BLANK " \t\r\n"

/*
 * Cut `rest` at the first `at`: head is what stands before it, rest what stands after. Without `at`, head is all and
 * rest becomes absent. False when rest was absent. Loop: while (str_cut(&rest, '/', &head)).
 */
bool str_cut(struct str *rest, char at, struct str *head);

/* A C string in `mem`, or NULL if a NUL is inside or s is absent. */
const char *str_c(struct arena *mem, struct str s);
struct str str_dup(struct arena *mem, struct str s);
struct str str_lower(struct arena *mem, struct str s); /* ASCII */
struct str str_upper(struct arena *mem, struct str s); /* ASCII */
struct str str_cat(struct arena *mem, struct str a, struct str b);

__attribute__((format(printf, 2, 3))) struct str str_fmt(struct arena *mem, const char *format, ...);
__attribute__((format(printf, 2, 0))) struct str str_vfmt(struct arena *mem, const char *format, va_list args);

/* Decimal digits only, no sign, within [0, max]; false otherwise. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out);

/* Well-formed UTF-8 without surrogates and overlong forms (RFC 3629). NUL counts as text here. */
bool str_is_utf8(struct str s);
bool str_is_ascii(struct str s);

/* Its beginning of at most so many octets, of whole characters where it is UTF-8. */
struct str str_beginning(struct str s, size_t max);

/* Its first character, whole where it is UTF-8; empty of an empty text. */
struct str str_first_char(struct str s);

/* Same length and octets, in a time that depends on the length alone. For MACs and CSRF tokens. */
bool bytes_same(struct bytes a, struct bytes b);

int char_hex(char c); /* 0..15, or -1 */
static inline char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool char_is_alpha(char c)
{
	char l = char_lower(c);
	return l >= 'a' && l <= 'z';
}

struct str hex_of(struct arena *mem, struct bytes b);
struct str base64url_of(struct arena *mem, struct bytes b); /* no padding (RFC 7515 §2) */
struct str base64_of(struct arena *mem, struct bytes b);
/* Strict decoders: false on a foreign octet, bad length or stray bits. base64_to takes standard alphabet with padding.
 */
bool hex_to(struct arena *mem, struct str s, struct bytes *out);
bool base64_to(struct arena *mem, struct str s, struct bytes *out);
bool base64url_to(struct arena *mem, struct str s, struct bytes *out);
