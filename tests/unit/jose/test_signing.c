/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are signed, and the keys that sign them. tests/http/test_voice.py has them verified by others. */
#include "tests/support/test.h"

#include "server/crypto/digest.h"
#include "server/jose/signing.h"

static struct signing_key fresh(void)
{
	struct signing_key key;
	crypto_setup();
	assert_true(signing_key_open(test_mem, signing_key_make(test_mem), &key));
	return key;
}

TEST(what_a_key_signs_is_verified_by_that_key_alone)
{
	const struct signing_key keys[] = { fresh(), fresh() };
	struct str claims, token = jwt_sign_by(test_mem, &keys[1], "x+jwt", STR("{\"a\":1}"));
	assert_true(jwt_verify_by(test_mem, keys, 2, "x+jwt", token, &claims));
	assert_str(claims, STR("{\"a\":1}"));
	assert_false(jwt_verify_by(test_mem, keys, 1, "x+jwt", token, &claims));
	assert_false(jwt_verify_by(test_mem, keys, 0, "x+jwt", token, &claims));
	assert_false(jwt_verify_by(test_mem, keys, 2, "y+jwt", token, &claims));
}

TEST(a_key_that_was_kept_is_the_same_key)
{
	struct signing_key first, again;
	struct bytes der = signing_key_make(test_mem);
	crypto_setup();
	assert_true(signing_key_open(test_mem, der, &first));
	assert_true(signing_key_open(test_mem, der, &again));
	assert_str(first.jwk, again.jwk);
	assert_int_equal(first.kid.len, 43);
	assert_true(str_find(jwks_of(test_mem, &first, 1), first.kid) != SIZE_MAX);
	for (size_t cut = 0; cut < der.len; cut++) /* no private key has fewer octets */
		if (signing_key_open(test_mem, bytes_of(der.ptr, cut), &again))
			assert_str(again.jwk, first.jwk); /* what comes after the numbers may be left out */
}

TEST(one_octet_that_is_another_makes_it_nothing)
{
	const struct signing_key key = fresh();
	struct str claims, token = jwt_sign_by(test_mem, &key, "x+jwt", STR("{\"a\":1}"));
	for (size_t i = 0; i < token.len; i += 7) {
		struct str altered = str_dup(test_mem, token);
		char *octet = (char *)(uintptr_t)altered.ptr + i;
		*octet = *octet == 'A' ? 'B' : 'A';
		assert_false(jwt_verify_by(test_mem, &key, 1, "x+jwt", altered, &claims));
		assert_false(jwt_verify_by(test_mem, &key, 1, "x+jwt", str_sub(token, 0, i), &claims));
	}
}

TESTS(RUN(what_a_key_signs_is_verified_by_that_key_alone), RUN(a_key_that_was_kept_is_the_same_key),
	RUN(one_octet_that_is_another_makes_it_nothing))
