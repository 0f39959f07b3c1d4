/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/xml.h"

#include <assert.h>

/* Only these octets can need something; all others are copied in runs. */
/* clang-format off */
static const uint8_t noted[256] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,   1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\''] = 1, [0xEF] = 1,
};
/* clang-format on */

/* What replaces the octets at the front, and how many of them; absent where they stay. */
static struct str replacement(struct str at, bool attribute, size_t *taken)
{
	static const struct str unknown = STR_INIT("\xEF\xBF\xBD");
	assert(at.ptr);
	*taken = 1;
	switch (at.ptr[0]) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '\r':
		return STR("&#13;");
	case '"':
		return attribute ? STR("&quot;") : STR_ABSENT;
	case '\'':
		return attribute ? STR("&#39;") : STR_ABSENT;
	case '\t':
		return attribute ? STR("&#9;") : STR_ABSENT;
	case '\n':
		return attribute ? STR("&#10;") : STR_ABSENT;
	default:
		break;
	}
	if ((unsigned char)at.ptr[0] < 0x20)
		return unknown;
	*taken = 3;
	if (str_starts(at, STR("\xEF\xBF\xBE")) || str_starts(at, STR("\xEF\xBF\xBF")))
		return unknown;
	*taken = 1;
	return STR_ABSENT;
}

static void escape(struct buf *out, struct str text, bool attribute)
{
	size_t copied = 0, taken = 1;
	for (size_t i = 0; i < text.len; i += taken) {
		taken = 1;
		if (!noted[(unsigned char)text.ptr[i]])
			continue;
		struct str instead = replacement(str_from(text, i), attribute, &taken);
		if (instead.ptr) {
			buf_add(out, str_sub(text, copied, i));
			buf_add(out, instead);
			copied = i + taken;
		}
	}
	buf_add(out, str_from(text, copied));
}

void xml_escape(struct buf *out, struct str text)
{
	escape(out, text, false);
}

void xml_escape_attribute(struct buf *out, struct str text)
{
	escape(out, text, true);
}
