/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/label.h"

/* Code points that hide or reorder what stands around them: C0, DEL, C1, separators, direction marks, BOM. */
static const struct {
	uint32_t first, last;
} forbidden[] = {
	{ 0x0000, 0x001F },
	{ 0x007F, 0x009F },
	{ 0x061C, 0x061C },
	{ 0x200E, 0x200F },
	{ 0x2028, 0x202E },
	{ 0x2066, 0x2069 },
	{ 0xFEFF, 0xFEFF },
};

/* The next code point of well-formed UTF-8. */
static uint32_t next_char(struct str *rest)
{
	const uint8_t *p = (const uint8_t *)rest->ptr;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t c = len == 1 ? p[0] : p[0] & (0xFFU >> (len + 1));
	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3FU);
	*rest = str_from(*rest, len);
	return c;
}

err_t label_clean(struct ctx *cx, const char *param, struct str text, struct str *out)
{
	struct str label = str_trim(text, STR_BLANK), rest = label;
	if (label.len == 0)
		return REFUSE(cx, MISSING_FIELD, param, "A name is needed.");
	if (!str_is_utf8(label))
		return REFUSE(cx, INVALID_VALUE, param, "The name is not UTF-8.");
	size_t count = 0;
	for (; rest.len > 0; count++) {
		uint32_t c = next_char(&rest);
		for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
			if (c >= forbidden[i].first && c <= forbidden[i].last)
				return REFUSE(cx, INVALID_VALUE, param,
					"The name holds a control or direction character (U+%04X).", (unsigned)c);
	}
	if (count > LABEL_MAX)
		return REFUSE(cx, INVALID_VALUE, param, "The name is longer than %d characters.", LABEL_MAX);
	*out = label;
	return OK;
}
