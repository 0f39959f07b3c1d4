/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/opaque_string.h"

#include "server/base/arena.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

static bool is_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] == 0x7F)
			return false;
	return true;
}

/* The FreeformClass of RFC 8264 §4.3, as far as a password needs it: nothing that is no character. */
static bool are_characters(const UChar32 *points, int32_t count)
{
	for (int32_t i = 0; i < count; i++) {
		int8_t type = u_charType(points[i]);
		if (type == U_CONTROL_CHAR || type == U_UNASSIGNED || type == U_SURROGATE)
			return false;
	}
	return true;
}

/* All blanks of Unicode are in the first plane: one unit each. */
static void map_spaces(UChar *text, int32_t len)
{
	for (int32_t i = 0; i < len; i++)
		if (u_charType(text[i]) == U_SPACE_SEPARATOR)
			text[i] = ' ';
}

bool opaque_string(struct arena *mem, struct str text, struct str *out)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t len, count, normal_len, out_len;
	if (!text.len || text.len > OPAQUE_STRING_MAX)
		return false;
	if (is_ascii(text)) {
		*out = text;
		return true;
	}
	/* Normal form C has at most three times the UTF-16 units, and a unit at most three octets (Unicode, UAX 15
	 * §12). */
	size_t units = text.len + 1, normal_units = 3 * units, octets = 3 * normal_units;
	UChar *wide = arena_take(mem, units * sizeof *wide, _Alignof(UChar));
	UChar32 *points = arena_take(mem, units * sizeof *points, _Alignof(UChar32));
	UChar *normal = arena_take(mem, normal_units * sizeof *normal, _Alignof(UChar));
	char *narrow = arena_take(mem, octets, 1);
	u_strFromUTF8(wide, (int32_t)units, &len, text.ptr, (int32_t)text.len, &error);
	u_strToUTF32(points, (int32_t)units, &count, wide, len, &error);
	if (U_FAILURE(error) || !are_characters(points, count))
		return false;
	map_spaces(wide, len);
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&error);
	normal_len = unorm2_normalize(nfc, wide, len, normal, (int32_t)normal_units, &error);
	u_strToUTF8(narrow, (int32_t)octets, &out_len, normal, normal_len, &error);
	if (U_FAILURE(error))
		return false;
	*out = (struct str){ narrow, (size_t)out_len };
	return true;
}
