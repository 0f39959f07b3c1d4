/* SPDX-License-Identifier: Apache-2.0 */
/* How a camera was held: one number of the Exif part of a JPEG. */
#include "server/picture/decode.h"

#define ORIENTATION 0x0112
#define ENTRIES_MAX 100

/* Numbers of a TIFF, in the order that it says. */
struct tiff {
	struct str data;
	bool little;
};

static unsigned octet(struct str s, size_t at)
{
	return at < s.len ? (unsigned char)s.ptr[at] : 0;
}

static unsigned number16(const struct tiff *t, size_t at)
{
	unsigned a = octet(t->data, at), b = octet(t->data, at + 1);
	return t->little ? b << 8 | a : a << 8 | b;
}

static size_t number32(const struct tiff *t, size_t at)
{
	size_t a = number16(t, at), b = number16(t, at + 2);
	return t->little ? b << 16 | a : a << 16 | b;
}

static int of_tiff(struct str data)
{
	struct tiff t = { data, str_starts(data, STR("II")) };
	size_t at = number32(&t, 4);
	if (at >= data.len)
		return 1;
	unsigned entries = number16(&t, at);
	for (unsigned i = 0; i < entries && i < ENTRIES_MAX; i++) {
		size_t entry = at + 2 + 12 * (size_t)i;
		if (number16(&t, entry) != ORIENTATION)
			continue;
		unsigned value = number16(&t, entry + 8);
		return value >= 1 && value <= 8 ? (int)value : 1;
	}
	return 1;
}

/* Segments up to the first scan: FF, a kind, and a length that counts itself. */
int jpeg_orientation(struct str file)
{
	size_t at = 2;
	while (at + 4 <= file.len && octet(file, at) == 0xFF && octet(file, at + 1) != 0xDA) {
		size_t length = octet(file, at + 2) << 8 | octet(file, at + 3);
		struct str segment = str_sub(file, at + 4, at + 2 + length);
		if (length < 2)
			return 1;
		if (octet(file, at + 1) == 0xE1 && str_starts(segment, STR("Exif\0\0")))
			return of_tiff(str_from(segment, 6));
		at += 2 + length;
	}
	return 1;
}
