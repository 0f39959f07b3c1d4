/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/idna.h"

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/utf8.h>

#define OCTETS_MAX ((int32_t)4 * (int32_t)IDNA_HOST_MAX) /* of a name in UTF-8 */

bool idna_host_to_ascii(struct arena *mem, struct str host, struct str *out)
{
	UErrorCode error = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	size_t room = IDNA_HOST_MAX + 1;
	char *text = arena_take(mem, room, 1);
	if (!host.len || host.len > (size_t)OCTETS_MAX)
		return false;
	UIDNA *uts46 = uidna_openUTS46(
		UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII,
		&error);
	int32_t len = uidna_nameToASCII_UTF8(uts46, host.ptr, (int32_t)host.len, text, (int32_t)room, &info, &error);
	uidna_close(uts46);
	if (U_FAILURE(error) || info.errors || len <= 0 || (size_t)len > IDNA_HOST_MAX)
		return false;
	*out = (struct str){ text, (size_t)len };
	return true;
}

static bool is_visible(UChar32 c)
{
	switch (u_charType(c)) {
	case U_UNASSIGNED:
	case U_CONTROL_CHAR:
	case U_FORMAT_CHAR:
	case U_PRIVATE_USE_CHAR:
	case U_SURROGATE:
	case U_SPACE_SEPARATOR:
	case U_LINE_SEPARATOR:
	case U_PARAGRAPH_SEPARATOR:
		return false;
	default:
		return true;
	}
}

bool idna_is_visible(struct str text)
{
	const uint8_t *octets = (const uint8_t *)text.ptr;
	int32_t len = (int32_t)text.len;
	if (text.len > INT32_MAX)
		return false;
	for (int32_t i = 0; i < len;) {
		UChar32 c;
		U8_NEXT(octets, i, len, c);
		if (c < 0 || !is_visible(c))
			return false;
	}
	return text.len > 0;
}
