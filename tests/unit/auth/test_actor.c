/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/auth/actor.h"

static struct id id_of(uint8_t last)
{
	return (struct id){ { [0] = 1, [15] = last } };
}

static const struct principal reader = { .kind = TOKEN,
	.account = { { [0] = 1, [15] = 2 } },
	.scopes = EVENTS_READ,
	.credential = { { [0] = 1, [15] = 6 } } };

TEST(in_their_own_tree_the_asker_has_what_the_credential_gives)
{
	struct id only = id_of(8);
	struct principal p = reader;
	struct actor actor;
	p.calendars = (struct id_list){ &only, 1 };
	assert_ok(actor_resolve(&test_cx, &p, id_of(2), &actor));
	assert_true(id_eq(actor.owner, id_of(2)));
	assert_int_equal(actor.rights, EVENTS_READ);
	assert_ptr_equal(actor.calendars.items, &only);
	assert_int_equal(actor.calendars.count, 1);
}

/* Live and test data are two trees: a credential opens one of them. */
TEST(in_the_tree_of_another_or_in_the_other_world_there_is_nothing_for_them)
{
	struct actor actor = { .rights = 77 };
	assert_err(actor_resolve(&test_cx, &reader, id_of(4), &actor), ACCOUNT_MISMATCH);
	assert_err(actor_resolve(&test_cx, &reader, id_in_mode(id_of(2), true), &actor), ACCOUNT_MISMATCH);
	assert_err(actor_resolve(&test_cx, &reader, (struct id){ { 0 } }, &actor), ACCOUNT_MISMATCH);
	assert_int_equal(actor.rights, 77);
}

TEST(the_server_itself_may_everything)
{
	struct actor actor = actor_server(id_of(2));
	assert_int_equal(actor.rights, (uint64_t)SCOPES_ALL | OWNER);
	assert_null(actor.calendars.items);
}

TESTS(RUN(in_their_own_tree_the_asker_has_what_the_credential_gives),
	RUN(in_the_tree_of_another_or_in_the_other_world_there_is_nothing_for_them),
	RUN(the_server_itself_may_everything))
