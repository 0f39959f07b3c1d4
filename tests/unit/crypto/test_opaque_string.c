/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/crypto/opaque_string.h"

TEST(what_is_seen_as_one_password_is_one) /* RFC 8265 §4.2.2, §4.3 */
{
	const struct {
		struct str typed, prepared;
	} cases[] = {
		{ STR("correct horse"), STR("correct horse") },
		{ STR("Correct Horse"), STR("Correct Horse") }, /* case and blanks stay */
		{ STR("  x  "), STR("  x  ") }, { STR("Ko\xCC\x88nig"), STR("K\xC3\xB6nig") }, /* o and two dots */
		{ STR("K\xC3\xB6nig"), STR("K\xC3\xB6nig") },
		{ STR("\xE2\x84\xAB"), STR("\xC3\x85") }, /* the sign of Angstrom */
		{ STR("a\xC2\xA0"
		      "b"),
			STR("a b") }, /* no-break space */
		{ STR("a\xE3\x80\x80"
		      "b"),
			STR("a b") },                                                 /* ideographic space */
		{ STR("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), STR("\xED\x95\x9C") }, /* Hangul, letter by letter */
		{ STR("\xEF\xBD\x81"), STR("\xEF\xBD\x81") }, /* full width stays: no mapping of width */
		{ STR("\xF0\x9F\x90\xB4\xE2\x80\x8D"), STR("\xF0\x9F\x90\xB4\xE2\x80\x8D") },
		{ STR("\xF0\x9D\x85\x9E"), STR("\xF0\x9D\x85\x97\xF0\x9D\x85\xA5") }, /* grows under NFC */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str prepared;
		assert_true(opaque_string(test_mem, cases[i].typed, &prepared));
		assert_str(prepared, cases[i].prepared);
		assert_true(opaque_string(test_mem, prepared, &prepared)); /* twice is once */
		assert_str(prepared, cases[i].prepared);
	}
}

TEST(what_is_no_text_is_no_password)
{
	const struct str cases[] = { STR(""), STR("a\nb"), STR("a\x7F"), STR("a\0b"), STR("a\xC2\x85"), STR("\xFF"),
		STR("a\xC3"), STR("\xED\xA0\x80"), STR("\xEF\xBF\xBF"), STR("\xCD\xB8") };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str prepared;
		if (opaque_string(test_mem, cases[i], &prepared))
			fail_msg("accepted: %zu", i);
	}
}

TEST(the_longest_that_grows_most_fits)
{
	char text[OPAQUE_STRING_MAX];
	struct str prepared;
	for (size_t i = 0; i < sizeof text; i += 4)
		memcpy(text + i, "\xF0\x9D\x85\x9E", 4);
	assert_true(opaque_string(test_mem, (struct str){ text, sizeof text }, &prepared));
	assert_int_equal(prepared.len, 2 * sizeof text);
}

TESTS(RUN(what_is_seen_as_one_password_is_one), RUN(what_is_no_text_is_no_password),
	RUN(the_longest_that_grows_most_fits))
