/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs: those that RFC 9449 prints, URLs that are one, and nonces. tests/http/test_oauth_dpop.py has all that is
 * refused. */
#include "tests/support/test.h"

#include <string.h>

#include <stdlib.h>
#include <unistd.h>

#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/jose/dpop.h"
#include "server/jose/dpop_here.h"
#include "tests/unit/jose/vectors.h"

static struct keyring *keys;

static int set_up(void **state)
{
	char folder[] = "/tmp/calends-dpop-XXXXXX";
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

/* They have no nonce, which is asked for when all else is right. */
TEST(what_the_rfc_prints_lacks_a_nonce_alone) /* RFC 9449 §4.2, §7.1 */
{
	struct dpop got;
	struct dpop_use use = { STR(PROOF), "POST", STR("https://server.example.com/token"), STR_ABSENT, true };
	struct dpop_use at_resource = { STR(PROOF_WITH_TOKEN), "GET",
		STR("https://resource.example.org/protectedresource"), STR(PROOF_TOKEN), false };
	test_cx.keys = keys;
	assert_err(dpop_check(&test_cx, &use, &got), USE_DPOP_NONCE);
	assert_err(dpop_check(&test_cx, &at_resource, &got), USE_DPOP_NONCE);
	at_resource.token = STR("another");
	assert_err(dpop_check(&test_cx, &at_resource, &got), INVALID_DPOP_PROOF);
	use.method = "GET";
	assert_err(dpop_check(&test_cx, &use, &got), INVALID_DPOP_PROOF);
	use = (struct dpop_use){ STR_ABSENT, "POST", STR("https://server.example.com/token"), STR_ABSENT, true };
	assert_err(dpop_check(&test_cx, &use, &got), INVALID_DPOP_PROOF);
}

TEST(the_key_of_a_proof_has_the_thumbprint_that_the_rfc_prints) /* RFC 9449 §6.1 */
{
	struct jws proof;
	struct jwk key;
	assert_null(jws_read(&test_cx, STR(PROOF), &proof));
	assert_null(jwk_read(&test_cx, proof.jwk, &key));
	assert_true(jws_verify(&test_cx, &proof, &key));
	assert_str(base64url_of(test_mem, jwk_thumbprint(test_mem, &key)), STR(PROOF_JKT));
}

TEST(urls_are_one_by_what_they_mean) /* RFC 3986 §6.2.2, §6.2.3 */
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "https://x.example/a", "HTTPS://X.Example/a", true },
		{ "https://x.example/a", "https://x.example:443/a", true },
		{ "https://x.example/a", "https://x.example:/a", true },
		{ "http://x.example/a", "http://x.example:80/a", true },
		{ "https://x.example", "https://x.example/", true },
		{ "https://x.example/a?b=c#d", "https://x.example/a", true },
		{ "https://x.example/%7Ea", "https://x.example/~a", true },
		{ "https://x.example/%2f", "https://x.example/%2F", true },
		{ "http://[::1]:8080/", "http://[::1]:8080/", true },
		{ "https://x.example/%2F", "https://x.example//", false },
		{ "https://x.example/a", "https://x.example/A", false },
		{ "https://x.example/a", "https://x.example/a/", false },
		{ "https://x.example/a", "http://x.example/a", false },
		{ "https://x.example/a", "https://x.example:80/a", false },
		{ "https://x.example/a", "https://u@x.example/a", false },
		{ "https://x.example/a", "https://x.example/a%", false },
		{ "/a", "/a", false },
		{ "", "", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (dpop_same_url(test_mem, str_of(cases[i].a), str_of(cases[i].b)) != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
}

static struct str nonce_at(int64_t ms)
{
	test_cx = (struct ctx){ .mem = test_mem, .keys = keys };
	return dpop_nonce(&test_cx, (struct instant){ ms * 1000 });
}

TEST(nonces_are_of_the_millisecond_and_no_other_has_them)
{
	struct str now = nonce_at(1764000000000);
	assert_int_equal(now.len, 39);
	assert_str(nonce_at(1764000000000), now);
	assert_false(str_eq(nonce_at(1764000000001), now));
}

static enum dpop_seen take_nth(uint64_t n, int64_t nonce_ms)
{
	uint8_t once[DPOP_ONCE_SIZE] = { 1 };
	memcpy(once + 1, &n, sizeof n);
	return dpop_here_take(bytes_of(once, sizeof once), nonce_ms);
}

TEST(what_came_here_is_known_as_long_as_its_nonce_is_good)
{
	const int64_t t = 1764000000000, slot = INT64_C(1000) * DPOP_HERE_SLOT_S;
	for (uint64_t n = 0; n < 5000; n++)
		assert_int_equal(take_nth(n, t), DPOP_FRESH);
	assert_int_equal(take_nth(7, t + slot), DPOP_FRESH); /* another nonce makes it another proof: another name */
	assert_int_equal(take_nth(8, t + 2 * slot), DPOP_FRESH);
	assert_int_equal(take_nth(9, t + 3 * slot), DPOP_FRESH);
	for (uint64_t n = 0; n < 5000; n++)
		assert_int_equal(take_nth(n, t), DPOP_SEEN);
	assert_true(dpop_here_alone(t));
	/* The slot's next time: the nonces of the one before are no longer taken, and not by a clock that was set back.
	 */
	assert_int_equal(take_nth(1, t + 4 * slot), DPOP_FRESH);
	assert_int_equal(take_nth(6000, t), DPOP_FORGOTTEN);
	assert_false(dpop_here_alone(t));
}

TEST(what_is_too_much_for_the_memory_is_refused_and_nonces_are_for_all)
{
	const int64_t t = 1774000000000;
	assert_true(dpop_here_alone(t));
	for (uint64_t n = 0; n < DPOP_HERE_MAX; n++)
		assert_int_equal(take_nth(n, t), DPOP_FRESH);
	assert_int_equal(take_nth(DPOP_HERE_MAX, t), DPOP_FORGOTTEN);
	assert_int_equal(take_nth(3, t), DPOP_SEEN);
	assert_false(dpop_here_alone(t + INT64_C(1000) * DPOP_SHARED_S - 1));
	assert_true(dpop_here_alone(t + INT64_C(1000) * DPOP_SHARED_S));
}

TESTS_WITH(set_up, tear_down, RUN(what_the_rfc_prints_lacks_a_nonce_alone),
	RUN(the_key_of_a_proof_has_the_thumbprint_that_the_rfc_prints), RUN(urls_are_one_by_what_they_mean),
	RUN(nonces_are_of_the_millisecond_and_no_other_has_them),
	RUN(what_came_here_is_known_as_long_as_its_nonce_is_good),
	RUN(what_is_too_much_for_the_memory_is_refused_and_nonces_are_for_all))
