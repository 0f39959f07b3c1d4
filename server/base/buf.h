/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing buffer with a ceiling. Appending past the ceiling writes nothing and sets `full`, which the owner checks
 * once at the end. Its memory comes from an arena.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "server/base/str.h"

struct buf {
	struct arena *mem;
	char *ptr;
	size_t len, cap, max;
	bool full;
};

/* An empty buffer that may grow to `max` octets. */
struct buf buf_new(struct arena *mem, size_t max);

/* `size` octets at the end to be written by the caller, or NULL (and full). They count as written. */
char *buf_space_slow(struct buf *b, size_t size); /* of buf_space: it must grow, or is full */
static inline char *buf_space(struct buf *b, size_t size)
{
	if (b->full || size > b->cap - b->len)
		return buf_space_slow(b, size);
	char *at = b->ptr + b->len;
	b->len += size;
	return at;
}

static inline void buf_add(struct buf *b, struct str s)
{
	char *at = s.len ? buf_space(b, s.len) : NULL;
	if (at)
		memcpy(at, s.ptr, s.len);
}
#define BUF_LIT(b, literal) buf_add((b), STR(literal))

static inline void buf_char(struct buf *b, char c)
{
	char *at = buf_space(b, 1);
	if (at)
		*at = c;
}

void buf_int(struct buf *b, int64_t value);
__attribute__((format(printf, 2, 3))) void buf_fmt(struct buf *b, const char *format, ...);

/* What was written so far; borrowed until the next append. Never absent. */
struct str buf_str(const struct buf *b);
void buf_clear(struct buf *b);
