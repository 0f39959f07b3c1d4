/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/buf.h"

TEST(a_buffer_takes_what_fits_and_nothing_of_what_does_not)
{
	static const size_t ceilings[] = { 1, 5, 511, 512, 513, 100000 };
	for (size_t i = 0; i < ARRAY_LEN(ceilings); i++) {
		struct buf b = buf_new(test_mem, ceilings[i]);
		for (size_t n = 1; n < ceilings[i]; n++)
			buf_char(&b, 'x');
		assert_false(b.full);
		buf_add(&b, STR("yy"));
		assert_true(b.full);
		assert_int_equal(buf_str(&b).len, ceilings[i] - 1);
		buf_char(&b, 'z'); /* it would fit, but something is missing before it */
		assert_int_equal(buf_str(&b).len, ceilings[i] - 1);
		buf_clear(&b);
		assert_false(b.full);
		buf_char(&b, 'a');
		assert_str(buf_str(&b), STR("a"));
	}
}

/* The NUL that vsnprintf writes is nobody's octet. */
TEST(a_text_that_is_formatted_fits_to_the_octet)
{
	static const size_t ceilings[] = { 5, 512, 513, 1024 };
	for (size_t i = 0; i < ARRAY_LEN(ceilings); i++) {
		struct buf b = buf_new(test_mem, ceilings[i]);
		for (size_t n = 5; n < ceilings[i]; n++)
			buf_char(&b, 'x');
		buf_fmt(&b, "%s", "hello");
		assert_false(b.full);
		assert_str(str_from(buf_str(&b), ceilings[i] - 5), STR("hello"));
		buf_fmt(&b, "%s", "");
		assert_false(b.full);
		buf_fmt(&b, "%d", 1);
		assert_true(b.full);
	}
}

TEST(numbers_are_written_to_their_ends)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = { { 0, "0" }, { -1, "-1" }, { 10, "10" }, { INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" } };
	struct buf b = buf_new(test_mem, 100);
	assert_str(buf_str(&b), STR("")); /* never absent */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_clear(&b);
		buf_int(&b, cases[i].value);
		assert_str(buf_str(&b), str_of(cases[i].text));
	}
}

TESTS(RUN(a_buffer_takes_what_fits_and_nothing_of_what_does_not), RUN(a_text_that_is_formatted_fits_to_the_octet),
	RUN(numbers_are_written_to_their_ends))
