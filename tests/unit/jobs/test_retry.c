/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/jobs/retry.h"

static const int64_t waits_s[RETRIES] = { 5, 30, 120, 300, 600, 1200, 2400, 3600, 7200, 14400, 14400, 14400, 14400,
	14400, 14400, 14400, 14400, 14400, 14400, 14400, 14400, 14400, 14400, 14400 };

TEST(a_delivery_is_tried_again_twenty_four_times_within_three_days)
{
	static const uint32_t randoms[] = { 0, UINT32_MAX / 2, UINT32_MAX };
	for (size_t r = 0; r < ARRAY_LEN(randoms); r++) {
		struct retry t = { .created_at = test_cx.now, .now = test_cx.now, .random = randoms[r] };
		struct instant end = instant_add_s(t.created_at, RETRY_GIVEN_UP_S), next;
		unsigned retries = 0;
		for (t.number = 1; !instant_is_none(next = retry_next(&t)); t.number++) {
			int64_t wait_us = next.us - t.now.us, usual_us = waits_s[retries] * US_PER_S;
			assert_false(instant_before(end, next));
			if (instant_before(next, end)) {
				assert_true(wait_us >= usual_us * 4 / 5 - 1 && wait_us <= usual_us * 6 / 5 + 1);
				assert_true(randoms[r] != 0 || wait_us < usual_us);
				assert_true(randoms[r] != UINT32_MAX || wait_us > usual_us);
			}
			t.now = next;
			retries++;
		}
		assert_true(r == 2 ? retries >= 20 : retries == RETRIES);
	}
}

TEST(a_receiver_may_ask_for_more_time_but_not_for_ever)
{
	struct retry t = { .number = 1, .created_at = test_cx.now, .now = test_cx.now, .wait_s = 3600 };
	assert_int_equal(retry_next(&t).us, t.now.us + 3600 * US_PER_S);
	t.wait_s = 1;
	assert_true(retry_next(&t).us >= t.now.us + 4 * US_PER_S);
	t.wait_s = INT32_MAX;
	assert_int_equal(retry_next(&t).us, t.now.us + 86400 * US_PER_S);
	t.now = instant_add_s(t.created_at, RETRY_GIVEN_UP_S);
	assert_true(instant_is_none(retry_next(&t)));
}

TEST(retry_after_is_seconds_or_a_date) /* RFC 9110 §10.2.3 */
{
	static const struct {
		const char *value;
		int64_t seconds;
	} cases[] = { { "0", 0 }, { "17", 17 }, { "-1", 0 }, { "soon", 0 }, { "", 0 }, { "99999999999999999999", 0 },
		{ "Mon, 24 Nov 2025 16:01:00 GMT", 60 }, { "Mon, 24 Nov 2025 15:59:00 GMT", 0 } };
	assert_int_equal(retry_after_s(STR_ABSENT, test_cx.now), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (retry_after_s(str_of(cases[i].value), test_cx.now) != cases[i].seconds)
			fail_msg("%s", cases[i].value);
}

TESTS(RUN(a_delivery_is_tried_again_twenty_four_times_within_three_days),
	RUN(a_receiver_may_ask_for_more_time_but_not_for_ever), RUN(retry_after_is_seconds_or_a_date))
