/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of others: what is one, what it is for, and its thumbprint. */
#include "tests/support/test.h"

#include "server/jose/jws.h"
#include "tests/unit/jose/vectors.h"

#define EC "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y "\""
#define OKP "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED25519_X "\""
#define RSA "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RS256_N "\""

static struct jwk read_good(const char *text)
{
	struct jwk key;
	const char *wrong = jwk_read_text(&test_cx, str_of(text), &key);
	if (wrong)
		fail_msg("%s: %s", text, wrong);
	return key;
}

TEST(a_thumbprint_is_of_what_the_key_is) /* RFC 7638 §3.1, RFC 8037 §A.3 */
{
	struct jwk rsa = read_good(
		"{\"kid\":\"2011-04-29\",\"n\":\"" THUMBPRINT_N "\",\"alg\":\"RS256\",\"e\":\"AQAB\",\"kty\":\"RSA\"}");
	struct jwk okp = read_good(OKP ",\"use\":\"sig\"}");
	assert_str(base64url_of(test_mem, jwk_thumbprint(test_mem, &rsa)), STR(THUMBPRINT));
	assert_str(rsa.kid, STR("2011-04-29"));
	assert_str(base64url_of(test_mem, jwk_thumbprint(test_mem, &okp)), STR(ED25519_THUMBPRINT));
}

TEST(a_key_says_which_algorithms_it_is_for)
{
	static const struct {
		const char *text;
		unsigned algs;
	} cases[] = {
		{ EC "}", JWS_ALG(JWS_ES256) },
		{ EC ",\"alg\":\"ES256\",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"]}", JWS_ALG(JWS_ES256) },
		{ OKP "}", JWS_ALG(JWS_EDDSA) },
		{ OKP ",\"alg\":\"Ed25519\"}", JWS_ALG(JWS_EDDSA) }, /* RFC 9864 §2.2 */
		{ RSA "}", JWS_ALG(JWS_PS256) | JWS_ALG(JWS_RS256) },
		{ RSA ",\"alg\":\"PS256\"}", JWS_ALG(JWS_PS256) },
		{ RSA ",\"alg\":\"RS256\"}", JWS_ALG(JWS_RS256) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct jwk key = read_good(cases[i].text);
		assert_int_equal(key.algs, cases[i].algs);
		assert_true(jwk_is_usable(&key));
	}
}

TEST(what_is_no_public_key_for_signatures_is_refused)
{
	static const char *const cases[] = {
		"",
		"[]",
		"null",
		"{}",
		"{\"kty\":\"EC\"}",
		EC ",\"x\":\"AA\"}", /* a name twice */
		"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
		"{\"kty\":\"ec\",\"crv\":\"P-256\"}",
		EC ",\"d\":\"AA\"}",
		OKP ",\"d\":\"AA\"}",
		RSA ",\"d\":\"AA\"}",
		RSA ",\"p\":\"AA\"}",
		RSA ",\"oth\":[]}",
		EC ",\"use\":\"enc\"}",
		EC ",\"use\":1}",
		EC ",\"key_ops\":[\"encrypt\"]}",
		EC ",\"key_ops\":\"verify\"}",
		EC ",\"key_ops\":[]}",
		EC ",\"alg\":\"RS256\"}",
		EC ",\"alg\":\"none\"}",
		EC ",\"alg\":\"HS256\"}",
		RSA ",\"alg\":\"ES256\"}",
		RSA ",\"alg\":\"RS512\"}",
		OKP ",\"alg\":\"ES256\"}",
		EC ",\"kid\":7}",
		"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "=\",\"y\":\"" ES256_Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\",\"y\":\"AAAA\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\",\"y\":"
		"\"" ES256_Y "\"}", /* stray bits: another spelling of the same octets */
		"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED25519_X "\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
		"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" ES256_X "\"}", /* 256 bits */
		"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AAAA" RS256_N "\"}",
		"{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"" RS256_N "\"}",
		"{\"kty\":\"RSA\",\"e\":\"BA\",\"n\":\"" RS256_N "\"}",
		"{\"kty\":\"RSA\",\"e\":\"AQAAAAE\",\"n\":\"" RS256_N "\"}",
		"{\"kty\":\"RSA\",\"e\":\"\",\"n\":\"" RS256_N "\"}",
		"{\"kty\":\"RSA\",\"e\":65537,\"n\":\"" RS256_N "\"}",
	};
	struct jwk key;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (!jwk_read_text(&test_cx, str_of(cases[i]), &key))
			fail_msg("taken: %s", cases[i]);
}

TEST(an_rsa_key_has_2048_to_8192_bits)
{
	static const struct {
		size_t octets;
		uint8_t first;
		bool good;
	} cases[] = { { 256, 0x7F, false }, { 256, 0x80, true }, { 1024, 0xFF, true }, { 1025, 0x01, false } };
	struct jwk key;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t *n = arena_take(test_mem, 1, cases[i].octets);
		memset(n, 0x55, cases[i].octets);
		n[0] = cases[i].first;
		struct str text = str_fmt(test_mem, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%.*s\"}",
			STR_ARG(base64url_of(test_mem, bytes_of(n, cases[i].octets))));
		assert_int_equal(!jwk_read_text(&test_cx, text, &key), cases[i].good);
	}
}

TEST(a_point_off_the_curve_is_no_key)
{
	struct jwk key = read_good("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_X "\"}");
	assert_false(jwk_is_usable(&key));
}

TEST(a_set_has_the_keys_that_are_ours_to_use_and_no_private_one) /* RFC 7517 §5 */
{
	struct jwk_set set;
	assert_null(jwk_set_read(&test_cx,
		STR("{\"keys\":[{\"kty\":\"AKP\",\"pub\":\"x\"}," EC ",\"use\":\"enc\"}," EC ",\"kid\":\"a\"}," OKP
		    "}]}"),
		&set));
	assert_int_equal(set.count, 2);
	assert_str(set.items[0].kid, STR("a"));
	static const char *const wrong[] = { "", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[7]}",
		"{\"keys\":[" EC ",\"d\":\"AA\"}]}", "{\"keys\":[" EC "},{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
		"{\"keys\":[{\"kty\":\"AKP\"}]}" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (!jwk_set_read(&test_cx, str_of(wrong[i]), &set))
			fail_msg("taken: %s", wrong[i]);
}

TEST(a_set_has_20_keys_at_most)
{
	struct jwk_set set;
	for (size_t count = 20; count <= 21; count++) {
		struct str text = STR("{\"keys\":[" OKP "}");
		for (size_t i = 1; i < count; i++)
			text = str_cat(test_mem, text, STR("," OKP "}"));
		assert_int_equal(!jwk_set_read(&test_cx, str_cat(test_mem, text, STR("]}")), &set), count == 20);
	}
}

TESTS(RUN(a_thumbprint_is_of_what_the_key_is), RUN(a_key_says_which_algorithms_it_is_for),
	RUN(what_is_no_public_key_for_signatures_is_refused), RUN(an_rsa_key_has_2048_to_8192_bits),
	RUN(a_point_off_the_curve_is_no_key), RUN(a_set_has_the_keys_that_are_ours_to_use_and_no_private_one),
	RUN(a_set_has_20_keys_at_most))
