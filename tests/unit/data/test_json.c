/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/json.h"
#include "server/data/json_check.h"

struct guest {
	struct str email;
	bool optional;
};

struct sample {
	bool unused_given; /* offset 0 means none */
	bool given_title, given_place, given_count, given_when;
	struct str title;
	int64_t count;
	bool flag;
	struct instant when;
	struct id calendar;
	struct str_list tags;
	struct guest host;
	struct json_list guests;
	struct str status, mode, color;
};

#define AT(field) offsetof(struct sample, field)

static const struct json_field guest_fields[] = {
	{ .name = "email",
		.kind = JSON_STR,
		.flags = JSON_REQUIRED,
		.offset = offsetof(struct guest, email),
		.max = 20 },
	{ .name = "optional", .kind = JSON_BOOL, .offset = offsetof(struct guest, optional) },
};

static const struct json_field fields[] = {
	{ .name = "title",
		.kind = JSON_STR,
		.flags = JSON_REQUIRED | JSON_NULLABLE,
		.offset = AT(title),
		.given = AT(given_title),
		.min = 1,
		.max = 5 },
	{ .name = "count", .kind = JSON_INT, .offset = AT(count), .given = AT(given_count), .min = -5, .max = 10 },
	{ .name = "flag", .kind = JSON_BOOL, .offset = AT(flag) },
	{ .name = "when", .kind = JSON_TIME, .flags = JSON_NULLABLE, .offset = AT(when), .given = AT(given_when) },
	{ .name = "calendar", .kind = JSON_ID, .of = "cal", .offset = AT(calendar) },
	{ .name = "tags", .kind = JSON_STRS, .offset = AT(tags), .min = 1, .max = 3 },
	{ .name = "host", .kind = JSON_OBJECT, .offset = AT(host), .fields = guest_fields, .field_count = 2 },
	{ .name = "guests",
		.kind = JSON_OBJECTS,
		.offset = AT(guests),
		.fields = guest_fields,
		.field_count = 2,
		.size = sizeof(struct guest) },
	{ .name = "status", .kind = JSON_STR, .flags = JSON_READ_ONLY | JSON_OPEN, .offset = AT(status) },
	{ .name = "mode", .kind = JSON_WORD, .of = "first second", .offset = AT(mode) },
	{ .name = "color", .kind = JSON_STR, .flags = JSON_WRITE_ONLY, .of = "#RRGGBB", .offset = AT(color) },
};

static err_t read_sample(struct str text, struct sample *out)
{
	*out = (struct sample){ 0 };
	return json_read(&test_cx, text, fields, ARRAY_LEN(fields), out);
}

TEST(a_body_is_read_through_its_table)
{
	struct sample s;
	assert_ok(read_sample(STR(" {\"title\":\"a\\u00e4\\ud83d\\ude00\\n\\/\", \"count\": -5 ,\"flag\":true,"
				  "\"when\":\"2026-11-24T07:30:54+02:00\",\"calendar\":\"cal_0000000000000000000001\","
				  "\"tags\":[\"x\",\"y\"],\"host\":{\"email\":\"h\"},"
				  "\"guests\":[{\"email\":\"a\"},{\"email\":\"b\",\"optional\":true}]}\n"),
		&s));
	assert_str(s.title, STR("a\xC3\xA4\xF0\x9F\x98\x80\n/"));
	assert_int_equal(s.count, -5);
	assert_true(s.flag && s.given_count && s.given_title);
	assert_int_equal(instant_s(s.when), 1795498254);
	assert_int_equal(s.calendar.octets[15], 1);
	assert_int_equal(s.tags.count, 2);
	assert_str(s.tags.items[1], STR("y"));
	assert_str(s.host.email, STR("h"));
	assert_int_equal(s.guests.count, 2);
	const struct guest *guests = s.guests.items;
	assert_str(guests[1].email, STR("b"));
	assert_true(guests[1].optional && !guests[0].optional);
}

TEST(null_is_for_nullable_fields)
{
	struct sample s;
	assert_ok(read_sample(STR("{\"title\":null,\"when\":null}"), &s));
	assert_null(s.title.ptr);
	assert_true(s.given_title && s.given_when && instant_is_none(s.when));
}

