/* SPDX-License-Identifier: Apache-2.0 */
#include "server/picture/picture.h"

#include <stdatomic.h>

#include <webp/encode.h>

#include "server/picture/decode.h"

#define AT_ONCE 2 /* pictures that are decoded at the same time: each may take 64 MiB and more */
#define QUALITY 85

struct rgba {
	uint8_t r, g, b, a;
};

struct square {
	struct rgba *pixels;
	int side;
};

/* The mean of a rectangle, each pixel as much as it covers. */
static struct rgba mean(const struct pixels *in, int left, int top, int right, int bottom)
{
	uint64_t sum[4] = { 0 }, count = 0;
	for (int y = top; y < bottom; y++) {
		for (int x = left; x < right; x++) {
			const uint8_t *p = in->rgba + 4 * ((size_t)y * (size_t)in->width + (size_t)x);
			for (int i = 0; i < 3; i++)
				sum[i] += (uint64_t)p[i] * p[3];
			sum[3] += p[3];
			count++;
		}
	}
	uint64_t alpha = sum[3] ? sum[3] : 1;
	return (struct rgba){ (uint8_t)(sum[0] / alpha), (uint8_t)(sum[1] / alpha), (uint8_t)(sum[2] / alpha),
		(uint8_t)(sum[3] / count) };
}

/* Where a pixel of the upright picture stands in the one that is not (Exif's orientation). */
static void turned(int orientation, int last, int x, int y, int *from_x, int *from_y)
{
	bool across = orientation >= 5; /* rows are columns */
	bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
	bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
	int column = across ? y : x, row = across ? x : y;
	*from_x = flip_x ? last - column : column;
	*from_y = flip_y ? last - row : row;
}

/* The square in its middle, in PICTURE_SIDE pixels or as many as it has. */
static struct square cut(struct arena *mem, const struct pixels *in)
{
	int whole = in->width < in->height ? in->width : in->height;
	int side = whole < PICTURE_SIDE ? whole : PICTURE_SIDE;
	int left = (in->width - whole) / 2, top = (in->height - whole) / 2;
	struct square out = { arena_array(mem, struct rgba, (size_t)side * (size_t)side), side };
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			int u, v;
			turned(in->orientation, side - 1, x, y, &u, &v);
			out.pixels[y * side + x] = mean(in, left + u * whole / side, top + v * whole / side,
				left + (u + 1) * whole / side, top + (v + 1) * whole / side);
		}
	}
	return out;
}

static err_t encode(struct ctx *cx, const struct square *square, struct bytes *out)
{
	uint8_t *made = NULL;
	size_t size = WebPEncodeRGBA(
		(const uint8_t *)square->pixels, square->side, square->side, 4 * square->side, QUALITY, &made);
	if (!size || size > PICTURE_MADE_MAX) {
		WebPFree(made);
		return FAIL(cx, INTERNAL, "a picture of %zu octets", size);
	}
	struct str copy = str_dup(cx->mem, (struct str){ (const char *)made, size });
	WebPFree(made);
	*out = bytes_of(copy.ptr, copy.len);
	return OK;
}

static err_t make(struct ctx *cx, struct str file, struct bytes *out)
{
	struct pixels pixels;
	TRY(picture_decode(cx, file, PICTURE_SIDE, &pixels));
	struct square square = cut(cx->mem, &pixels);
	return encode(cx, &square, out);
}

err_t picture_make(struct ctx *cx, struct str file, struct bytes *out)
{
	static atomic_int under_way;
	err_t e;
	if (!file.len)
		return REFUSE(cx, INVALID_VALUE, "picture", "This file is empty.");
	if (atomic_fetch_add(&under_way, 1) < AT_ONCE) {
		e = make(cx, file, out);
	} else {
		struct err *busy = FAIL(cx, UNAVAILABLE, "pictures under way");
		busy->retry_after_s = 2;
		e = busy;
	}
	atomic_fetch_sub(&under_way, 1);
	return e;
}
