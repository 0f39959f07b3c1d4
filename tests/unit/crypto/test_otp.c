/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/crypto/otp.h"

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

#define KEY text("12345678901234567890")

TEST(codes_of_a_counter_are_those_of_rfc_4226) /* appendix D */
{
	static const uint32_t codes[] = { 755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871,
		520489 };
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_int_equal(hotp(KEY, i), codes[i]);
}

TEST(codes_of_a_time_are_those_of_rfc_6238) /* appendix B has eight digits: these are the last six */
{
	static const struct {
		int64_t at;
		uint32_t code;
	} cases[] = { { 59, 287082 }, { 1111111109, 81804 }, { 1111111111, 50471 }, { 1234567890, 5924 },
		{ 2000000000, 279037 }, { 20000000000, 353130 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(hotp(KEY, (uint64_t)totp_step(instant_of_s(cases[i].at))), cases[i].code);
}

TEST(a_code_is_of_this_step_or_the_one_before_or_after_it)
{
	assert_int_equal(totp_step_of(KEY, STR("969429"), 3, 0), 3);
	assert_int_equal(totp_step_of(KEY, STR("969429"), 4, 0), 3);
	assert_int_equal(totp_step_of(KEY, STR("969429"), 2, 0), 3);
	assert_int_equal(totp_step_of(KEY, STR("969429"), 5, 0), 0);
	assert_int_equal(totp_step_of(KEY, STR("969429"), 1, 0), 0);
}

TEST(a_step_is_taken_once) /* RFC 6238 §5.2 */
{
	assert_int_equal(totp_step_of(KEY, STR("969429"), 3, 3), 0);
	assert_int_equal(totp_step_of(KEY, STR("969429"), 3, 4), 0);
	assert_int_equal(totp_step_of(KEY, STR("969429"), 3, 2), 3);
	assert_int_equal(totp_step_of(KEY, STR("338314"), 3, 3), 4);
}

TEST(a_code_is_six_digits_with_or_without_blanks)
{
	assert_int_equal(totp_step_of(KEY, STR("969 429"), 3, 0), 3);
	assert_int_equal(totp_step_of(KEY, STR(" 969429 "), 3, 0), 3);
	static const char *const wrong[] = { "", " ", "96942", "9694290", "0969429", "96942x", "969429x", "-69429",
		"969430", "969429\n", "\xd9\xa9\xd9\xa6\xd9\xa9\xd9\xa4\xd9\xa2\xd9\xa9" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(totp_step_of(KEY, str_of(wrong[i]), 3, 0), 0);
	assert_int_equal(totp_step_of(KEY, STR_ABSENT, 3, 0), 0);
}

TEST(base32_is_that_of_rfc_4648) /* §10, without padding */
{
	static const struct {
		const char *data, *text;
	} cases[] = { { "", "" }, { "f", "MY" }, { "fo", "MZXQ" }, { "foo", "MZXW6" }, { "foob", "MZXW6YQ" },
		{ "fooba", "MZXW6YTB" }, { "foobar", "MZXW6YTBOI" } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(base32_of(test_mem, text(cases[i].data)), str_of(cases[i].text));
}

TESTS(RUN(codes_of_a_counter_are_those_of_rfc_4226), RUN(codes_of_a_time_are_those_of_rfc_6238),
	RUN(a_code_is_of_this_step_or_the_one_before_or_after_it), RUN(a_step_is_taken_once),
	RUN(a_code_is_six_digits_with_or_without_blanks), RUN(base32_is_that_of_rfc_4648))
