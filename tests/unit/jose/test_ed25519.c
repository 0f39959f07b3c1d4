/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of Ed25519: those that RFC 8032 prints, what none of them is, and that OpenSSL takes whatever is taken. */
#include "tests/support/test.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "server/jose/ed25519.h"

/* RFC 8032 §7.1, tests 1 to 3 */
static const struct {
	const char *key, *text, *signature;
} vectors[] = {
	{ "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static struct bytes octets(const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *out = arena_take(test_mem, 1, len + 1);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(char_hex(hex[2 * i]) << 4 | char_hex(hex[2 * i + 1]));
	return bytes_of(out, len);
}

static bool openssl_takes(struct bytes key, struct bytes text, struct bytes signature)
{
	EVP_PKEY *made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.ptr, key.len);
	EVP_MD_CTX *work = EVP_MD_CTX_new();
	bool good = made && EVP_DigestVerifyInit(work, NULL, NULL, NULL, made) == 1 &&
		    EVP_DigestVerify(work, signature.ptr, signature.len, text.ptr, text.len) == 1;
	EVP_MD_CTX_free(work);
	EVP_PKEY_free(made);
	ERR_clear_error();
	return good;
}

/* The same from both; whether it is taken. */
static bool both_take(struct bytes key, struct bytes text, struct bytes signature)
{
	bool taken = ed25519_signed(key, text, signature);
	assert_int_equal(taken, openssl_takes(key, text, signature));
	return taken;
}

TEST(what_the_rfc_prints_is_taken_and_nothing_that_differs_by_a_bit) /* RFC 8032 §7.1 */
{
	for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
		struct bytes parts[] = { octets(vectors[v].key), octets(vectors[v].text),
			octets(vectors[v].signature) };
		assert_true(both_take(parts[0], parts[1], parts[2]));
		assert_true(ed25519_is_key(parts[0]));
		for (size_t part = 0; part < ARRAY_LEN(parts); part++)
			for (size_t bit = 0; bit < 8 * parts[part].len; bit += 3) {
				uint8_t *octet = (uint8_t *)(uintptr_t)parts[part].ptr + bit / 8;
				*octet ^= (uint8_t)(1 << bit % 8);
				assert_false(both_take(parts[0], parts[1], parts[2]));
				*octet ^= (uint8_t)(1 << bit % 8);
			}
	}
}

TEST(of_another_size_is_neither_key_nor_signature)
{
	struct bytes key = octets(vectors[1].key), text = octets(vectors[1].text);
	struct bytes signature = octets(vectors[1].signature);
	static const size_t lens[] = { 0, 1, 31, 33, 63, 65, 128 };
	uint8_t longer[128] = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		memcpy(longer, signature.ptr, signature.len);
		assert_false(both_take(key, text, bytes_of(longer, lens[i])));
		memcpy(longer, key.ptr, key.len);
		assert_false(both_take(bytes_of(longer, lens[i]), text, signature));
		assert_false(ed25519_is_key(bytes_of(longer, lens[i])));
	}
	assert_false(ed25519_signed(bytes_of(NULL, 0), text, signature));
	assert_false(ed25519_signed(key, text, bytes_of(NULL, 0)));
}

/* The order of the group added to the number of a good signature: the same number, spelled otherwise. */
TEST(a_number_not_below_the_order_is_refused) /* RFC 8032 §5.1.7 */
{
	struct bytes key = octets(vectors[0].key);
	assert_false(both_take(key, bytes_of("", 0),
		octets("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		       "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b")));
}

/* Of order 1, 2, 4, 4, 8, 8, 8 and 8, and their other spellings. */
static const char *const of_small_order[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

/*
 * By the point that changes nothing anybody signs every text, which OpenSSL 3.0 takes: its base point with the number
 * 1. A key of another small order takes one text of its order so.
 */
TEST(a_key_by_which_anybody_signs_is_none)
{
	struct bytes signature = octets("5866666666666666666666666666666666666666666666666666666666666666"
					"0100000000000000000000000000000000000000000000000000000000000000");
	struct bytes zero = octets("0100000000000000000000000000000000000000000000000000000000000000"
				   "0000000000000000000000000000000000000000000000000000000000000000");
	for (size_t i = 0; i < ARRAY_LEN(of_small_order); i++) {
		struct bytes key = octets(of_small_order[i]);
		assert_false(ed25519_is_key(key));
		for (uint8_t text = 0; text < 64; text++) {
			assert_false(ed25519_signed(key, bytes_of(&text, 1), signature));
			assert_false(ed25519_signed(key, bytes_of(&text, 1), zero));
		}
	}
}

TEST(what_is_off_the_curve_or_outside_the_group_is_no_key)
{
	static const char *const cases[] = {
		"0200000000000000000000000000000000000000000000000000000000000000",
		/* the first vector's and the point of order 2 */
		"16a567fe7d4ef5482ab4012c369bf8c5f11e8d0c2559dcda50fde59708f8aee5",
		/* p + 3: another spelling of 3 */
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_false(ed25519_is_key(octets(cases[i])));
}

TESTS(RUN(what_the_rfc_prints_is_taken_and_nothing_that_differs_by_a_bit),
	RUN(of_another_size_is_neither_key_nor_signature), RUN(a_number_not_below_the_order_is_refused),
	RUN(a_key_by_which_anybody_signs_is_none), RUN(what_is_off_the_curve_or_outside_the_group_is_no_key))
