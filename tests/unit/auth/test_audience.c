/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/auth/audience.h"

static const struct str here = STR_INIT("https://cal.example");

TEST(a_resource_indicator_is_one_of_our_urls_or_below_it) /* RFC 8707 §2 */
{
	static const struct {
		const char *uri;
		int16_t bit;
	} good[] = {
		{ "https://cal.example", 0 },
		{ "https://cal.example/", 0 },
		{ "https://cal.example/v1", AUDIENCE_API },
		{ "https://cal.example/v1/events", AUDIENCE_API },
		{ "https://cal.example/mcp", AUDIENCE_MCP },
		{ "https://cal.example/mcp/", AUDIENCE_MCP },
		{ "https://cal.example/dav/calendars/usr_x/default/", AUDIENCE_DAV },
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int16_t bit = -1;
		assert_true(audience_parse(here, str_of(good[i].uri), &bit));
		assert_int_equal(bit, good[i].bit);
	}
}

TEST(nothing_near_one_of_our_urls_is_one)
{
	static const char *const bad[] = { "", "https://cal.example.evil", "https://cal.example:443/v1",
		"https://cal.example@evil.example/v1", "http://cal.example/v1", "HTTPS://cal.example/v1", "/v1",
		"https://cal.example/v10", "https://cal.example//v1", "https://cal.example/V1",
		"https://cal.example/v1#f", "https://cal.example/v1?x", "https://cal.example/keys", "mcp" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int16_t bit = 77;
		assert_false(audience_parse(here, str_of(bad[i]), &bit));
		assert_int_equal(bit, 77);
	}
}

TEST(a_set_is_told_as_its_urls)
{
	assert_str(audience_text(test_mem, here, 0), STR("https://cal.example"));
	assert_str(audience_text(test_mem, here, AUDIENCE_API | AUDIENCE_MCP),
		STR("https://cal.example/v1 https://cal.example/mcp"));
	for (size_t i = 0; i < audience_row_count; i++) {
		assert_ptr_equal(audience_of_bit(audience_rows[i].bit), &audience_rows[i]);
		assert_ptr_equal(audience_of_path(str_of(audience_rows[i].path)), &audience_rows[i]);
	}
	assert_null(audience_of_path(STR("/x")));
}

TESTS(RUN(a_resource_indicator_is_one_of_our_urls_or_below_it), RUN(nothing_near_one_of_our_urls_is_one),
	RUN(a_set_is_told_as_its_urls))
