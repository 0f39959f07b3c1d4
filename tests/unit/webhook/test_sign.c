/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/crypto/digest.h"
#include "server/webhook/sign.h"

/* The vector of Standard Webhooks' own libraries. */
#define SECRET STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

static struct webhook_signed example(void)
{
	return (struct webhook_signed){ .id = STR("msg_p5jXN8AQM9LWM0D4loKWxJek"),
		.at = instant_of_s(1614265330),
		.secret = SECRET,
		.body = STR("{\"test\": 2432232314}") };
}

TEST(the_standard_signature_is_that_of_the_specification) /* Standard Webhooks, test vector */
{
	struct webhook_signed what = example();
	assert_str(webhook_signature_standard(test_mem, &what), STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

/* Made with: printf '1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac whsec_… */
TEST(the_other_signature_takes_the_secret_as_it_is_given)
{
	struct webhook_signed what = example();
	assert_str(webhook_signature(test_mem, &what),
		STR("t=1614265330,v1=2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964"));
}

TEST(the_third_key_is_the_secret_without_its_prefix)
{
	struct bytes mac = webhook_mac(test_mem, KEY_STRIPPED, SECRET, STR("{\"test\": 2432232314}"));
	assert_str(hex_of(test_mem, mac), STR("5ee0e8e3d564cf9cbeea807e97cecc6cccf0b0e20aa28073cc267a2881a839fc"));
}

/* Made with openssl dgst -sha256 -hmac, once without whsec_ and once with it. */
TEST(hosted_calendars_have_the_stripped_key_first)
{
	struct webhook_signed what = example();
	what.hosted = true;
	assert_str(webhook_signature(test_mem, &what),
		STR("t=1614265330,v1=fa563f291d632f1bb64880fd7c283362344fb0672729918bb67642d71edeae63,"
		    "v1=2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964"));
}

TEST(a_secret_that_is_no_base64_has_no_standard_signature)
{
	struct webhook_signed what = example();
	what.secret = STR("whsec_your-random-secret-here");
	assert_null(webhook_signature_standard(test_mem, &what).ptr);
	assert_true(webhook_secret_is_fine_hosted(what.secret));
	assert_false(webhook_secret_is_fine(test_mem, what.secret));
}

TEST(an_old_secret_signs_beside_the_new_one)
{
	struct webhook_signed what = example(), alone = example();
	what.old = webhook_secret_new(test_mem);
	alone.secret = what.old;
	struct str both = webhook_signature_standard(test_mem, &what);
	assert_str(both, str_fmt(test_mem, "%.*s %.*s",
				 STR_ARG(webhook_signature_standard(
					 test_mem, &(struct webhook_signed){ what.id, what.at, what.secret, STR_ABSENT,
							   what.body, false })),
				 STR_ARG(webhook_signature_standard(test_mem, &alone))));
	struct str given = webhook_signature(test_mem, &what);
	struct str old = str_from(webhook_signature(test_mem, &alone), sizeof "t=1614265330" - 1);
	assert_true(str_ends(given, old) && given.len == 2 * old.len + sizeof "t=1614265330" - 1);
}

TEST(secrets_are_as_standard_webhooks_has_them)
{
	struct str made = webhook_secret_new(test_mem);
	assert_true(webhook_secret_is_fine(test_mem, made));
	assert_false(str_eq(made, webhook_secret_new(test_mem)));
	assert_true(webhook_secret_is_fine(test_mem, SECRET));
	static const char *const bad[] = { "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_c2hvcnQ=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (webhook_secret_is_fine(test_mem, str_of(bad[i])))
			fail_msg("taken: %s", bad[i]);
	char octets[65];
	memset(octets, 'x', sizeof octets);
	struct str long_one = str_cat(test_mem, STR("whsec_"), base64_of(test_mem, bytes_of(octets, 65)));
	assert_false(webhook_secret_is_fine(test_mem, long_one));
}

int main(void)
{
	crypto_setup();
	const struct CMUnitTest tests[] = { RUN(the_standard_signature_is_that_of_the_specification),
		RUN(the_other_signature_takes_the_secret_as_it_is_given),
		RUN(the_third_key_is_the_secret_without_its_prefix), RUN(an_old_secret_signs_beside_the_new_one),
		RUN(hosted_calendars_have_the_stripped_key_first),
		RUN(a_secret_that_is_no_base64_has_no_standard_signature),
		RUN(secrets_are_as_standard_webhooks_has_them) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
