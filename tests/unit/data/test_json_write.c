/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/json.h"

/* RFC 8259 §7, an octet at a time. */
static struct str expected(struct str text)
{
	struct buf out = buf_new(test_mem, 4096);
	BUF_LIT(&out, "[\"");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		static const char escaped[] = "\"\\\n\r\t", by[] = "\"\\nrt";
		const char *at = c ? strchr(escaped, c) : NULL;
		if (at)
			buf_fmt(&out, "\\%c", by[at - escaped]);
		else if (c < 0x20)
			buf_fmt(&out, "\\u%04x", c);
		else
			buf_char(&out, (char)c);
	}
	BUF_LIT(&out, "\"]");
	return buf_str(&out);
}

static struct str written(struct str text)
{
	struct buf out = buf_new(test_mem, 4096);
	struct json j = json_begin(&out);
	json_array(&j, NULL);
	json_str(&j, NULL, text);
	json_array_end(&j);
	return buf_str(&out);
}

TEST(every_octet_at_every_place_is_escaped_or_stays)
{
	for (size_t len = 1; len <= 20; len++)
		for (size_t at = 0; at < len; at++)
			for (int c = 0; c < 256; c++) {
				char text[20];
				memset(text, 'a' + (int)len, sizeof text);
				text[at] = (char)c;
				assert_str(written((struct str){ text, len }), expected((struct str){ text, len }));
			}
}

TEST(neighbours_do_not_hide_each_other)
{
	static const char octets[] = { 0, 0x1f, 0x20, 0x21, '"', '#', '[', '\\', ']', 0x7f, (char)0x80, (char)0xff,
		'\n' };
	for (size_t first = 0; first < sizeof octets; first++)
		for (size_t second = 0; second < sizeof octets; second++)
			for (size_t at = 0; at < 17; at++) {
				char text[18];
				memset(text, 'z', sizeof text);
				text[at] = octets[first];
				text[at + 1] = octets[second];
				assert_str(written((struct str){ text, sizeof text }),
					expected((struct str){ text, sizeof text }));
			}
}

TEST(nothing_is_two_quotes)
{
	assert_str(written(STR("")), STR("[\"\"]"));
	assert_str(written(STR_ABSENT), STR("[null]"));
}

TESTS(RUN(every_octet_at_every_place_is_escaped_or_stays), RUN(neighbours_do_not_hide_each_other),
	RUN(nothing_is_two_quotes))
