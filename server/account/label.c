/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/label.h"

/*
 * Code points that hide or reorder what stands around them, or are seen as nothing: controls, separators, marks of
 * direction, and what Unicode has as Default_Ignorable_Code_Point. Variation selectors are not here (U+FE00 to FE0F and
 * U+E0100 to E01EF): emoji and Han names are written with them.
 */
static const struct {
	uint32_t first, last;
} forbidden[] = {
	{ 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x00AD, 0x00AD }, /* soft hyphen */
	{ 0x034F, 0x034F },                                         /* grapheme joiner */
	{ 0x061C, 0x061C },                                         /* Arabic letter mark */
	{ 0x115F, 0x1160 },                                         /* Hangul fillers */
	{ 0x17B4, 0x17B5 },                                         /* Khmer inherent vowels */
	{ 0x180B, 0x180F },                                         /* Mongolian selectors and vowel separator */
	{ 0x200B, 0x200B },                                         /* zero width */
	{ 0x200E, 0x200F },                                         /* marks of direction */
	{ 0x2028, 0x202E },                                         /* separators, embeddings, overrides */
	{ 0x2060, 0x206F },                                         /* word joiner, invisible operators, isolates */
	{ 0x3164, 0x3164 },                                         /* Hangul filler */
	{ 0xFEFF, 0xFEFF },                                         /* byte order mark */
	{ 0xFFA0, 0xFFA0 },                                         /* half-width Hangul filler */
	{ 0xFFF0, 0xFFFB },                                         /* unassigned, interlinear annotation */
	{ 0x1BCA0, 0x1BCA3 },                                       /* shorthand controls */
	{ 0x1D173, 0x1D17A },                                       /* musical beams and slurs */
	{ 0xE0000, 0xE00FF },                                       /* tags */
	{ 0xE01F0, 0xE0FFF },                                       /* unassigned */
};

#define NON_JOINER 0x200CU
#define JOINER 0x200DU

/* May a joiner be seen beside it? In scripts that join (Arabic, those of India …) and between emoji, which lie above.
 */
static bool is_joining(uint32_t c)
{
	return c >= 0x0600 && c != NON_JOINER && c != JOINER &&
	       !(c >= 0x1E00 && c <= 0x1FFF); /* more Latin and Greek */
}

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

static err_t not_seen(struct ctx *cx, const char *param, uint32_t c)
{
	return REFUSE(
		cx, INVALID_VALUE, param, "The name holds a character that is not seen there (U+%04X).", (unsigned)c);
}

err_t label_clean(struct ctx *cx, const char *param, struct str text, struct str *out)
{
	struct str label = str_trim(text, STR_BLANK), rest = label;
	if (label.len == 0)
		return REFUSE(cx, MISSING_FIELD, param, "A name is needed.");
	if (!str_is_utf8(label))
		return REFUSE(cx, INVALID_VALUE, param, "The name is not UTF-8.");
	size_t count = 0;
	bool joins = false; /* the one before */
	for (; rest.len > 0; count++) {
		uint32_t c = next_char(&rest);
		struct str after = rest;
		/* Joiners make Persian words and emoji; between letters that do not join they would hide. */
		if ((c == NON_JOINER || c == JOINER) && !(joins && after.len && is_joining(next_char(&after))))
			return not_seen(cx, param, c);
		joins = is_joining(c);
		for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
			if (c >= forbidden[i].first && c <= forbidden[i].last)
				return not_seen(cx, param, c);
	}
	if (count > LABEL_MAX)
		return REFUSE(cx, INVALID_VALUE, param, "The name is longer than %d characters.", LABEL_MAX);
	*out = label;
	return OK;
}

err_t text_clean(struct ctx *cx, const char *param, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
			return REFUSE(cx, INVALID_VALUE, param,
				"The text holds a control character (U+%04X). Lines may end, all others go.", c);
	}
	return str_is_utf8(text) ? OK : REFUSE(cx, INVALID_VALUE, param, "The text is not UTF-8.");
}
