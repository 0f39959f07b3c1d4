/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>

#include "web/visitors.h"

static struct visitor visitor_named(const char *cookie)
{
	struct visitor v = { 0 };
	snprintf(v.cookie, sizeof v.cookie, "%s", cookie);
	snprintf(v.state, sizeof v.state, "state of %s", cookie);
	return v;
}

TEST(a_state_is_taken_once_and_by_who_asked) /* RFC 9700 §2.1.1 */
{
	struct visitors *all = visitors_open();
	struct visitor ann = visitor_named("ann"), bob = visitor_named("bob"), got;
	visitors_keep(all, &ann);
	visitors_keep(all, &bob);
	assert_false(visitors_claim(all, STR("ann"), STR("state of bob"), &got));
	assert_false(visitors_claim(all, STR("eve"), STR("state of ann"), &got));
	assert_false(visitors_claim(all, STR("ann"), STR_ABSENT, &got));
	assert_true(visitors_claim(all, STR("ann"), STR("state of ann"), &got));
	assert_false(visitors_claim(all, STR("ann"), STR("state of ann"), &got));
	assert_false(visitors_claim(all, STR("ann"), STR(""), &got));
	visitors_close(all);
}

TEST(an_absent_cookie_is_nobody)
{
	struct visitors *all = visitors_open();
	struct visitor got;
	assert_false(visitors_find(all, STR_ABSENT, &got));
	assert_false(visitors_find(all, STR(""), &got));
	visitors_close(all);
}

TEST(the_longest_unseen_makes_room)
{
	struct visitors *all = visitors_open();
	struct visitor v = visitor_named("first"), got;
	visitors_keep(all, &v);
	for (int i = 0; i < VISITORS_MAX; i++) {
		char cookie[16];
		snprintf(cookie, sizeof cookie, "%d", i);
		v = visitor_named(cookie);
		visitors_keep(all, &v);
		if (i == 0)
			assert_true(visitors_find(all, STR("first"), &got));
	}
	assert_true(visitors_find(all, STR("first"), &got));
	assert_false(visitors_find(all, STR("0"), &got));
	visitors_close(all);
}

TESTS(RUN(a_state_is_taken_once_and_by_who_asked), RUN(an_absent_cookie_is_nobody), RUN(the_longest_unseen_makes_room))
