/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/methods.h"

#define OURS "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"

static struct request rq;

static err_t conditions(const char *name, const char *value, struct preconditions *out)
{
	rq = (struct request){ .cx = test_cx, .header_count = 1 };
	rq.headers[0] = (struct header){ str_of(name), str_of(value) };
	return preconditions_read(&rq, out);
}

static struct bytes our_tag(void)
{
	struct bytes tag;
	assert_true(hex_to(test_mem, STR(OURS), &tag));
	return tag;
}

TEST(lists_of_entity_tags_hold_what_could_be_ours) /* RFC 9110 §8.8.3, §13.1.1 */
{
	const struct {
		const char *value;
		size_t strong, weak; /* how many count in If-Match, and in If-None-Match */
	} cases[] = {
		{ "\"" OURS "\"", 1, 1 },
		{ "W/\"" OURS "\"", 0, 1 },
		{ "\"" OURS "\", \"" OTHER "\"", 2, 2 },
		{ ",, \"" OURS "\" ,", 1, 1 },
		{ "\"of,another\", \"" OURS "\"", 1, 1 },
		{ "\"\"", 0, 0 },
		{ "\"00112233445566778899AABBCCDDEEFF\"", 0, 0 },
		{ "\"" OURS "-gzip\"", 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct preconditions when;
		assert_ok(conditions("If-Match", cases[i].value, &when));
		assert_non_null(when.match.items);
		assert_int_equal(when.match.count, cases[i].strong);
		assert_int_equal(preconditions_refuse(&when, our_tag()), cases[i].strong == 0);
		assert_ok(conditions("If-None-Match", cases[i].value, &when));
		assert_int_equal(when.none_match.count, cases[i].weak);
		assert_int_equal(preconditions_unchanged(&when, our_tag()), cases[i].weak != 0);
	}
}

TEST(a_star_is_any_and_absence_is_no_condition)
{
	struct preconditions when;
	assert_ok(conditions("If-Match", " * ", &when));
	assert_true(when.match_any);
	assert_false(preconditions_refuse(&when, our_tag()));
	assert_ok(conditions("If-None-Match", "*", &when));
	assert_true(when.none_match_any && !when.match_any);
	assert_ok(conditions("X-Other", "*", &when));
	assert_null(when.match.items);
	assert_null(when.none_match.items);
	assert_false(preconditions_refuse(&when, our_tag()));
	assert_false(preconditions_unchanged(&when, our_tag()));
}

TEST(what_is_no_list_of_entity_tags_is_malformed)
{
	static const char *const values[] = { "", ",", OURS, "\"" OURS, "*, \"" OURS "\"", "\"a\" \"b\"", "\"a\"b",
		"\"a b\"", "w/\"a\"", "W/", "\"\x01\"" };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct preconditions when;
		if (!err_is(conditions("If-Match", values[i], &when), MALFORMED))
			fail_msg("accepted: %s", values[i]);
	}
}

TEST(depth_and_overwrite_are_read_strictly) /* RFC 4918 §10.2, §10.6 */
{
	const struct {
		const char *text;
		enum depth depth;
	} depths[] = { { "0", DEPTH_0 }, { "1", DEPTH_1 }, { "infinity", DEPTH_INFINITY },
		{ "Infinity", DEPTH_INFINITY } };
	enum depth depth;
	bool overwrite;
	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		rq = (struct request){ .cx = test_cx, .header_count = 1 };
		rq.headers[0] = (struct header){ STR("Depth"), str_of(depths[i].text) };
		assert_ok(depth_read(&rq, &depth));
		assert_int_equal(depth, depths[i].depth);
	}
	rq.headers[0].value = STR("2");
	assert_err(depth_read(&rq, &depth), MALFORMED);
	rq.headers[0] = (struct header){ STR("Overwrite"), STR("F") };
	assert_ok(depth_read(&rq, &depth));
	assert_int_equal(depth, DEPTH_ABSENT);
	assert_ok(overwrite_read(&rq, &overwrite));
	assert_false(overwrite);
	rq.headers[0].value = STR("yes");
	assert_err(overwrite_read(&rq, &overwrite), MALFORMED);
	rq.header_count = 0;
	assert_ok(overwrite_read(&rq, &overwrite));
	assert_true(overwrite);
}

TESTS(RUN(lists_of_entity_tags_hold_what_could_be_ours), RUN(a_star_is_any_and_absence_is_no_condition),
	RUN(what_is_no_list_of_entity_tags_is_malformed), RUN(depth_and_overwrite_are_read_strictly))
