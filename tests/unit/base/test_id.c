/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/id.h"

TEST(an_id_survives_its_text)
{
	struct id id = id_new(test_cx.now), back;
	struct str text = id_text(test_mem, "evt", id);
	assert_int_equal(text.len, 4 + ID_DIGITS);
	assert_true(id_parse(text, "evt", &back));
	assert_true(id_eq(id, back));
	assert_false(id_parse(text, "cal", &back));
}

TEST(texts_that_are_no_ids_are_refused)
{
	const struct str cases[] = {
		STR(""),
		STR("evt_"),
		STR("evt_zzzzzzzzzzzzzzzzzzzzzz"), /* over 2^128 */
		STR("evt_000000000000000000000"),
		STR("evt_00000000000000000000000"),
		STR("evt_000000000000000000000-"),
		STR("evt-0000000000000000000000"),
	};
	struct id id;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (id_parse(cases[i], "evt", &id))
			fail_msg("accepted: %.*s", STR_ARG(cases[i]));
}

TEST(ids_sort_by_time)
{
	struct id early = id_new(instant_of_s(1000)), late = id_new(instant_of_s(2000));
	assert_true(id_cmp(early, late) < 0);
}

TEST(the_test_twin_differs_in_the_last_bit_alone)
{
	struct id live = id_new(test_cx.now), twin = id_in_mode(live, true);
	assert_false(id_is_test(live));
	assert_true(id_is_test(twin));
	assert_true(id_eq(id_in_mode(twin, false), live));
}

TESTS(RUN(an_id_survives_its_text), RUN(texts_that_are_no_ids_are_refused), RUN(ids_sort_by_time),
	RUN(the_test_twin_differs_in_the_last_bit_alone))
