/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/buf.h"
#include "server/data/json.h"
#include "server/data/json_check.h"
#include "server/data/json_tree.h"

static const struct cJSON *tree(struct str text)
{
	const struct cJSON *root;
	assert_ok(json_tree_parse(&test_cx, text, &root));
	return root;
}

static const struct cJSON *only_member(const struct cJSON *object)
{
	assert_int_equal(json_tree_type(object), JSON_IS_OBJECT);
	const struct cJSON *member = json_tree_first(object);
	assert_non_null(member);
	assert_null(json_tree_next(member));
	return member;
}

TEST(a_document_becomes_a_tree_in_its_order)
{
	const struct cJSON *at = json_tree_first(tree(STR("{\"a\":null,\"A\":[true,\"x\",{}],\"\":false}")));
	assert_str(json_tree_name(at), STR("a"));
	assert_int_equal(json_tree_type(at), JSON_IS_NULL);
	at = json_tree_next(at);
	assert_str(json_tree_name(at), STR("A"));
	assert_int_equal(json_tree_type(at), JSON_IS_LIST);
	const struct cJSON *item = json_tree_first(at);
	assert_null(json_tree_name(item).ptr);
	assert_true(json_tree_bool(item));
	item = json_tree_next(item);
	assert_str(json_tree_text(item), STR("x"));
	item = json_tree_next(item);
	assert_int_equal(json_tree_type(item), JSON_IS_OBJECT);
	assert_null(json_tree_first(item));
	at = json_tree_next(at);
	assert_str(json_tree_name(at), STR(""));
	assert_false(json_tree_bool(at));
}

