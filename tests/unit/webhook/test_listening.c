/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/webhook/listening.h"

static struct id account(unsigned number)
{
	return (struct id){ { [0] = 1, [14] = (uint8_t)number, [15] = (uint8_t)(number >> 8) } };
}

/* What a look at the database would find. */
static void look_up(struct listening *listening, bool listened, uint64_t now_ms)
{
	struct id asked[LISTENING_ASKED_MAX];
	size_t count = listening_asked(listening, asked);
	for (size_t i = 0; i < count; i++)
		listening_learn(listening, asked[i], listened, now_ms);
}

TEST(who_is_not_known_may_be_listened_to_and_is_looked_up_once)
{
	struct listening *listening = listening_open();
	struct id asked[LISTENING_ASKED_MAX];
	assert_true(listening_may(listening, account(1), 0));
	assert_true(listening_may(listening, account(1), 0));
	assert_int_equal(listening_asked(listening, asked), 1);
	assert_true(id_eq(asked[0], account(1)));
	assert_int_equal(listening_asked(listening, asked), 0);
	listening_learn(listening, account(1), false, 0);
	assert_false(listening_may(listening, account(1), 1));
	assert_int_equal(listening_asked(listening, asked), 0);
	listening_close(listening);
}

TEST(what_is_known_is_believed_for_a_while)
{
	struct listening *listening = listening_open();
	listening_may(listening, account(1), 0);
	look_up(listening, false, 0);
	assert_false(listening_may(listening, account(1), LISTENING_FOR_MS - 1));
	assert_true(listening_may(listening, account(1), LISTENING_FOR_MS));
	look_up(listening, true, LISTENING_FOR_MS);
	assert_true(listening_may(listening, account(1), LISTENING_FOR_MS));
	assert_true(listening_may(listening, account(2), LISTENING_FOR_MS));
	listening_close(listening);
}

TEST(what_changed_while_it_was_looked_up_is_not_believed)
{
	struct listening *listening = listening_open();
	struct id asked[LISTENING_ASKED_MAX];
	listening_may(listening, account(1), 0);
	assert_int_equal(listening_asked(listening, asked), 1);
	listening_forget(listening, account(1)); /* an endpoint was made */
	listening_learn(listening, account(1), false, 0);
	assert_true(listening_may(listening, account(1), 1));
	look_up(listening, false, 1);
	assert_false(listening_may(listening, account(1), 2));
	listening_forget(listening, account(1));
	assert_true(listening_may(listening, account(1), 2));
	listening_close(listening);
}

TEST(two_in_one_place_and_more_than_are_looked_up_at_once_only_ask_more)
{
	struct listening *listening = listening_open();
	struct id asked[LISTENING_ASKED_MAX];
	listening_may(listening, account(1), 0);
	assert_true(listening_may(listening, account(1 + LISTENING_SLOTS), 0));
	look_up(listening, false, 0);
	assert_true(listening_may(listening, account(1), 1));
	for (unsigned i = 0; i < LISTENING_SLOTS; i++)
		listening_may(listening, account(i), 10 * LISTENING_FOR_MS);
	size_t count = 0, one;
	while ((one = listening_asked(listening, asked)) > 0) {
		assert_true(one <= LISTENING_ASKED_MAX);
		count += one;
	}
	assert_int_equal(count, LISTENING_SLOTS);
	listening_close(listening);
}

TESTS(RUN(who_is_not_known_may_be_listened_to_and_is_looked_up_once), RUN(what_is_known_is_believed_for_a_while),
	RUN(what_changed_while_it_was_looked_up_is_not_believed),
	RUN(two_in_one_place_and_more_than_are_looked_up_at_once_only_ask_more))
