/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/json_mask.h"

TEST(a_text_is_written_as_its_mask_shows)
{
	const struct {
		const char *mask;
		struct str text;
		bool fits;
	} cases[] = {
		{ "#RRGGBB", STR("#3366CC"), true },
		{ "#RRGGBB", STR("#aAfF09"), true },
		{ "#RRGGBB", STR("red"), false },
		{ "#RRGGBB", STR(""), false },
		{ "#RRGGBB", STR("33366CC"), false },
		{ "#RRGGBB", STR("#3366C"), false },
		{ "#RRGGBB", STR("#3366CC0"), false },
		{ "#RRGGBB", STR("#3366CG"), false },
		{ "#RRGGBB", STR("#3366C\0"), false },
		{ "HH:MM", STR("09:00"), true },
		{ "HH:MM", STR("9:00 "), false },
		{ "HH:MM", STR("0A:00"), false },
		{ "HH:MM", STR("09.00"), false },
		{ "YYYY-MM-DD", STR("2026-12-24"), true },
		{ "YYYY-MM-DD", STR("2026-12-2D"), false },
		{ "YYYY-MM-DD", STR("24/12/2026"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (json_mask_fits(cases[i].mask, cases[i].text) != cases[i].fits)
			fail_msg("%s: %.*s", cases[i].mask, STR_ARG(cases[i].text));
}

TEST(a_mask_is_a_pattern) /* JSON Schema 2020-12 §6.3.3 */
{
	assert_str(json_mask_pattern(test_cx.mem, "#RRGGBB"), STR("^#[0-9A-Fa-f]{6}$"));
	assert_str(json_mask_pattern(test_cx.mem, "HH:MM"), STR("^[0-9]{2}:[0-9]{2}$"));
	assert_str(json_mask_pattern(test_cx.mem, "YYYY-MM-DD"), STR("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));
}

TESTS(RUN(a_text_is_written_as_its_mask_shows), RUN(a_mask_is_a_pattern))
