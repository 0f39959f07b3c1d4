/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/headers.h"

#define OURS "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"

static struct request rq;

static err_t conditions(const char *name, const char *value, struct conditions *out)
{
	rq = (struct request){ .cx = test_cx, .header_count = 1 };
	rq.headers[0] = (struct header){ str_of(name), str_of(value) };
	return conditions_read(&rq, out);
}

/* An object of this tag that was changed on 2026-01-02T00:00:00.9Z. */
static const struct representation ours = { STR_INIT("\"" OURS "\""), { INT64_C(1767312000900000) } };

TEST(lists_of_entity_tags_hold_what_could_be_ours) /* RFC 9110 §8.8.3, §13.1.1 */
{
	const struct {
		const char *value;
		size_t strong, weak; /* how many count in If-Match, and in If-None-Match */
	} cases[] = {
		{ "\"" OURS "\"", 1, 1 },
		{ "W/\"" OURS "\"", 0, 1 },
		{ "\"" OURS "\", \"" OTHER "\"", 2, 2 },
		{ ",, \"" OURS "\" ,", 1, 1 }, /* §5.6.1.2 */
		{ "\"" OTHER "\",,\"" OURS "\"", 2, 2 },
		{ "\"" OTHER "\" , , \"" OURS "\",,", 2, 2 },
		{ "\"of,another\", \"" OURS "\"", 1, 1 },
		{ "\"\"", 0, 0 },
		{ "\"00112233445566778899AABBCCDDEEFF\"", 0, 0 },
		{ "\"" OURS "-gzip\"", 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conditions when;
		assert_ok(conditions("If-Match", cases[i].value, &when));
		struct preconditions stored = conditions_of_object(test_mem, &when);
		assert_non_null(stored.match.items);
		assert_int_equal(stored.match.count, cases[i].strong);
		assert_int_equal(
			conditions_evaluate(&when, &ours, true), cases[i].strong ? CONDITIONS_HOLD : CONDITIONS_FAIL);
		assert_int_equal(conditions_evaluate(&when, NULL, false), CONDITIONS_FAIL);
		assert_ok(conditions("If-None-Match", cases[i].value, &when));
		stored = conditions_of_object(test_mem, &when);
		assert_int_equal(stored.none_match.count, cases[i].weak);
		assert_int_equal(conditions_evaluate(&when, &ours, true),
			cases[i].weak ? CONDITIONS_UNCHANGED : CONDITIONS_HOLD);
		assert_int_equal(
			conditions_evaluate(&when, &ours, false), cases[i].weak ? CONDITIONS_FAIL : CONDITIONS_HOLD);
		assert_int_equal(conditions_evaluate(&when, NULL, false), CONDITIONS_HOLD);
	}
}

TEST(a_star_is_any_and_absence_is_no_condition)
{
	struct conditions when;
	assert_ok(conditions("If-Match", " * ", &when));
	assert_true(when.match.any);
	assert_int_equal(conditions_evaluate(&when, &ours, false), CONDITIONS_HOLD);
	assert_int_equal(conditions_evaluate(&when, NULL, false), CONDITIONS_FAIL);
	assert_ok(conditions("If-None-Match", "*", &when));
	assert_true(when.none_match.any && !when.match.any);
	assert_int_equal(conditions_evaluate(&when, &ours, false), CONDITIONS_FAIL);
	assert_int_equal(conditions_evaluate(&when, NULL, false), CONDITIONS_HOLD);
	assert_ok(conditions("X-Other", "*", &when));
	assert_true(conditions_are_none(&when));
	struct preconditions stored = conditions_of_object(test_mem, &when);
	assert_null(stored.match.items);
	assert_null(stored.none_match.items);
	assert_int_equal(conditions_evaluate(&when, &ours, true), CONDITIONS_HOLD);
}

TEST(dates_are_compared_to_the_second) /* RFC 9110 §13.1.3, §13.1.4 */
{
	const struct {
		const char *date;
		enum condition_result modified, unmodified; /* of a read */
	} cases[] = {
		{ "Thu, 01 Jan 2026 23:59:59 GMT", CONDITIONS_HOLD, CONDITIONS_FAIL },
		{ "Fri, 02 Jan 2026 00:00:00 GMT", CONDITIONS_UNCHANGED, CONDITIONS_HOLD },
		{ "Friday, 02-Jan-26 00:00:01 GMT", CONDITIONS_UNCHANGED, CONDITIONS_HOLD },
		{ "Fri Jan  2 00:00:00 2026", CONDITIONS_UNCHANGED, CONDITIONS_HOLD },
		{ "Fri, 02 Jan 2026 00:00:00", CONDITIONS_HOLD, CONDITIONS_HOLD }, /* no date: no condition */
		{ "2026-01-01T00:00:00Z", CONDITIONS_HOLD, CONDITIONS_HOLD },
	};
	static const struct representation undated = { STR_INIT("\"x\""), { INT64_MIN + 1 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conditions when;
		assert_ok(conditions("If-Modified-Since", cases[i].date, &when));
		assert_int_equal(conditions_evaluate(&when, &ours, true), cases[i].modified);
		assert_int_equal(conditions_evaluate(&when, &ours, false), CONDITIONS_HOLD);
		assert_int_equal(conditions_evaluate(&when, &undated, true), CONDITIONS_HOLD);
		assert_ok(conditions("If-Unmodified-Since", cases[i].date, &when));
		assert_int_equal(conditions_evaluate(&when, &ours, true), cases[i].unmodified);
		assert_int_equal(conditions_evaluate(&when, &ours, false), cases[i].unmodified);
		assert_int_equal(conditions_evaluate(&when, &undated, false), CONDITIONS_HOLD);
		assert_int_equal(conditions_evaluate(&when, NULL, false), CONDITIONS_HOLD);
	}
}

TEST(what_is_no_list_of_entity_tags_is_malformed)
{
	static const char *const values[] = { "", ",", OURS " x", "\"" OURS, "*, \"" OURS "\"", "\"a\" \"b\"", "\"a\"b",
		"\"a b\"", "w/\"a\"", "W/", "\"\x01\"" };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct conditions when;
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
	RUN(dates_are_compared_to_the_second), RUN(what_is_no_list_of_entity_tags_is_malformed),
	RUN(depth_and_overwrite_are_read_strictly))
