/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/region.h"

#include "server/data/catalogue.h"
#include "tests/support/test.h"

TEST(times_are_told_as_cldr_has_it_for_the_region)
{
	static const struct {
		const char *tag;
		bool hours_12;
		int week_start;
	} cases[] = {
		{ "en-US", true, 7 },
		{ "en-GB", false, 1 },
		{ "en-AU", true, 1 },
		{ "de", false, 1 },
		{ "de-US", true, 7 },
		{ "fr-CA", false, 7 }, /* the language has hours of its own there */
		{ "ar-EG", true, 6 },
		{ "fa-IR", false, 6 },
		{ "dv-MV", false, 5 },
		{ "zh-Hant-TW", true, 7 },
		{ "en-US-u-hc-h23", true, 7 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct manner manner = region_manner(str_of(cases[i].tag));
		assert_int_equal(manner.hours_12, cases[i].hours_12);
		assert_int_equal(manner.week_start, cases[i].week_start);
	}
}

TEST(what_is_no_tag_of_a_place_is_24_hours_and_monday)
{
	static const char *const tags[] = { NULL, "", "*", "-", "en_US", "en-US\"", "en US", "tlh", "en-XX", "x-yy",
		"en-US-en-US-en-US-en-US-en-US-en-US-en-US", "\xff\xfe", "a", "en-u-", "@calendar=x" };
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		struct manner manner = region_manner(str_of(tags[i]));
		assert_false(manner.hours_12);
		assert_int_equal(manner.week_start, 1);
	}
	assert_false(region_manner((struct str){ "en-US\0x", 7 }).hours_12);
}

TEST(the_tag_that_is_liked_best_says_where_its_reader_is)
{
	assert_str(catalogue_liked(STR("de;q=0.5, fr-CA, en;q=0.9")), STR("fr-CA"));
	assert_str(catalogue_liked(STR("*, en-US ;q=0.1")), STR("en-US"));
	assert_null(catalogue_liked(STR("en;q=0")).ptr);
	assert_null(catalogue_liked(STR_ABSENT).ptr);
}

TESTS(RUN(times_are_told_as_cldr_has_it_for_the_region), RUN(what_is_no_tag_of_a_place_is_24_hours_and_monday),
	RUN(the_tag_that_is_liked_best_says_where_its_reader_is))
