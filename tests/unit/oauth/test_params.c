/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "oauth/params.h"
#include "server/base/buf.h"

static struct params read(const char *text)
{
	struct params params;
	assert_ok(params_read(&test_cx, str_of(text), &params));
	return params;
}

TEST(a_broken_parameter_spoils_itself_alone)
{
	struct params p = read("client_id=a&state=%00&scope=b%zz&redirect_uri=c&%ff=1");
	assert_str(param_get(&p, "client_id"), STR("a"));
	assert_str(param_get(&p, "redirect_uri"), STR("c"));
	assert_null(param_get(&p, "state").ptr);
	assert_null(param_get(&p, "scope").ptr);
	assert_int_equal(param_count(&p, "state"), 1);
	assert_str(param_broken(&p), STR("state"));
	assert_true(p.nameless);
}

TEST(a_parameter_without_a_value_is_absent) /* OAuth 2.1 §3.1 */
{
	struct params p = read("state=&scope&&client_id=a");
	assert_int_equal(param_count(&p, "state"), 0);
	assert_int_equal(param_count(&p, "scope"), 0);
	assert_str(param_get(&p, "client_id"), STR("a"));
	assert_null(param_broken(&p).ptr);
}

TEST(what_is_there_twice_has_no_value) /* OAuth 2.1 §3.1 */
{
	struct params p = read("state=a&state=a&resource=x&resource=y");
	assert_null(param_get(&p, "state").ptr);
	assert_str(param_repeated(&p), STR("state"));
	p = read("resource=x&resource=y");
	assert_null(param_repeated(&p).ptr);
}

TEST(too_many_parameters_are_refused)
{
	struct params p;
	struct buf text = buf_new(test_mem, 4096);
	for (int i = 0; i <= PARAMS_MAX; i++)
		BUF_LIT(&text, "a=b&");
	assert_err(params_read(&test_cx, buf_str(&text), &p), MALFORMED);
}

TEST(empty_ones_are_absent_and_others_come_once)
{
	const struct {
		struct str text;
		bool good;
	} cases[] = {
		{ STR("scope=&scope="), true },
		{ STR("scope=a&scope="), true },
		{ STR("scope=&scope=a"), true },
		{ STR("scope&scope"), true },
		{ STR("scope=a&scope=a"), false },
		{ STR("scope=a&scop%65=b"), false },
		{ STR("resource=a&resource=b"), true },
		{ STR("a=%ff"), false },
		{ STR("%ff=a"), false },
		{ STR(""), true },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct params params;
		assert_ok(params_read(&test_cx, cases[i].text, &params));
		if (!params_check(&test_cx, &params) != cases[i].good)
			fail_msg("%.*s", STR_ARG(cases[i].text));
	}
}

TESTS(RUN(empty_ones_are_absent_and_others_come_once), RUN(a_broken_parameter_spoils_itself_alone),
	RUN(a_parameter_without_a_value_is_absent), RUN(what_is_there_twice_has_no_value),
	RUN(too_many_parameters_are_refused))
