/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/form.h"

TEST(a_form_is_decoded_once)
{
	struct form form;
	assert_ok(form_parse(&test_cx, STR("a=1&b=x+y%2Bz&empty=&flag&a=2&%C3%A4=%2525"), &form));
	assert_int_equal(form.count, 6);
	assert_str(form_get(&form, "a"), STR("1"));
	assert_str(form_get(&form, "b"), STR("x y+z"));
	assert_str(form_get(&form, "empty"), STR(""));
	assert_str(form_get(&form, "flag"), STR(""));
	assert_str(form_get(&form, "\xC3\xA4"), STR("%25"));
	assert_null(form_get(&form, "c").ptr);
	assert_int_equal(form_count(&form, "a"), 2);
	assert_int_equal(form_count(&form, "c"), 0);
}

TEST(empty_text_is_an_empty_form)
{
	const struct str cases[] = { STR_ABSENT, STR(""), STR("&&&") };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form = { .count = 99 };
		assert_ok(form_parse(&test_cx, cases[i], &form));
		assert_int_equal(form.count, 0);
	}
}

TEST(ill_formed_fields_are_refused)
{
	const struct {
		const char *why;
		struct str text;
	} cases[] = {
		{ "half an escape", STR("a=%4") },
		{ "a bare percent sign", STR("a=100%") },
		{ "no hex digits", STR("a=%zz") },
		{ "an encoded NUL", STR("a=x%00y") },
		{ "a raw NUL", STR("a=x\0y") },
		{ "an encoded NUL in the name", STR("a%00=x") },
		{ "not UTF-8", STR("a=%FF") },
		{ "an overlong form", STR("a=%C0%80") },
		{ "a surrogate", STR("a=%ED%A0%80") },
		{ "no name", STR("=x") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		if (!err_is(form_parse(&test_cx, cases[i].text, &form), MALFORMED))
			fail_msg("accepted: %s", cases[i].why);
	}
}

TEST(the_field_that_cannot_be_read_is_named)
{
	struct form form;
	err_t e = form_parse(&test_cx, STR("client_id=abc&state=%00"), &form);
	assert_err(e, MALFORMED);
	assert_str(e->param, STR("state"));
}

TEST(more_fields_than_the_limit_are_refused)
{
	struct buf text = buf_new(test_mem, 1 << 20);
	struct form form;
	for (int i = 0; i < FORM_FIELDS_MAX; i++)
		form_add(&text, "a", STR("1"));
	assert_ok(form_parse(&test_cx, buf_str(&text), &form));
	assert_int_equal(form.count, FORM_FIELDS_MAX);
	form_add(&text, "a", STR("1"));
	assert_err(form_parse(&test_cx, buf_str(&text), &form), MALFORMED);
}

TEST(what_is_added_reads_back)
{
	struct buf text = buf_new(test_mem, 4096);
	struct str hostile = STR("a&b=c d+e%\"<>\r\n\xC3\xA4~");
	struct form form;
	BUF_LIT(&text, "https://x.example/cb?");
	form_add(&text, "state", hostile);
	form_add(&text, "iss", STR("https://as.example"));
	assert_ok(form_parse(&test_cx, str_from(buf_str(&text), 21), &form));
	assert_int_equal(form.count, 2);
	assert_str(form_get(&form, "state"), hostile);
	assert_str(form_get(&form, "iss"), STR("https://as.example"));
}

TESTS(RUN(a_form_is_decoded_once), RUN(empty_text_is_an_empty_form), RUN(ill_formed_fields_are_refused),
	RUN(the_field_that_cannot_be_read_is_named), RUN(more_fields_than_the_limit_are_refused),
	RUN(what_is_added_reads_back))
