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

TEST(a_text_is_cut_at_each_mark_and_at_its_end)
{
	static const struct {
		struct str text;
		const char *heads[4];
	} cases[] = { { STR_INIT("a/b"), { "a", "b" } }, { STR_INIT("/"), { "", "" } }, { STR_INIT(""), { "" } },
		{ STR_INIT("a//"), { "a", "", "" } } };
	struct str rest = STR_ABSENT, head;
	assert_false(str_cut(&rest, '/', &head));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = 0;
		for (rest = cases[i].text; str_cut(&rest, '/', &head); n++)
			assert_str(head, str_of(cases[i].heads[n]));
		assert_true(n > 0 && !cases[i].heads[n]);
	}
}

TEST(a_number_is_digits_up_to_its_bound)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		bool good;
	} cases[] = { { "0", 0, 0, true }, { "1", 0, 0, false }, { "007", 7, 7, true }, { "10", 9, 0, false },
		{ "255", 255, 255, true }, { "256", 255, 0, false },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, 0, false }, { "99999999999999999999", UINT64_MAX, 0, false },
		{ "000000000000000000001", UINT64_MAX, 0, false }, { "", 9, 0, false }, { "-1", 9, 0, false },
		{ "+1", 9, 0, false }, { " 1", 9, 0, false }, { "1a", 999, 0, false } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 0;
		if (str_to_u64(str_of(cases[i].text), cases[i].max, &value) != cases[i].good || value != cases[i].value)
			fail_msg("%s", cases[i].text);
	}
}

TEST(text_is_utf_8_as_rfc_3629_has_it) /* §3, §4: no overlong forms, no surrogates, nothing above U+10FFFF */
{
	static const char *const good[] = { "", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
		"\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF" };
	static const char *const bad[] = { "\x80", "\xC0\x80", "\xC1\xBF", "\xC2",
		"\xC2"
		"a",
		"\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xE1\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80", "\xFF", "\xF1\x80\x80", "\xF1\x80\x80\xC0" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!str_is_utf8(str_of(good[i])))
			fail_msg("refused: good %zu", i);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (str_is_utf8(str_of(bad[i])))
			fail_msg("taken: bad %zu", i);
}

/* RFC 4648 §10, and what its §3.2, §3.3 and §3.5 let a decoder refuse: each value has one spelling here. */
TEST(octets_have_one_spelling)
{
	static const struct {
		const char *octets, *padded, *url, *hex;
	} cases[] = { { "", "", "", "" }, { "f", "Zg==", "Zg", "66" }, { "fo", "Zm8=", "Zm8", "666f" },
		{ "foo", "Zm9v", "Zm9v", "666f6f" }, { "foob", "Zm9vYg==", "Zm9vYg", "666f6f62" },
		{ "\xFB\xFF\xBF", "+/+/", "-_-_", "fbffbf" } };
	static const char *const not_base64[] = { "Z", "Zg",
		"Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "-_-_", " Zm9v", "Zm=v" };
	static const char *const not_url[] = { "Z", "Zh", "Zm9", "Zg==", "+/+/", "Zm9vY", "Zm 9v", "Zm9v\n" };
	static const char *const not_hex[] = { "6", "666", "6g", "0x66", " 66", "6 " };
	struct bytes got;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes octets = bytes_of(cases[i].octets, strlen(cases[i].octets));
		assert_str(base64_of(test_mem, octets), str_of(cases[i].padded));
		assert_str(base64url_of(test_mem, octets), str_of(cases[i].url));
		assert_str(hex_of(test_mem, octets), str_of(cases[i].hex));
		assert_true(base64_to(test_mem, str_of(cases[i].padded), &got) && bytes_same(got, octets));
		assert_true(base64url_to(test_mem, str_of(cases[i].url), &got) && bytes_same(got, octets));
		assert_true(hex_to(test_mem, str_of(cases[i].hex), &got) && bytes_same(got, octets));
	}
	for (size_t i = 0; i < ARRAY_LEN(not_base64); i++)
		if (base64_to(test_mem, str_of(not_base64[i]), &got))
			fail_msg("base64: %s", not_base64[i]);
	for (size_t i = 0; i < ARRAY_LEN(not_url); i++)
		if (base64url_to(test_mem, str_of(not_url[i]), &got))
			fail_msg("base64url: %s", not_url[i]);
	for (size_t i = 0; i < ARRAY_LEN(not_hex); i++)
		if (hex_to(test_mem, str_of(not_hex[i]), &got))
			fail_msg("hex: %s", not_hex[i]);
	assert_false(base64_to(test_mem, STR_ABSENT, &got) || base64url_to(test_mem, STR_ABSENT, &got) ||
		     hex_to(test_mem, STR_ABSENT, &got));
}

TESTS(RUN(a_text_is_put_into_another_whole_however_long), RUN(a_beginning_ends_with_a_whole_character),
	RUN(what_people_are_told_of_what_they_sent_is_bounded), RUN(a_text_is_cut_at_each_mark_and_at_its_end),
	RUN(a_number_is_digits_up_to_its_bound), RUN(text_is_utf_8_as_rfc_3629_has_it), RUN(octets_have_one_spelling))
