/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <argon2.h>

#include "server/crypto/password.h"

TEST(a_password_matches_its_hash_alone)
{
	struct str hash, again;
	bool same;
	assert_ok(password_hash(&test_cx, STR("correct horse"), &hash));
	assert_ok(password_hash(&test_cx, STR("correct horse"), &again));
	assert_true(str_starts(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
	assert_false(str_eq(hash, again));
	assert_ok(password_verify(&test_cx, STR("correct horse"), hash, &same));
	assert_true(same);
	assert_ok(password_verify(&test_cx, STR("correct hors"), hash, &same));
	assert_false(same);
	assert_ok(password_verify(&test_cx, STR("correct horse"), STR_ABSENT, &same));
	assert_false(same);
}

TEST(passwords_that_are_too_short_or_too_long_are_refused)
{
	struct str hash, longest = { arena_take(test_mem, PASSWORD_MAX + 1, 1), PASSWORD_MAX + 1 };
	bool same;
	memset((char *)(uintptr_t)longest.ptr, 'x', longest.len);
	assert_err(password_hash(&test_cx, STR("seven77"), &hash), INVALID_VALUE);
	assert_err(password_hash(&test_cx, longest, &hash), INVALID_VALUE);
	assert_ok(password_hash(&test_cx, str_sub(longest, 0, PASSWORD_MAX), &hash));
	assert_ok(password_verify(&test_cx, longest, hash, &same));
	assert_false(same);
}

TEST(a_password_matches_however_it_is_composed_and_so_do_hashes_of_before)
{
	static const uint8_t salt[16] = { 1 };
	struct str composed = STR("K\xC3\xB6nig-Stra\xC3\x9F"
				  "e"),
		   decomposed = STR("Ko\xCC\x88nig-Stra\xC3\x9F"
				    "e"),
		   hash;
	char before[128];
	bool same;
	assert_ok(password_hash(&test_cx, decomposed, &hash));
	assert_ok(password_verify(&test_cx, composed, hash, &same));
	assert_true(same);
	assert_int_equal(argon2id_hash_encoded(2, 19456, 1, decomposed.ptr, decomposed.len, salt, sizeof salt, 32,
				 before, sizeof before),
		ARGON2_OK);
	assert_ok(password_verify(&test_cx, decomposed, str_of(before), &same));
	assert_true(same);
	assert_ok(password_verify(&test_cx, composed, str_of(before), &same));
	assert_false(same); /* they never were the same there */
}

TESTS(RUN(a_password_matches_its_hash_alone), RUN(passwords_that_are_too_short_or_too_long_are_refused),
	RUN(a_password_matches_however_it_is_composed_and_so_do_hashes_of_before))
