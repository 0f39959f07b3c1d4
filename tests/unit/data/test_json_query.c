/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a query, read through a table as a body is. */
#include "tests/support/test.h"

#include "server/data/json.h"
#include "server/data/json_check.h"

struct asked {
	bool none, has_limit;
	struct str calendar, order;
	int64_t limit;
	bool deep;
	struct instant from;
	struct id id;
};

static const struct json_field asked_fields[] = {
	{ .name = "calendar", .kind = JSON_STR, .flags = JSON_IN_PATH, .offset = offsetof(struct asked, calendar) },
	{ .name = "order", .kind = JSON_WORD, .of = "up down", .offset = offsetof(struct asked, order) },
	{ .name = "limit",
		.kind = JSON_INT,
		.offset = offsetof(struct asked, limit),
		.given = offsetof(struct asked, has_limit),
		.min = 1,
		.max = 100 },
	{ .name = "deep", .kind = JSON_BOOL, .offset = offsetof(struct asked, deep) },
	{ .name = "from", .kind = JSON_TIME, .flags = JSON_REQUIRED, .offset = offsetof(struct asked, from) },
	{ .name = "id", .kind = JSON_ID, .of = "evt", .offset = offsetof(struct asked, id) },
};

static err_t read_asked(struct str query, struct asked *out)
{
	struct form form;
	assert_ok(form_parse(&test_cx, query, &form));
	*out = (struct asked){ 0 };
	return json_read_params(&test_cx, &form, asked_fields, ARRAY_LEN(asked_fields), out);
}

TEST(a_query_is_read_through_its_table)
{
	struct asked a;
	assert_ok(read_asked(STR("from=2026-11-24T07:30:54%2B02:00&order=down&limit=25&deep=true&"
				 "id=evt_0000000000000000000001"),
		&a));
	assert_int_equal(instant_s(a.from), 1795498254);
	assert_str(a.order, STR("down"));
	assert_int_equal(a.limit, 25);
	assert_true(a.has_limit && a.deep);
	assert_int_equal(a.id.octets[15], 1);
	assert_ok(read_asked(STR("from=2026-11-24T05:30:54Z"), &a));
	assert_true(!a.has_limit && !a.deep && !a.order.ptr);
}

TEST(a_bad_parameter_is_named)
{
	const struct {
		struct str query;
		enum err_kind kind;
		struct str param;
	} cases[] = {
		{ STR(""), MISSING_FIELD, STR("from") },
		{ STR("from=2026-11-24T05:30:54Z&foo=1"), UNKNOWN_FIELD, STR("foo") },
		{ STR("from=2026-11-24T05:30:54Z&Limit=1"), UNKNOWN_FIELD, STR("Limit") },
		{ STR("from=2026-11-24T05:30:54Z&calendar=x"), UNKNOWN_FIELD, STR("calendar") },
		{ STR("from=2026-11-24T05:30:54Z&from=2026-11-24T05:30:54Z"), INVALID_VALUE, STR("from") },
		{ STR("from=2026-11-24"), INVALID_VALUE, STR("from") },
		{ STR("from="), INVALID_VALUE, STR("from") },
		{ STR("from=2026-11-24T05:30:54Z&limit=0"), INVALID_VALUE, STR("limit") },
		{ STR("from=2026-11-24T05:30:54Z&limit=-1"), INVALID_VALUE, STR("limit") },
		{ STR("from=2026-11-24T05:30:54Z&limit=101"), INVALID_VALUE, STR("limit") },
		{ STR("from=2026-11-24T05:30:54Z&limit=1.0"), INVALID_VALUE, STR("limit") },
		{ STR("from=2026-11-24T05:30:54Z&limit="), INVALID_VALUE, STR("limit") },
		{ STR("from=2026-11-24T05:30:54Z&limit=99999999999999999999"), INVALID_VALUE, STR("limit") },
		{ STR("from=2026-11-24T05:30:54Z&order=sideways"), INVALID_VALUE, STR("order") },
		{ STR("from=2026-11-24T05:30:54Z&deep=1"), INVALID_VALUE, STR("deep") },
		{ STR("from=2026-11-24T05:30:54Z&id=cal_0000000000000000000001"), INVALID_VALUE, STR("id") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct asked a;
		err_t e = read_asked(cases[i].query, &a);
		if (!err_is(e, cases[i].kind))
			fail_msg("%.*s: %s", STR_ARG(cases[i].query), e ? err_row(e->kind)->name : "accepted");
		assert_str(e->param, cases[i].param);
	}
}

TESTS(RUN(a_query_is_read_through_its_table), RUN(a_bad_parameter_is_named))
