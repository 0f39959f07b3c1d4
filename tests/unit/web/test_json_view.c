/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/buf.h"
#include "web/json_view.h"

TEST(json_is_laid_out_for_people)
{
	assert_str(json_view(test_mem, STR("{\"a\":[1,{\"b\":\"x,{\\\"}\"}],\"c\":{},\"d\":[]}")),
		STR("{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,{\\\"}\"\n    }\n  ],\n  \"c\": {},\n  \"d\": "
		    "[]\n}"));
}

TEST(what_is_no_json_does_no_harm)
{
	const struct str cases[] = { STR(""), STR("\""), STR("\"\\"), STR("}}}]"), STR("{[{["), STR("<html>"),
		STR("{") };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		(void)json_view(test_mem, cases[i]);
	struct buf deep = buf_new(test_mem, 1 << 20);
	for (int i = 0; i < 100000; i++)
		buf_char(&deep, '[');
	assert_true(json_view(test_mem, buf_str(&deep)).len <= 1 << 20);
}

TESTS(RUN(json_is_laid_out_for_people), RUN(what_is_no_json_does_no_harm))
