/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <assert.h>

#include "server/crypto/digest.h"
#include "server/crypto/secret.h"

static const struct {
	enum secret_kind kind;
	struct str prefix;
	size_t len;
	bool has_account;
} kinds[] = {
	{ SECRET_CP, STR_INIT("cp_"), 67, true },
	{ SECRET_SK_LIVE, STR_INIT("sk_live_"), 8 + 61, true },
	{ SECRET_SK_TEST, STR_INIT("sk_test_"), 8 + 61, true },
	{ SECRET_RK_LIVE, STR_INIT("rk_live_"), 8 + 61, true },
	{ SECRET_RK_TEST, STR_INIT("rk_test_"), 8 + 61, true },
	{ SECRET_PK_LIVE, STR_INIT("pk_live_"), 8 + 61, true },
	{ SECRET_PK_TEST, STR_INIT("pk_test_"), 8 + 61, true },
	{ SECRET_ACCESS, STR_INIT("cat_"), 4 + 66, true },
	{ SECRET_REFRESH, STR_INIT("crt_"), 4 + 98, true },
	{ SECRET_CODE, STR_INIT("cac_"), 4 + 82, true },
	{ SECRET_CLIENT, STR_INIT("cls_"), 4 + 49, false },
	{ SECRET_SESSION, STR_INIT("ses_"), 4 + 60, true },
	{ SECRET_FEED, STR_INIT("cft_"), 4 + 82, true },
	{ SECRET_BOOKING, STR_INIT("cbk_"), 4 + 82, true },
	{ SECRET_DEVICE, STR_INIT("cds_"), 4 + 49, false },
	{ SECRET_REGISTRATION, STR_INIT("cri_"), 4 + 49, false },
	{ SECRET_MANAGE, STR_INIT("crm_"), 4 + 49, false },
	{ SECRET_MAILBOX, STR_INIT("cml_"), 4 + 60, true },
};

static struct bytes tag_key(void)
{
	return bytes_of("0123456789abcdef0123456789abcdef", 32);
}

static struct str made(enum secret_kind kind, struct id account)
{
	struct secret_parts parts = { .kind = kind, .account = account, .expiry_hour = 490001, .generation = 7 };
	parts.family = account;
	bool tagged = kind == SECRET_REFRESH || kind == SECRET_FEED || kind == SECRET_BOOKING;
	return secret_new(test_mem, &parts, tagged ? tag_key() : (struct bytes){ NULL, 0 });
}

TEST(every_kind_is_written_in_its_format_and_read_back)
{
	static_assert(ARRAY_LEN(kinds) == SECRET_KINDS, "a row for each kind");
	struct id account = id_in_mode(id_new(test_cx.now), true);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct str text = made(kinds[i].kind, account);
		struct secret_parts parts;
		assert_int_equal(text.len, kinds[i].len);
		assert_true(str_starts(text, kinds[i].prefix));
		assert_true(secret_parse(test_mem, text, &parts));
		assert_int_equal(parts.kind, kinds[i].kind);
		assert_int_equal(id_eq(parts.account, account), kinds[i].has_account);
	}
}

TEST(what_a_secret_carries_comes_back)
{
	struct id account = id_new(test_cx.now);
	struct secret_parts parts;
	assert_true(secret_parse(test_mem, made(SECRET_ACCESS, account), &parts));
	assert_int_equal(parts.expiry_hour, 490001);
	assert_true(secret_parse(test_mem, made(SECRET_CODE, account), &parts));
	assert_true(id_eq(parts.family, account));
	assert_true(secret_parse(test_mem, made(SECRET_REFRESH, account), &parts));
	assert_true(id_eq(parts.family, account));
	assert_int_equal(parts.generation, 7);
}

TEST(no_two_secrets_are_alike_even_in_what_lists_show)
{
	struct id account = id_new(test_cx.now);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct str a = made(kinds[i].kind, account), b = made(kinds[i].kind, account);
		if (kinds[i].kind == SECRET_FEED || kinds[i].kind == SECRET_BOOKING) { /* nothing random: a MAC */
			assert_str(a, b);
			continue;
		}
		assert_false(str_eq(a, b));
		/* access tokens begin with version and hour, and are never listed */
		if (kinds[i].kind != SECRET_ACCESS)
			assert_false(str_eq(secret_prefix(test_mem, a), secret_prefix(test_mem, b)));
		assert_int_equal(secret_prefix(test_mem, a).len, kinds[i].prefix.len + 6);
	}
}

