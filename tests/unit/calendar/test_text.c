/* SPDX-License-Identifier: Apache-2.0 */
/* What is written: escaped texts (RFC 5545 §3.3.11), parameters (RFC 6868) and lines in folds (§3.1). */
#include "tests/support/test.h"

#include "caldav/calendar/ical/ical.h"

static struct str line_of(struct str value)
{
	struct buf out = buf_new(test_mem, 4096);
	ical_line(&out, STR("SUMMARY"), STR(""), value);
	return buf_str(&out);
}

/* Each line but the last has as much as it can: no character of four octets or less would have fitted. */
static void assert_folds(struct str value)
{
	struct str rest = line_of(value), line;
	struct buf whole = buf_new(test_mem, 4096);
	for (bool first = true; str_cut(&rest, '\n', &line) && line.len; first = false) {
		assert_true(line.len <= 76 && str_ends(line, STR("\r")));
		line.len--;
		assert_true(str_is_utf8(line));
		if (rest.len)
			assert_true(line.len > 75 - 4);
		assert_true(first || str_starts(line, STR(" ")));
		buf_add(&whole, first ? line : str_from(line, 1));
	}
	assert_str(buf_str(&whole), str_cat(test_mem, STR("SUMMARY:"), value));
}

TEST(a_fold_cuts_no_character)
{
	static const char *const characters[] = { "x", "\u00fc", "\u65e5", "\U0001F600" };
	for (size_t i = 0; i < ARRAY_LEN(characters); i++)
		for (int before = 0; before < 5; before++) {
			struct buf value = buf_new(test_mem, 2048);
			for (int n = 0; n < before; n++)
				buf_char(&value, 'a');
			for (int n = 0; n < 120; n++)
				buf_add(&value, str_of(characters[i]));
			assert_folds(buf_str(&value));
		}
	for (size_t len = 0; len < 160; len++) {
		struct buf value = buf_new(test_mem, 2048);
		for (size_t n = 0; n < len; n++)
			buf_char(&value, 'a');
		assert_folds(buf_str(&value));
	}
}

TEST(a_text_is_read_as_it_was_written)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
		{ "plain", "plain" },
		{ "a,b;c\\d", "a\\,b\\;c\\\\d" },
		{ "one\ntwo", "one\\ntwo" },
		{ "\\n, not a line", "\\\\n\\, not a line" },
		{ "a:b\"c^d", "a:b\"c^d" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str written = ical_escape(test_mem, str_of(cases[i].text));
		assert_str(written, str_of(cases[i].written));
		assert_str(ical_text(test_mem, written), str_of(cases[i].text));
	}
	/* Whatever ends a line is one end of a line. */
	assert_str(ical_escape(test_mem, STR("a\r\nb\rc\r")), STR("a\\nb\\nc\\n"));
}

TEST(nothing_ends_the_quotes_of_a_parameter) /* RFC 6868 §3 */
{
	struct buf out = buf_new(test_mem, 4096);
	ical_param_value(&out, STR("a\"b^c\r\nd;e:f,g"));
	assert_str(buf_str(&out), STR("\"a^'b^^c^nd;e:f,g\""));
}

TESTS(RUN(a_fold_cuts_no_character), RUN(a_text_is_read_as_it_was_written), RUN(nothing_ends_the_quotes_of_a_parameter))
