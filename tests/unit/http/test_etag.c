/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/http/etag.h"

static err_t read_header(const char *value, struct etag_list *out)
{
	struct request *rq = arena_new(test_mem, struct request);
	rq->cx = test_cx;
	if (value)
		rq->headers[rq->header_count++] = (struct header){ STR("If-Match"), str_of(value) };
	return etags_read(rq, "If-Match", out);
}

TEST(a_list_of_tags_is_read) /* RFC 9110 §5.6.1.2, §8.8.3 */
{
	struct etag_list list;
	assert_ok(read_header(NULL, &list));
	assert_true(!list.any && !list.items && !etags_hold(&list, STR("\"a\""), true));
	assert_ok(read_header(" * ", &list));
	assert_true(list.any && etags_hold(&list, STR("\"a\""), false));
	assert_ok(read_header("\"a\" , ,W/\"b,c\",\"\",", &list));
	assert_int_equal(list.count, 3);
	assert_str(list.items[1].opaque, STR("b,c"));
	assert_true(list.items[1].weak && !list.items[0].weak);
	assert_str(list.items[2].opaque, STR(""));
}

TEST(weak_tags_are_equal_in_the_weak_comparison_alone) /* RFC 9110 §8.8.3.2 */
{
	const struct {
		const char *sent;
		struct str own;
		bool strong, weak;
	} cases[] = {
		{ "\"1\"", STR("\"1\""), true, true },
		{ "W/\"1\"", STR("\"1\""), false, true },
		{ "\"1\"", STR("W/\"1\""), false, true },
		{ "W/\"1\"", STR("W/\"1\""), false, true },
		{ "W/\"1\"", STR("W/\"2\""), false, false },
		{ "\"0\", \"1\"", STR("\"1\""), true, true },
		{ "\"11\"", STR("\"1\""), false, false },
		{ "\"1\"", STR("1"), false, false },
		{ "1", STR("\"1\""), true, true }, /* clients that drop the quotes */
		{ "0,1 ,", STR("\"1\""), true, true },
		{ "11", STR("\"1\""), false, false },
		{ "W/1", STR("\"1\""), false, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct etag_list list;
		assert_ok(read_header(cases[i].sent, &list));
		assert_int_equal(etags_hold(&list, cases[i].own, false), cases[i].strong);
		assert_int_equal(etags_hold(&list, cases[i].own, true), cases[i].weak);
	}
}

TEST(what_is_no_list_of_tags_is_malformed)
{
	const char *const cases[] = { "", ",", "a b", "\"a", "\"a\" \"b\"", "a\"", "*a\"", "a, *", "W/", "W/*",
		"w/\"a\"", "\"a b\"", "*, \"a\"", "\"\x01\"", "\"a\"x" };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct etag_list list;
		if (!err_is(read_header(cases[i], &list), MALFORMED))
			fail_msg("accepted: %s", cases[i]);
	}
	struct buf many = buf_new(test_mem, 4096);
	for (int i = 0; i <= ETAGS_MAX; i++)
		BUF_LIT(&many, "\"a\",");
	struct etag_list list;
	assert_err(read_header(str_c(test_mem, buf_str(&many)), &list), MALFORMED);
}

TESTS(RUN(a_list_of_tags_is_read), RUN(weak_tags_are_equal_in_the_weak_comparison_alone),
	RUN(what_is_no_list_of_tags_is_malformed))
