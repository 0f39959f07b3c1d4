/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "oauth/pkce.h"
#include "server/crypto/digest.h"

TEST(the_vector_of_the_rfc_holds) /* RFC 7636 appendix B */
{
	struct bytes sent = pkce_challenge_read(test_mem, STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
	struct bytes made = pkce_challenge(test_mem, STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
	assert_true(sent.ptr && bytes_same(sent, made));
}

TEST(malformed_verifiers_have_no_challenge) /* RFC 7636 §4.1 */
{
	const struct {
		const char *why;
		struct str verifier;
	} cases[] = {
		{ "absent", STR_ABSENT },
		{ "empty", STR("") },
		{ "42 octets", STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX") },
		{ "reserved octet", STR("dBjftJeZ4CVP%mB92K27uhbUJU1p1r_wW1gFWFOEjXk") },
		{ "129 octets", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				    "aaaaaaaaaaaaa"
				    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (pkce_challenge(test_mem, cases[i].verifier).ptr)
			fail_msg("accepted: %s", cases[i].why);
}

TEST(base64_is_taken) /* as git-credential-oauth sends it */
{
	struct str verifier = STR("2yhtC4twDPbJiczgCBtluMeOw0VhN/MRKhX6CysVn2s=");
	assert_true(bytes_same(pkce_challenge(test_mem, verifier), secret_hash(test_mem, verifier)));
}

TEST(what_is_no_sha256_in_base64url_is_no_challenge) /* RFC 7636 §4.2 */
{
	const struct {
		const char *why;
		struct str challenge;
	} cases[] = {
		{ "absent", STR_ABSENT },
		{ "42 characters", STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c") },
		{ "padding", STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=") },
		{ "standard alphabet", STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM") },
		{ "stray bits at the end", STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN") },
		{ "44 characters", STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMA") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (pkce_challenge_read(test_mem, cases[i].challenge).ptr)
			fail_msg("accepted: %s", cases[i].why);
}

int main(void)
{
	crypto_setup();
	const struct CMUnitTest tests[] = {
		RUN(the_vector_of_the_rfc_holds),
		RUN(malformed_verifiers_have_no_challenge),
		RUN(base64_is_taken),
		RUN(what_is_no_sha256_in_base64url_is_no_challenge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
