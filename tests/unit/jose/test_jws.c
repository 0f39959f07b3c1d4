/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of others: those that RFCs print, and what none of them is. */
#include "tests/support/test.h"

#include "server/jose/es256.h"
#include "server/jose/jws.h"
#include "server/jose/public_key.h"
#include "server/jose/signing.h"
#include "tests/unit/jose/vectors.h"

#define RSA "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RS256_N "\"}"
#define EC "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y "\"}"
#define OKP "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED25519_X "\"}"

static const struct {
	const char *key, *text;
	enum jws_alg alg;
} vectors[] = {
	{ RSA, RS256_JWS, JWS_RS256 },   /* RFC 7515 §A.2 */
	{ EC, ES256_JWS, JWS_ES256 },    /* RFC 7515 §A.3 */
	{ OKP, ED25519_JWS, JWS_EDDSA }, /* RFC 8037 §A.4 */
};

static struct jwk key_of(const char *text)
{
	struct jwk key;
	assert_null(jwk_read_text(&test_cx, str_of(text), &key));
	return key;
}

static struct jws jws_of(struct str text)
{
	struct jws jws;
	assert_null(jws_read(&test_cx, text, &jws));
	return jws;
}

TEST(what_rfcs_print_is_verified_with_its_key_and_no_other)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct jws jws = jws_of(str_of(vectors[i].text));
		assert_int_equal(jws.alg, vectors[i].alg);
		for (size_t k = 0; k < ARRAY_LEN(vectors); k++) {
			struct jwk key = key_of(vectors[k].key);
			assert_int_equal(jws_verify(&test_cx, &jws, &key), i == k);
		}
	}
}

TEST(another_octet_anywhere_is_another_text)
{
	for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
		struct jwk key = key_of(vectors[v].key);
		struct str text = str_of(vectors[v].text);
		for (size_t i = 0; i < text.len; i += 5) {
			struct str altered = str_dup(test_mem, text);
			char *octet = (char *)(uintptr_t)altered.ptr + i;
			struct jws jws;
			*octet = *octet == 'A' ? 'Q' : 'A';
			assert_true(jws_read(&test_cx, altered, &jws) || !jws_verify(&test_cx, &jws, &key));
		}
	}
}

TEST(the_key_decides_about_the_algorithm) /* RFC 8725 §3.1 */
{
	struct jws jws = jws_of(STR(RS256_JWS));
	struct jwk key = key_of("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"alg\":\"PS256\",\"n\":\"" RS256_N "\"}");
	assert_false(jws_verify(&test_cx, &jws, &key));
	jws.alg = JWS_PS256;
	assert_false(jws_verify(&test_cx, &jws, &key)); /* a signature of the other padding */
}

static struct str part(const char *json)
{
	return base64url_of(test_mem, bytes_of(json, strlen(json)));
}

static struct str with_header(const char *header)
{
	return str_fmt(test_mem, "%.*s.e30.AAAA", STR_ARG(part(header)));
}

TEST(headers_that_would_be_misread_are_refused)
{
	static const char *const cases[] = {
		"{}",
		"[]",
		"{\"alg\":\"none\"}",
		"{\"alg\":\"None\"}",
		"{\"alg\":\"HS256\"}",
		"{\"alg\":\"RS512\"}",
		"{\"alg\":\"es256\"}",
		"{\"alg\":[\"ES256\"]}",
		"{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
		"{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", /* RFC 7515 §4.1.11 */
		"{\"alg\":\"ES256\",\"b64\":false}",
		"{\"alg\":\"ES256\",\"jku\":\"https://x.example/\"}",
		"{\"alg\":\"ES256\",\"x5u\":\"https://x.example/\"}",
		"{\"alg\":\"ES256\",\"x5c\":[\"AA==\"]}",
		"{\"alg\":\"ES256\",\"typ\":7}",
		"{\"alg\":\"ES256\",\"kid\":[]}",
		"{\"alg\":\"ES256\",\"zip\":\"DEF\"}",
	};
	struct jws jws;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (!jws_read(&test_cx, with_header(cases[i]), &jws))
			fail_msg("taken: %s", cases[i]);
}

