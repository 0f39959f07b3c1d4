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

/* RFC 9562 §6.2: within a millisecond, within a microsecond, and when the clock goes back. */
TEST(ids_are_in_the_order_in_which_they_were_made)
{
	struct id last = id_new(test_cx.now);
	for (int i = 0; i < 20000; i++) {
		struct instant at = { test_cx.now.us + i / 20 * (i % 3 == 0 ? -1 : 1) };
		struct id next = id_new(at);
		if (id_cmp(last, next) >= 0)
			fail_msg("the id %d is not after the one before", i);
		last = next;
	}
}

TEST(an_id_tells_its_microsecond)
{
	struct instant at = { INT64_C(4102444800123456) }; /* 2100: after all that this program makes */
	struct id id = id_new(at);
	const uint64_t ms = UINT64_C(4102444800123);
	for (int i = 0; i < 6; i++)
		assert_int_equal(id.octets[i], (uint8_t)(ms >> (40 - 8 * i)));
	assert_int_equal(id.octets[6] >> 4, 7);
	assert_int_equal((id.octets[6] & 0x0F) << 8 | id.octets[7], 456 * 4096 / 1000);
	assert_int_equal(id.octets[8] >> 6, 2);
}

TEST(the_test_twin_differs_in_the_last_bit_alone)
{
	struct id live = id_new(test_cx.now), twin = id_in_mode(live, true);
	assert_false(id_is_test(live));
	assert_true(id_is_test(twin));
	assert_true(id_eq(id_in_mode(twin, false), live));
}

TESTS(RUN(an_id_survives_its_text), RUN(texts_that_are_no_ids_are_refused), RUN(ids_sort_by_time),
	RUN(ids_are_in_the_order_in_which_they_were_made), RUN(the_test_twin_differs_in_the_last_bit_alone),
	RUN(an_id_tells_its_microsecond))
