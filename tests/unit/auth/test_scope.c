/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/auth/scope.h"

TEST(scopes_are_names_with_single_blanks) /* RFC 6749 §3.3 */
{
	uint64_t scopes;
	assert_true(scope_parse(STR("profile:read events:read events:read"), &scopes));
	assert_int_equal(scopes, PROFILE_READ | EVENTS_READ);
	assert_str(scope_text(test_mem, scopes), STR("events:read profile:read"));
	static const char *const bad[] = { "", " ", "events:read ", " events:read", "events:read  profile:read",
		"events", "EVENTS:READ", "owner" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(scope_parse(str_of(bad[i]), &scopes));
	uint64_t all = 0;
	for (size_t i = 0; i < scope_row_count; i++)
		all |= scope_rows[i].bit;
	assert_int_equal(all, SCOPES_ALL);
}

TESTS(RUN(scopes_are_names_with_single_blanks))
