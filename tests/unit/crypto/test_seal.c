/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"

static struct bytes hex(const char *text)
{
	struct bytes out;
	assert_true(hex_to(test_mem, str_of(text), &out));
	return out;
}

/* The GCM specification (McGrew, Viega), test cases 14 and 16, laid out as we do: nonce, ciphertext, tag. */
TEST(what_others_sealed_with_aes_256_gcm_is_opened)
{
	struct bytes plain;
	struct bytes zero_key = hex("0000000000000000000000000000000000000000000000000000000000000000");
	assert_true(unseal(test_mem, zero_key, STR(""),
		hex("000000000000000000000000"
		    "cea7403d4d606b6e074ec5d3baf39d18"
		    "d0d1c8a799996bf0265b98b5d48ab919"),
		&plain));
	assert_str(hex_of(test_mem, plain), STR("00000000000000000000000000000000"));

	struct bytes context = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
	assert_true(unseal(test_mem, hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
		bytes_str(context),
		hex("cafebabefacedbaddecaf888"
		    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		    "76fc6ece0f4e1768cddf8853bb2d551b"),
		&plain));
	assert_str(hex_of(test_mem, plain), STR("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
						"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
}

TEST(what_was_altered_truncated_or_belongs_elsewhere_is_not_opened)
{
	struct bytes key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	struct bytes other = hex("ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	struct bytes sealed = seal(test_mem, key, STR("endpoint 1"), bytes_of("whsec", 5)), plain;
	assert_int_equal(sealed.len, 12 + 5 + 16);
	assert_true(unseal(test_mem, key, STR("endpoint 1"), sealed, &plain));
	assert_str((bytes_str(plain)), STR("whsec"));

	assert_false(unseal(test_mem, key, STR("endpoint 2"), sealed, &plain));
	assert_false(unseal(test_mem, other, STR("endpoint 1"), sealed, &plain));
	for (size_t len = 0; len < sealed.len; len++)
		assert_false(unseal(test_mem, key, STR("endpoint 1"), bytes_of(sealed.ptr, len), &plain));
	for (size_t i = 0; i < sealed.len; i++) {
		uint8_t *altered = arena_take(test_mem, sealed.len, 1);
		memcpy(altered, sealed.ptr, sealed.len);
		altered[i] ^= 1;
		assert_false(unseal(test_mem, key, STR("endpoint 1"), bytes_of(altered, sealed.len), &plain));
	}
}

TEST(the_same_text_is_sealed_differently_each_time)
{
	struct bytes key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	struct bytes a = seal(test_mem, key, STR(""), bytes_of("x", 1)),
		     b = seal(test_mem, key, STR(""), bytes_of("x", 1));
	assert_memory_not_equal(a.ptr, b.ptr, a.len);
}

/* A folder of its own, removed at the end. */
static const char *secret_file(void)
{
	char *folder = arena_take(test_mem, 64, 1);
	strncpy(folder, "/tmp/calends-keyring-XXXXXX", 63);
	assert_non_null(mkdtemp(folder));
	return str_fmt(test_mem, "%s/secret.key", folder).ptr;
}

static void forget(const char *file)
{
	unlink(file);
	rmdir(str_c(test_mem, str_sub(str_of(file), 0, strlen(file) - strlen("/secret.key"))));
}

TEST(the_secret_key_file_is_made_once_and_gives_the_same_keys_again)
{
	const char *file = secret_file();
	struct keyring *first, *second;
	struct stat st;
	assert_ok(keyring_open(&test_cx, file, &first));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, KEYRING_KEY_SIZE);
	assert_ok(keyring_open(&test_cx, file, &second));
	struct bytes tag = keyring_key(first, test_mem, "refresh-tag");
	assert_int_equal(tag.len, KEYRING_KEY_SIZE);
	assert_memory_equal(tag.ptr, keyring_key(second, test_mem, "refresh-tag").ptr, tag.len);
	assert_memory_not_equal(tag.ptr, keyring_key(first, test_mem, "csrf").ptr, tag.len);
	keyring_close(first);
	keyring_close(second);
	forget(file);
}

TEST(a_secret_key_file_that_cannot_be_trusted_is_refused)
{
	const char *file = secret_file();
	struct keyring *keys;
	int fd = open(file, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "0123456789abcdef0123456789abcde", 31), 31);
	assert_err(keyring_open(&test_cx, file, &keys), INVALID_VALUE);
	assert_int_equal(write(fd, "f", 1), 1);
	assert_int_equal(fchmod(fd, 0660), 0);
	assert_err(keyring_open(&test_cx, file, &keys), INVALID_VALUE);
	assert_int_equal(fchmod(fd, 0400), 0);
	assert_ok(keyring_open(&test_cx, file, &keys));
	keyring_close(keys);
	close(fd);
	forget(file);
	assert_err(keyring_open(&test_cx, "/nonexistent/folder/secret.key", &keys), INVALID_VALUE);
}

TESTS(RUN(what_others_sealed_with_aes_256_gcm_is_opened),
	RUN(what_was_altered_truncated_or_belongs_elsewhere_is_not_opened),
	RUN(the_same_text_is_sealed_differently_each_time),
	RUN(the_secret_key_file_is_made_once_and_gives_the_same_keys_again),
	RUN(a_secret_key_file_that_cannot_be_trusted_is_refused))