TEST(what_is_not_sent_stays_as_it_was)
{
	struct sample s = { .count = 7 };
	assert_ok(json_read(&test_cx, STR("{\"title\":\"x\"}"), fields, ARRAY_LEN(fields), &s));
	assert_int_equal(s.count, 7);
	assert_false(s.given_count);
}

TEST(what_is_not_json_is_malformed) /* RFC 8259 */
{
	const struct str cases[] = {
		STR_ABSENT,
		STR(""),
		STR(" "),
		STR("[]"),
		STR("\"x\""),
		STR("nul"),
		STR("{"),
		STR("{\"title\""),
		STR("{\"title\":"),
		STR("{\"title\":\"x\""),
		STR("{\"title\":\"x\",}"),
		STR("{\"title\":\"x\"}}"),
		STR("{\"title\":\"x\"} x"),
		STR("{'title':'x'}"),
		STR("{title:\"x\"}"),
		STR("{\"title\":\"x\" \"count\":1}"),
		STR("{\"title\":\"x\",\"count\":01}"),
		STR("{\"title\":\"x\",\"count\":+1}"),
		STR("{\"title\":\"x\",\"count\":.5}"),
		STR("{\"title\":\"x\",\"count\":1.}"),
		STR("{\"title\":\"x\",\"count\":1e}"),
		STR("{\"title\":\"x\",\"count\":-}"),
		STR("{\"title\":\"x\",\"count\":NaN}"),
		STR("{\"title\":\"x\",\"flag\":True}"),
		STR("{\"title\":\"x\",\"flag\":truely}"),
		STR("{\"title\":\"a\nb\"}"),
		STR("{\"title\":\"a\\xb\"}"),
		STR("{\"title\":\"a\\u12\"}"),
		STR("{\"title\":\"a\\u0000\"}"),
		STR("{\"title\":\"a\0\"}"),
		STR("{\"title\":\"x\"}\0"),
		STR("{\"title\":\"\\ud800\"}"),
		STR("{\"title\":\"\\udc00\"}"),
		STR("{\"title\":\"\\ud800\\u0041\"}"),
		STR("{\"title\":\"\xFF\"}"),
		STR("{\"title\":\"\xC0\x80\"}"),
		STR("{\"title\":\"x\\"),
		STR("{\"title\":\"x\\\""),
		STR("\xEF\xBB\xBF{\"title\":\"x\"}"),
		STR("{\"title\":\"x\"/**/}"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s;
		if (!err_is(read_sample(cases[i], &s), MALFORMED))
			fail_msg("accepted: %.*s", STR_ARG(cases[i]));
	}
}

TEST(nesting_has_a_limit)
{
	struct sample s;
	for (int depth = JSON_DEPTH_MAX - 1; depth <= 100000; depth += depth < JSON_DEPTH_MAX ? 1 : 33333) {
		struct buf text = buf_new(test_mem, 1 << 20);
		BUF_LIT(&text, "{\"zz\":");
		for (int i = 0; i < depth; i++)
			buf_char(&text, '[');
		for (int i = 0; i < depth; i++)
			buf_char(&text, ']');
		buf_char(&text, '}');
		assert_err(read_sample(buf_str(&text), &s), depth < JSON_DEPTH_MAX ? UNKNOWN_FIELD : MALFORMED);
	}
}

TEST(a_bad_field_is_named_by_its_path)
{
	const struct {
		struct str text;
		enum err_kind kind;
		struct str param;
	} cases[] = {
		{ STR("{}"), MISSING_FIELD, STR("title") },
		{ STR("{\"title\":\"x\",\"titel\":1}"), UNKNOWN_FIELD, STR("titel") },
		{ STR("{\"title\":\"x\",\"title\":\"x\"}"), INVALID_VALUE, STR("title") },
		{ STR("{\"title\":\"x\",\"titl\\u0065\":\"x\"}"), INVALID_VALUE, STR("title") },
		{ STR("{\"title\":\"x\",\"status\":\"x\"}"), INVALID_VALUE, STR("status") },
		{ STR("{\"title\":\"\"}"), INVALID_VALUE, STR("title") },
		{ STR("{\"title\":\"123456\"}"), INVALID_VALUE, STR("title") },
		{ STR("{\"title\":1}"), INVALID_VALUE, STR("title") },
		{ STR("{\"title\":\"x\",\"count\":11}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"count\":1.5}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"count\":1e2}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"count\":1.00000000000000000001}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"mode\":\"third\"}"), INVALID_VALUE, STR("mode") },
		{ STR("{\"title\":\"x\",\"mode\":\"\"}"), INVALID_VALUE, STR("mode") },
		{ STR("{\"title\":\"x\",\"mode\":\"first second\"}"), INVALID_VALUE, STR("mode") },
		{ STR("{\"title\":\"x\",\"color\":\"red\"}"), INVALID_VALUE, STR("color") },
		{ STR("{\"title\":\"x\",\"color\":\"#33669G\"}"), INVALID_VALUE, STR("color") },
		{ STR("{\"title\":\"x\",\"color\":\"#3366CC0\"}"), INVALID_VALUE, STR("color") },
		{ STR("{\"title\":\"x\",\"count\":9007199254740992}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"count\":99999999999999999999999999}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"count\":\"1\"}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"count\":null}"), INVALID_VALUE, STR("count") },
		{ STR("{\"title\":\"x\",\"flag\":1}"), INVALID_VALUE, STR("flag") },
		{ STR("{\"title\":\"x\",\"when\":\"2026-11-24\"}"), INVALID_VALUE, STR("when") },
		{ STR("{\"title\":\"x\",\"when\":\"2026-11-24T05:30:54\"}"), INVALID_VALUE, STR("when") },
		{ STR("{\"title\":\"x\",\"calendar\":\"evt_0000000000000000000001\"}"), INVALID_VALUE,
			STR("calendar") },
		{ STR("{\"title\":\"x\",\"tags\":[\"a\",\"b\",\"c\",\"d\"]}"), INVALID_VALUE, STR("tags") },
		{ STR("{\"title\":\"x\",\"tags\":[]}"), INVALID_VALUE, STR("tags") },
		{ STR("{\"title\":\"x\",\"tags\":[\"a\",2]}"), INVALID_VALUE, STR("tags[1]") },
		{ STR("{\"title\":\"x\",\"tags\":{}}"), INVALID_VALUE, STR("tags") },
		{ STR("{\"title\":\"x\",\"host\":[]}"), INVALID_VALUE, STR("host") },
		{ STR("{\"title\":\"x\",\"host\":{}}"), MISSING_FIELD, STR("host.email") },
		{ STR("{\"title\":\"x\",\"guests\":[{\"email\":\"a\"},{\"email\":\"b\",\"x\":1}]}"), UNKNOWN_FIELD,
			STR("guests[1].x") },
		{ STR("{\"title\":\"x\",\"guests\":[1]}"), INVALID_VALUE, STR("guests[0]") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s;
		err_t e = read_sample(cases[i].text, &s);
		if (!err_is(e, cases[i].kind))
			fail_msg("%.*s: %s", STR_ARG(cases[i].text), e ? err_row(e->kind)->name : "accepted");
		assert_str(e->param, cases[i].param);
	}
}

TEST(unknown_fields_of_other_servers_are_ignored) /* RFC 6749 §5.1 */
{
	struct sample s = { 0 };
	assert_ok(json_read_known(&test_cx,
		STR("{\"x\":{\"title\":[1,{}]},\"title\":\"t\",\"host\":{\"email\":\"e\",\"y\":\"}\"}}"), fields,
		ARRAY_LEN(fields), &s));
	assert_str(s.title, STR("t"));
	assert_str(s.host.email, STR("e"));
	assert_err(json_read_known(&test_cx, STR("{\"x\":[}"), fields, ARRAY_LEN(fields), &s), MALFORMED);
}

TEST(a_struct_is_written_through_its_table)
{
	struct guest guests[] = { { STR("a"), false }, { STR("b\"\\\x01\n<"), true } };
	struct str tags[] = { STR("x") };
	struct sample s = {
		.title = STR("T"),
		.count = -3,
		.when = instant_of_s(1795498254),
		.tags = { tags, 1 },
		.host = { STR("h"), true },
		.guests = { guests, 2 },
	};
	struct buf out = buf_new(test_mem, 4096);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_write(&j, test_mem, fields, ARRAY_LEN(fields), &s);
	json_object_end(&j);
	assert_str(buf_str(&out), STR("{\"title\":\"T\",\"count\":-3,\"flag\":false,\"when\":\"2026-11-24T05:30:54Z\","
				      "\"calendar\":null,\"tags\":[\"x\"],\"host\":{\"email\":\"h\",\"optional\":true},"
				      "\"guests\":[{\"email\":\"a\",\"optional\":false},{\"email\":"
				      "\"b\\\"\\\\\\u0001\\n<\",\"optional\":true}],"
				      "\"status\":null,\"mode\":null}"));
}

TEST(who_may_not_read_is_told_the_open_fields_alone)
{
	const struct sample s = { .title = STR("T"), .status = STR("ok") };
	struct buf out = buf_new(test_mem, 4096);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_write_open(&j, test_mem, fields, ARRAY_LEN(fields), &s);
	json_object_end(&j);
	assert_str(buf_str(&out), STR("{\"status\":\"ok\"}"));
}

struct named_guest {
	struct str name;
	int64_t share;
	struct json_list guests;
};

TEST(what_answers_alone_have_is_written_too)
{
	struct guest none[1] = { { .optional = false } };
	struct named_guest items[] = { { STR("a\"b"), 1050, { none, 0 } }, { STR(""), -7, { NULL, 0 } } };
	const struct json_list list = { items, 2 };
	const struct json_field of_one[] = {
		{ .name = "share", .kind = JSON_MILLI, .offset = offsetof(struct named_guest, share) },
		{ .name = "guests",
			.kind = JSON_OBJECTS,
			.flags = JSON_OPTIONAL,
			.offset = offsetof(struct named_guest, guests),
			.fields = guest_fields,
			.field_count = ARRAY_LEN(guest_fields),
			.size = sizeof(struct guest) },
	};
	const struct json_field map[] = {
		{ .name = "by_name",
			.kind = JSON_MAP,
			.fields = of_one,
			.field_count = ARRAY_LEN(of_one),
			.size = sizeof(struct named_guest) },
	};
	struct buf out = buf_new(test_mem, 4096);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_write(&j, test_mem, map, 1, &list);
	json_object_end(&j);
	assert_str(buf_str(&out),
		STR("{\"by_name\":{\"a\\\"b\":{\"share\":1.050,\"guests\":[]},\"\":{\"share\":-0.007}}}"));
}

TEST(members_are_separated_by_commas)
{
	struct buf out = buf_new(test_mem, 4096);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_array(&j, "a");
	json_array_end(&j);
	json_array(&j, "b");
	json_int(&j, NULL, 1);
	json_null(&j, NULL);
	json_object(&j, NULL);
	json_object_end(&j);
	json_array_end(&j);
	json_str_if(&j, "left_out", STR_ABSENT);
	json_raw(&j, "raw", STR("[1]"));
	json_bool(&j, "last", true);
	json_object_end(&j);
	assert_str(buf_str(&out), STR("{\"a\":[],\"b\":[1,null,{}],\"raw\":[1],\"last\":true}"));
}

TESTS(RUN(a_body_is_read_through_its_table), RUN(null_is_for_nullable_fields), RUN(what_is_not_sent_stays_as_it_was),
	RUN(what_is_not_json_is_malformed), RUN(nesting_has_a_limit), RUN(a_bad_field_is_named_by_its_path),
	RUN(unknown_fields_of_other_servers_are_ignored), RUN(a_struct_is_written_through_its_table),
	RUN(who_may_not_read_is_told_the_open_fields_alone), RUN(what_answers_alone_have_is_written_too),
	RUN(members_are_separated_by_commas))