TEST(it_is_three_parts_in_the_only_spelling_of_base64url)
{
	static const char *const cases[] = { "", ".", "..", "e30.e30.", "eyJhbGciOiJFUzI1NiJ9.e30",
		"eyJhbGciOiJFUzI1NiJ9.e30.AA.AA", "eyJhbGciOiJFUzI1NiJ9=.e30.AA", "eyJhbGciOiJFUzI1NiJ9.e30.AB",
		"eyJhbGciOiJFUzI1NiJ9.e3 0.AA", "eyJhbGciOiJFUzI1NiJ9.e3+.AA", "eyJhbGciOiJFUzI1NiJ8.e30.AA" };
	struct jws jws;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (!jws_read(&test_cx, str_of(cases[i]), &jws))
			fail_msg("taken: %s", cases[i]);
	struct str longest = str_fmt(test_mem, "eyJhbGciOiJFUzI1NiJ9.e30.%0*d", (int)(JWS_MAX - 25), 0);
	assert_int_equal(longest.len, JWS_MAX);
	assert_null(jws_read(&test_cx, str_sub(longest, 0, JWS_MAX - 3), &jws));
	assert_non_null(jws_read(&test_cx, str_cat(test_mem, longest, STR("AA")), &jws));
}

struct pair {
	struct jwk key;
	struct bytes signature;
};

static struct pair pair_made(struct str text)
{
	struct signing_key made;
	struct pair pair;
	assert_true(signing_key_open(test_mem, signing_key_make(test_mem), &made));
	assert_null(jwk_read_text(&test_cx, made.jwk, &pair.key));
	assert_true(es256_der(test_mem, es256_sign(test_mem, made.signer, text), &pair.signature));
	return pair;
}

/* Beyond what is kept, and while others are: each verifies its own and no other's. */
TEST(keys_that_are_kept_are_never_confused)
{
	enum { MANY = VERIFIERS_KEPT + 100 };
	static struct pair pairs[MANY];
	struct bytes text = bytes_of("text", 4);
	for (size_t i = 0; i < MANY; i++)
		pairs[i] = pair_made(STR("text"));
	for (size_t i = 0; i < (size_t)MANY + 100; i++) {
		const struct pair *one = &pairs[i % MANY], *next = &pairs[(i + 1) % MANY];
		assert_true(jwk_signed(&one->key, JWS_ES256, text, one->signature));
		assert_false(jwk_signed(&one->key, JWS_ES256, text, next->signature));
		assert_false(jwk_signed(&one->key, JWS_ES256, bytes_of("test", 4), one->signature));
		assert_true(jwk_signed(&one->key, JWS_ES256, text, one->signature));
	}
	/* A key that came in no JSON has no members, and a name all the same. */
	struct jwk bare[] = { pairs[0].key, pairs[1].key };
	bare[0].members = bare[1].members = STR_ABSENT;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(jwk_signed(&bare[i / 2], JWS_ES256, text, pairs[i % 2].signature), i / 2 == i % 2);
}

TEST(claims_are_an_object_of_texts_and_dates)
{
	int64_t at;
	struct jws jws = jws_of(
		str_fmt(test_mem, "%.*s.%.*s.AAAA", STR_ARG(part("{\"alg\":\"ES256\",\"typ\":\"Application/JWT\"}")),
			STR_ARG(part("{\"iss\":\"x\",\"sub\":7,\"exp\":1300819380.9,\"nbf\":\"1\",\"iat\":1e300}"))));
	const struct cJSON *claims = jws_claims(&test_cx, &jws);
	assert_non_null(claims);
	assert_str(jws_text(claims, "iss"), STR("x"));
	assert_null(jws_text(claims, "sub").ptr);
	assert_true(jws_date(claims, "exp", &at));
	assert_int_equal(at, 1300819380);
	assert_false(jws_date(claims, "nbf", &at));
	assert_false(jws_date(claims, "iat", &at));
	assert_true(jws_typ_is(&jws, "jwt"));
	assert_false(jws_typ_is(&jws, "dpop+jwt"));
	jws.payload = STR("[]");
	assert_null(jws_claims(&test_cx, &jws));
}

TESTS(RUN(what_rfcs_print_is_verified_with_its_key_and_no_other), RUN(another_octet_anywhere_is_another_text),
	RUN(the_key_decides_about_the_algorithm), RUN(headers_that_would_be_misread_are_refused),
	RUN(it_is_three_parts_in_the_only_spelling_of_base64url), RUN(claims_are_an_object_of_texts_and_dates),
	RUN(keys_that_are_kept_are_never_confused))
