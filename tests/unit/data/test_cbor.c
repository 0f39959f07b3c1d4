/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/cbor.h"

#define READ(octets, used) cbor_read(test_mem, bytes_of(octets, sizeof octets - 1), used)

TEST(members_are_found_by_text_and_number) /* RFC 8949 §3.1 */
{
	size_t used = 0;
	int64_t number = 0;
	struct bytes octets;
	struct str text;
	const struct cbor_item_t *map = READ("\xa4\x61\x61\x01\x03\x26\x20\x42\x01\x02\x62\x62\x62\x63\x78\x79\x7a"
					     " tail",
		&used);
	assert_non_null(map);
	assert_int_equal(used, 17);
	assert_true(cbor_as_int(cbor_member(map, STR("a")), &number));
	assert_int_equal(number, 1);
	assert_true(cbor_as_int(cbor_member_at(map, 3), &number));
	assert_int_equal(number, -7);
	assert_true(cbor_as_bytes(cbor_member_at(map, -1), &octets));
	assert_int_equal(octets.len, 2);
	assert_true(cbor_as_text(cbor_member(map, STR("bb")), &text));
	assert_str(text, STR("xyz"));
	assert_null(cbor_member(map, STR("c")));
	assert_null(cbor_member_at(map, 1));
	assert_false(cbor_as_int(cbor_member_at(map, -1), &number));
	assert_false(cbor_as_bytes(NULL, &octets));
}

TEST(a_key_that_is_there_twice_is_none) /* RFC 8949 §5.6 */
{
	size_t used;
	const struct cbor_item_t *map = READ("\xa2\x01\x02\x01\x03", &used);
	assert_non_null(map);
	assert_null(cbor_member_at(map, 1));
}

TEST(numbers_beyond_64_bits_with_sign_are_none)
{
	size_t used;
	int64_t number = 0;
	assert_false(cbor_as_int(READ("\x1b\xff\xff\xff\xff\xff\xff\xff\xff", &used), &number));
	assert_false(cbor_as_int(READ("\x3b\xff\xff\xff\xff\xff\xff\xff\xff", &used), &number));
	assert_true(cbor_as_int(READ("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", &used), &number));
	assert_true(number == INT64_MIN);
}

TEST(what_is_cut_deep_wide_or_of_no_canonical_form_is_refused)
{
	size_t used;
	uint8_t deep[64], wide[300] = { 0x99, 0x01, 0x20 };
	memset(deep, 0x81, sizeof deep);
	assert_null(cbor_read(test_mem, bytes_of(deep, sizeof deep), &used));
	assert_null(cbor_read(test_mem, bytes_of(wide, sizeof wide), &used));
	assert_null(READ("", &used));
	assert_null(READ("\xa1", &used));                                 /* a map without its member */
	assert_null(READ("\x42\x01", &used));                             /* octets that end early */
	assert_null(READ("\x5b\xff\xff\xff\xff\xff\xff\xff\xff", &used)); /* more than there can be */
	assert_null(READ("\x9b\x10\x00\x00\x00\x00\x00\x00\x00", &used)); /* likewise */
	assert_null(READ("\xbf\xff", &used));                             /* indefinite */
	assert_null(READ("\x5f\x41\x00\xff", &used));                     /* indefinite */
	assert_null(READ("\xc0\x01", &used));                             /* tagged */
	assert_null(READ("\x61\xff", &used));                             /* no UTF-8 */
	assert_null(READ("\x1c", &used));                                 /* reserved */
	assert_null(READ("\xf8\x20", &used));                             /* a simple value that nobody has */
	assert_non_null(READ("\x81\x81\x81\x81\x01", &used));             /* as deep as may be */
	assert_null(READ("\x81\x81\x81\x81\x81\x01", &used));             /* and one more */
	assert_non_null(READ("\x84\xf4\xf5\xf6\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", &used));
}

TESTS(RUN(members_are_found_by_text_and_number), RUN(a_key_that_is_there_twice_is_none),
	RUN(numbers_beyond_64_bits_with_sign_are_none), RUN(what_is_cut_deep_wide_or_of_no_canonical_form_is_refused))
