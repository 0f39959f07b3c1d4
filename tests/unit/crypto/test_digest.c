/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/crypto/digest.h"

static struct bytes repeated(uint8_t octet, size_t count)
{
	uint8_t *ptr = arena_take(test_mem, count, 1);
	memset(ptr, octet, count);
	return bytes_of(ptr, count);
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

TEST(sha256_is_that_of_fips_180)
{
	const struct {
		struct bytes data;
		struct str hash;
	} cases[] = {
		{ text(""), STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") },
		{ text("abc"), STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") },
		{ text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
			STR("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1") },
		{ repeated('a', 1000000), STR("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") },
	};
	uint8_t hash[SHA256_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		sha256(cases[i].data, hash);
		assert_str(hex_of(test_mem, bytes_of(hash, sizeof hash)), cases[i].hash);
	}
}

TEST(hmac_is_that_of_rfc_4231)
{
	const struct {
		struct bytes key, data;
		struct str mac;
	} cases[] = {
		{ repeated(0x0b, 20), text("Hi There"),
			STR("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7") },
		{ text("Jefe"), text("what do ya want for nothing?"),
			STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") },
		{ repeated(0xaa, 20), repeated(0xdd, 50),
			STR("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe") },
		{ repeated(0xaa, 131), text("Test Using Larger Than Block-Size Key - Hash Key First"),
			STR("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54") },
	};
	uint8_t mac[SHA256_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		hmac_sha256(cases[i].key, cases[i].data, mac);
		assert_str(hex_of(test_mem, bytes_of(mac, sizeof mac)), cases[i].mac);
	}
}

TEST(hkdf_without_salt_is_that_of_rfc_5869) /* appendix A.3 */
{
	uint8_t out[42];
	hkdf_sha256(repeated(0x0b, 22), STR(""), out, sizeof out);
	assert_str(hex_of(test_mem, bytes_of(out, sizeof out)),
		STR("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
}

TEST(hkdf_binds_its_info)
{
	uint8_t a[HKDF_MAX], b[HKDF_MAX], shorter[32];
	hkdf_sha256(repeated(1, 32), STR("one"), a, sizeof a);
	hkdf_sha256(repeated(1, 32), STR("two"), b, sizeof b);
	hkdf_sha256(repeated(1, 32), STR("one"), shorter, sizeof shorter);
	assert_memory_not_equal(a, b, sizeof a);
	assert_memory_equal(a, shorter, sizeof shorter);
}

TESTS(RUN(sha256_is_that_of_fips_180), RUN(hmac_is_that_of_rfc_4231), RUN(hkdf_without_salt_is_that_of_rfc_5869),
	RUN(hkdf_binds_its_info))
