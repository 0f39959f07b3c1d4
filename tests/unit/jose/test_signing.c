/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are signed, and the quarters of a year that they are signed in. tests/http/test_voice.py has them
 * verified by others. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "server/crypto/digest.h"
#include "server/jose/signing.h"

#define QUARTER_S (INT64_C(91) * 86400)

static struct keyring *keys;

static int set_up(void **state)
{
	char folder[] = "/tmp/calends-signing-XXXXXX";
	(void)state;
	crypto_setup();
	struct ctx cx = { .mem = arena_open() };
	assert_non_null(mkdtemp(folder));
	const char *path = str_fmt(cx.mem, "%s/secret.key", folder).ptr;
	assert_null(keyring_open(&cx, path, &keys));
	unlink(path);
	rmdir(folder);
	arena_close(cx.mem);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	keyring_close(keys);
	return 0;
}

static struct ctx at(int64_t s)
{
	return (struct ctx){ .mem = test_mem, .keys = keys, .now = instant_of_s(s) };
}

TEST(what_is_signed_is_verified_in_its_quarter_and_the_next)
{
	const int64_t now = 20 * QUARTER_S + 5;
	struct ctx cx = at(now), next = at(now + QUARTER_S), later = at(now + 2 * QUARTER_S);
	struct str claims, token = jwt_sign(&cx, "x+jwt", STR("{\"a\":1}"));
	assert_true(jwt_verify(&cx, "x+jwt", token, &claims));
	assert_str(claims, STR("{\"a\":1}"));
	assert_true(jwt_verify(&next, "x+jwt", token, &claims));
	assert_false(jwt_verify(&later, "x+jwt", token, &claims));
	assert_false(jwt_verify(&cx, "y+jwt", token, &claims));
}

TEST(the_set_has_the_keys_of_three_quarters_and_they_stay)
{
	struct ctx cx = at(20 * QUARTER_S), next = at(21 * QUARTER_S);
	struct str now = jwks_text(&cx), then = jwks_text(&next);
	assert_str(jwks_text(&cx), now);
	size_t at_kid = 0, kept = 0, count = 0;
	for (struct str rest = now; (at_kid = str_find(rest, STR("\"kid\":\""))) != SIZE_MAX; count++) {
		rest = str_from(rest, at_kid + 7);
		kept += str_find(then, str_sub(rest, 0, 43)) != SIZE_MAX;
	}
	assert_int_equal(count, 3);
	assert_int_equal(kept, 2);
}

TEST(one_octet_that_is_another_makes_it_nothing)
{
	struct ctx cx = at(20 * QUARTER_S);
	struct str claims, token = jwt_sign(&cx, "x+jwt", STR("{\"a\":1}"));
	for (size_t i = 0; i < token.len; i += 7) {
		struct str altered = str_dup(test_mem, token);
		char *octet = (char *)(uintptr_t)altered.ptr + i;
		*octet = *octet == 'A' ? 'B' : 'A';
		assert_false(jwt_verify(&cx, "x+jwt", altered, &claims));
		assert_false(jwt_verify(&cx, "x+jwt", str_sub(token, 0, i), &claims));
	}
}

TESTS_WITH(set_up, tear_down, RUN(what_is_signed_is_verified_in_its_quarter_and_the_next),
	RUN(the_set_has_the_keys_of_three_quarters_and_they_stay), RUN(one_octet_that_is_another_makes_it_nothing))