/* The product's page: its example key, and the prefix that its list shows. */
TEST(the_published_example_is_a_key_and_lists_as_published)
{
	struct str example = STR("cp_8f3a1c4e9b7d2f6a5c8e1b4d7f0a3c6e9b2d5f8a1c4e7b0d3f6a9c2e5b8d1f4");
	struct secret_parts parts;
	/* the page shows 63 digits, one short of the 64 that its text speaks of */
	assert_false(secret_parse(test_mem, example, &parts));
	struct str whole = str_cat(test_mem, example, STR("0"));
	assert_true(secret_parse(test_mem, whole, &parts));
	assert_str(secret_prefix(test_mem, whole), STR("cp_8f3a1c"));
}

TEST(junk_is_refused_without_the_database)
{
	const struct str cases[] = {
		STR_ABSENT,
		STR(""),
		STR("cp_"),
		STR("cp_8F3A1C4E9B7D2F6A5C8E1B4D7F0A3C6E9B2D5F8A1C4E7B0D3F6A9C2E5B8D1F40"),
		STR("cp_8f3a1c4e9b7d2f6a5c8e1b4d7f0a3c6e9b2d5f8a1c4e7b0d3f6a9c2e5b8d1f4g"),
		STR("cp_8f3a1c4e9b7d2f6a5c8e1b4d7f0a3c6e9b2d5f8a1c4e7b0d3f6a9c2e5b8d1f4000"),
		STR("CP_8f3a1c4e9b7d2f6a5c8e1b4d7f0a3c6e9b2d5f8a1c4e7b0d3f6a9c2e5b8d1f40"),
		STR("sk_test_4eC39HqLyjWDarjtT1zdp7dc"), /* the other product page's example */
		STR("password"),
	};
	struct secret_parts parts;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (secret_parse(test_mem, cases[i], &parts))
			fail_msg("accepted: %.*s", STR_ARG(cases[i]));
}

TEST(a_typing_error_anywhere_is_noticed_by_the_checksum)
{
	struct id account = id_new(test_cx.now);
	struct secret_parts parts;
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++) { /* cp_ has no room for one */
		struct str text = made(kinds[i].kind, account);
		for (size_t k = 0; k < text.len; k++) {
			char *typo = arena_take(test_mem, text.len, 1);
			memcpy(typo, text.ptr, text.len);
			typo[k] = typo[k] == 'a' ? 'b' : 'a';
			if (secret_parse(test_mem, (struct str){ typo, text.len }, &parts))
				fail_msg("octet %zu of %.*s", k, STR_ARG(text));
			assert_false(secret_parse(test_mem, str_sub(text, 0, k), &parts));
		}
	}
}

TEST(a_tag_tells_issued_refresh_tokens_from_made_up_ones)
{
	struct str text = made(SECRET_REFRESH, id_new(test_cx.now));
	struct secret_parts parts;
	assert_true(secret_parse(test_mem, text, &parts));
	assert_true(secret_tag_true(&parts, text, tag_key()));
	assert_false(secret_tag_true(&parts, text, bytes_of("another key of thirty-two octets", 32)));
}

TEST(a_feed_is_opened_by_the_key_of_its_calendar_alone)
{
	struct id account = id_new(test_cx.now);
	struct str text = made(SECRET_FEED, account);
	struct secret_parts parts;
	assert_true(secret_parse(test_mem, text, &parts));
	assert_true(id_eq(parts.family, account));
	assert_int_equal(parts.tag.len, 24);
	assert_true(secret_tag_true(&parts, text, tag_key()));
	assert_false(secret_tag_true(&parts, text, bytes_of("another key of thirty-two octets", 32)));
}

TESTS(RUN(every_kind_is_written_in_its_format_and_read_back), RUN(what_a_secret_carries_comes_back),
	RUN(no_two_secrets_are_alike_even_in_what_lists_show),
	RUN(the_published_example_is_a_key_and_lists_as_published), RUN(junk_is_refused_without_the_database),
	RUN(a_typing_error_anywhere_is_noticed_by_the_checksum),
	RUN(a_tag_tells_issued_refresh_tokens_from_made_up_ones),
	RUN(a_feed_is_opened_by_the_key_of_its_calendar_alone))
