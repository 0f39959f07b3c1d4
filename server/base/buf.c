/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/buf.h"

#include <stdio.h>
#include <string.h>

struct buf buf_new(struct arena *mem, size_t max)
{
	return (struct buf){ .mem = mem, .max = max };
}

/* One octet more than `cap` is there: for the NUL of vsnprintf, which is nobody's. So sizes are powers of two, or `max`
 * and one. */
char *buf_space_slow(struct buf *b, size_t size)
{
	if (b->full || size > b->max - b->len) {
		b->full = true;
		return NULL;
	}
	size_t cap = b->cap ? b->cap : 255;
	do
		cap = 2 * cap + 1;
	while (cap - b->len < size);
	if (cap > b->max)
		cap = b->max;
	b->ptr = arena_grow(b->mem, b->ptr, b->ptr ? b->cap + 1 : 0, cap + 1);
	b->cap = cap;
	char *at = b->ptr + b->len;
	b->len += size;
	return at;
}

void buf_int(struct buf *b, int64_t value)
{
	char digits[21];
	size_t n = sizeof digits;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--n] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (value < 0)
		digits[--n] = '-';
	buf_add(b, (struct str){ digits + n, sizeof digits - n });
}

void buf_fmt(struct buf *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *at = len > 0 ? buf_space(b, (size_t)len) : NULL;
	if (at)
		vsnprintf(at, (size_t)len + 1, format, again);
	va_end(again);
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->ptr ? b->ptr : "", b->len };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
}
