/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/err.h"

/* "ä" so many times, which has two octets. */
static struct str umlauts(size_t count)
{
	char *text = arena_array(test_mem, char, 2 * count + 1);
	for (size_t i = 0; i < count; i++)
		memcpy(text + 2 * i, "\xC3\xA4", 2);
	return (struct str){ text, 2 * count };
}

TEST(a_text_is_put_into_another_whole_however_long)
{
	struct str text = umlauts(50000);
	struct str all = str_fmt(test_mem, "<%.*s>", STR_ARG(text));
	assert_int_equal(all.len, text.len + 2);
	assert_str(str_sub(all, 1, all.len - 1), text);
	assert_str(str_fmt(test_mem, "<%.*s>", STR_ARG(STR_ABSENT)), STR("<>"));
}

TEST(a_beginning_ends_with_a_whole_character)
{
	struct str text = umlauts(3);
	assert_str(str_beginning(text, 6), text);
	assert_str(str_beginning(text, 100), text);
	assert_str(str_beginning(text, 5), umlauts(2));
	assert_str(str_beginning(text, 4), umlauts(2));
	assert_str(str_beginning(text, 1), STR(""));
	assert_str(str_beginning(STR("abc"), 2), STR("ab"));
	assert_int_equal(str_beginning(STR_ABSENT, 2).len, 0);
}

TEST(what_people_are_told_of_what_they_sent_is_bounded)
{
	err_t e = REFUSE(&test_cx, INVALID_VALUE, "x", "a%.*s", STR_ARG(umlauts(50000)));
	assert_int_equal(err_text(e).len, 4095);
	assert_true(str_is_utf8(err_text(e)));
}

TESTS(RUN(a_text_is_put_into_another_whole_however_long), RUN(a_beginning_ends_with_a_whole_character),
	RUN(what_people_are_told_of_what_they_sent_is_bounded))
