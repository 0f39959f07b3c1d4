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
	assert_int_equal(all, SCOPES_ASKABLE);
}

TEST(what_is_missing_is_named_with_all_that_is_needed) /* RFC 6750 §3.1 */
{
	const uint64_t needed = CALENDARS_READ | EVENTS_READ;
	assert_ok(scopes_require(&test_cx, needed | PROFILE_READ, needed));
	assert_ok(scopes_require(&test_cx, 0, 0));
	err_t e = scopes_require(&test_cx, EVENTS_READ, needed);
	assert_err(e, INSUFFICIENT_SCOPE);
	assert_int_equal(e->scopes, needed);
	assert_err(scopes_require(&test_cx, SCOPES_ALL, needed | OWNER), KEY_KIND_NOT_ALLOWED);
}

TEST(aliases_come_back_in_the_words_that_were_used) /* draft-ietf-mailmaint-oauth-public §scopes */
{
	const uint64_t calendars = CALENDARS_READ | CALENDARS_WRITE | CALENDARS_MANAGE | EVENTS_READ | EVENTS_WRITE;
	const struct str words = STR("urn:ietf:params:oauth:scope:calendars offline_access");
	uint64_t scopes;
	assert_false(scope_parse(words, &scopes));
	assert_true(scope_parse_spoken(words, &scopes));
	assert_true(scopes == (calendars | SCOPE_CALENDAR_CLIENT | SCOPE_OFFLINE));
	assert_true(scope_spoken(scopes, calendars) == scopes);
	assert_true(scope_spoken(scopes, EVENTS_READ) == (EVENTS_READ | SCOPE_OFFLINE));
	assert_true(scope_spoken(0, scopes) == calendars);
	assert_str(scope_text_spoken(test_mem, EVENTS_READ | SCOPE_CALENDAR_CLIENT | SCOPE_OFFLINE),
		STR("events:read offline_access"));
	assert_str(scope_text(test_mem, EVENTS_READ | SCOPE_OFFLINE), STR("events:read"));
	assert_str(scope_unknown(STR("events:read mail:read x")), STR("mail:read"));
	assert_false(scope_unknown(words).ptr);
}

TESTS(RUN(aliases_come_back_in_the_words_that_were_used), RUN(scopes_are_names_with_single_blanks),
	RUN(what_is_missing_is_named_with_all_that_is_needed))
