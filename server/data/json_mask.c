/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json_mask.h"

#include <string.h>

#include "server/base/buf.h"

#define CLASS_MAX 16 /* octets of one class with its count */

static const char hexadecimal[] = "[0-9A-Fa-f]", decimal[] = "[0-9]";

/* What a character of a mask stands for, as a class of a regular expression; NULL for itself. */
static const char *class_of(char c)
{
	switch (c) {
	case 'R':
	case 'G':
	case 'B':
		return hexadecimal;
	case 'H':
	case 'M':
	case 'Y':
	case 'D':
		return decimal;
	default:
		return NULL;
	}
}

static bool fits(char mask, char c)
{
	const char *class = class_of(mask);
	if (class == hexadecimal)
		return char_hex(c) >= 0;
	return class == decimal ? char_is_digit(c) : c == mask;
}

bool json_mask_fits(const char *mask, struct str text)
{
	if (text.len != strlen(mask))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!fits(mask[i], text.ptr[i]))
			return false;
	return true;
}

struct str json_mask_pattern(struct arena *mem, const char *mask)
{
	struct buf out = buf_new(mem, CLASS_MAX * strlen(mask) + sizeof "^$");
	BUF_LIT(&out, "^");
	for (size_t i = 0, run; mask[i]; i += run) {
		const char *class = class_of(mask[i]);
		for (run = 1; class && class_of(mask[i + run]) == class; run++)
			;
		if (class)
			buf_fmt(&out, "%s{%zu}", class, run);
		else
			buf_char(&out, mask[i]);
	}
	BUF_LIT(&out, "$");
	return buf_str(&out);
}