TEST(every_escape_is_undone) /* RFC 8259 §7 */
{
	const struct {
		struct str text, value;
	} cases[] = {
		{ STR("{\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"), STR("\"\\/\b\f\n\r\t") },
		{ STR("{\"x\":\"\\u0001\\u001f\\u007f\"}"), STR("\x01\x1F\x7F") },
		{ STR("{\"x\":\"\\u0080\\u07ff\\u0800\\uFFFF\"}"), STR("\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF") },
		{ STR("{\"x\":\"\\ud800\\udc00\\uDBFF\\uDFFF\"}"), STR("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") },
		{ STR("{\"x\":\"\xC3\xA4\xF0\x9F\x98\x80\xE2\x80\xA8\"}"),
			STR("\xC3\xA4\xF0\x9F\x98\x80\xE2\x80\xA8") },
		{ STR("{\"x\":\"<>&'`=\"}"), STR("<>&'`=") },
		{ STR("{\"x\":\"\"}"), STR("") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(json_tree_text(only_member(tree(cases[i].text))), cases[i].value);
}

TEST(a_name_stands_once_whatever_it_looks_like) /* RFC 8259 §4 */
{
	const struct {
		struct str text, param;
	} cases[] = {
		{ STR("{\"a\":1,\"a\":1}"), STR("a") },
		{ STR("{\"a\":1,\"\\u0061\":2}"), STR("a") },
		{ STR("{\"a\":{\"b\":[0,{\"c\":1,\"d\":2,\"c\":3}]}}"), STR("a.b[1].c") },
		{ STR("{\"\xC3\xA4\":1,\"\\u00e4\":2}"), STR("\xC3\xA4") },
		{ STR("{\"\":1,\"\":2}"), STR_ABSENT },
	};
	const struct cJSON *root;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err_t e = json_tree_parse(&test_cx, cases[i].text, &root);
		assert_err(e, INVALID_VALUE);
		assert_str(e->param, cases[i].param);
	}
	assert_ok(
		json_tree_parse(&test_cx, STR("{\"a\":1,\"A\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}"), &root));
}

TEST(a_name_among_many_stands_once_too)
{
	const struct cJSON *root;
	for (int twice = 0; twice < 2; twice++) {
		struct buf text = buf_new(test_mem, 1 << 20);
		buf_char(&text, '{');
		for (int i = 0; i < 5000; i++)
			buf_fmt(&text, "\"name that begins like the others %d\":0,", i);
		buf_fmt(&text, "\"name that begins like the others %d\":0}", twice ? 4321 : 5000);
		err_t e = json_tree_parse(&test_cx, buf_str(&text), &root);
		if (!twice)
			assert_ok(e);
		else
			assert_str(e->param, STR("name that begins like the others 4321"));
	}
}

TEST(a_number_is_the_whole_one_that_was_written_or_none)
{
	const struct {
		const char *number;
		bool whole;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "7", true, 7 },
		{ "-7", true, -7 },
		{ "1.0", true, 1 },
		{ "1.50e1", true, 15 },
		{ "1e3", true, 1000 },
		{ "1E+3", true, 1000 },
		{ "2500e-2", true, 25 },
		{ "0.000000000000000000000000000001e30", true, 1 },
		{ "1.000000000000000000000000000000000", true, 1 },
		{ "9007199254740991", true, INT64_C(9007199254740991) },
		{ "-9007199254740991", true, INT64_C(-9007199254740991) },
		{ "9007199254740992", false, 0 },
		{ "9007199254740993", false, 0 },
		{ "-9007199254740992", false, 0 },
		{ "9007199254740991.0", false, 0 }, /* sixteen digits and a point: not read */
		{ "9007199254740991.4", false, 0 },
		{ "123456789012345678901234567890", false, 0 },
		{ "1e400", false, 0 },
		{ "-1e400", false, 0 },
		{ "1e-400", false, 0 },
		{ "1e-324", false, 0 },
		{ "1e99999999999999999999", false, 0 },
		{ "1.5", false, 0 },
		{ "0.1", false, 0 },
		{ "1.00000000000000000001", false, 0 },
		{ "0.99999999999999999999", false, 0 },
		{ "4503599627370497.5", false, 0 },
		{ "1e15", true, INT64_C(1000000000000000) },
		{ "1e16", false, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		/* Others stand beside it: the judgement must reach the right one. */
		struct str text = str_fmt(test_mem, "{\"x\":[1.25,%s,9007199254740993,3]}", cases[i].number);
		const struct cJSON *item = json_tree_first(only_member(tree(text)));
		int64_t value = 0;
		assert_false(json_tree_whole(item, &value));
		item = json_tree_next(item);
		bool whole = json_tree_whole(item, &value);
		if (whole != cases[i].whole || (whole && value != cases[i].value))
			fail_msg("%s: %d, %lld", cases[i].number, whole, (long long)value);
		item = json_tree_next(item);
		assert_false(json_tree_whole(item, &value));
		item = json_tree_next(item);
		assert_true(json_tree_whole(item, &value));
		assert_int_equal(value, 3);
	}
}

TEST(size_counts_and_lengths_have_a_limit)
{
	struct json_checked got;
	for (int over = 0; over < 2; over++) {
		struct buf values = buf_new(test_mem, 1 << 20);
		BUF_LIT(&values, "{\"x\":[");
		for (int i = 0; i < JSON_VALUES_MAX - 2 + over; i++) /* the object and the list count too */
			buf_add(&values, i ? STR(",0") : STR("0"));
		BUF_LIT(&values, "]}");
		assert_int_equal(json_check(test_mem, buf_str(&values), &got), !over);

		struct buf long_text = buf_new(test_mem, 1 << 22);
		BUF_LIT(&long_text, "{\"x\":\"");
		while (long_text.len < JSON_TEXT_MAX - 2 + (size_t)over)
			buf_char(&long_text, 'x');
		BUF_LIT(&long_text, "\"}");
		assert_int_equal(json_check(test_mem, buf_str(&long_text), &got), !over);

		struct buf number = buf_new(test_mem, 1024);
		BUF_LIT(&number, "{\"x\":");
		for (int i = 0; i < JSON_NUMBER_MAX + over; i++)
			buf_char(&number, '1');
		buf_char(&number, '}');
		assert_int_equal(json_check(test_mem, buf_str(&number), &got), !over);
		if (!over)
			(void)tree(buf_str(&number)); /* cJSON reads so many characters */
	}
}

TEST(what_is_wrong_is_told_with_its_place)
{
	const struct {
		struct str text;
		size_t at;
		const char *wrong;
	} cases[] = {
		{ STR("{\"a\":01}"), 7, "a number is ill-formed" },
		{ STR("{\"a\":\"\\q\"}"), 8, "an unknown escape inside a string" },
		{ STR("{\"a\":\"\x01\"}"), 6, "a control character inside a string" },
		{ STR("{\"a\":\"\\u0000\"}"), 8, "\\u0000 is not accepted" },
		{ STR("{\"a\" 1}"), 5, "':' must stand here" }, { STR("{\"a\":1 2}"), 7, "',' or '}' must stand here" },
		{ STR("{\"a\":1}x"), 7, "something follows the object" },
		{ STR("{\"a\":\x0B"
		      "1}"),
			5, "no value stands where one must" }, /* cJSON takes a vertical tab for a blank */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_checked got;
		assert_false(json_check(test_mem, cases[i].text, &got));
		assert_string_equal(got.wrong, cases[i].wrong);
		assert_int_equal(got.at, cases[i].at);
	}
}

TESTS(RUN(a_document_becomes_a_tree_in_its_order), RUN(every_escape_is_undone),
	RUN(a_name_stands_once_whatever_it_looks_like), RUN(a_name_among_many_stands_once_too),
	RUN(a_number_is_the_whole_one_that_was_written_or_none), RUN(size_counts_and_lengths_have_a_limit),
	RUN(what_is_wrong_is_told_with_its_place))
