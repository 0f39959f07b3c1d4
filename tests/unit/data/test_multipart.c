/* SPDX-License-Identifier: Apache-2.0 */
/* multipart/form-data as browsers send it, and as nobody should (RFC 7578, RFC 2046 §5.1). */
#include "tests/support/test.h"

#include "server/data/multipart.h"

#define TYPE STR("multipart/form-data; boundary=B")
#define FIELD "Content-Disposition: form-data; name=\"a\"\r\n\r\n"
#define FILE_HEAD                                                                                                      \
	"Content-Disposition: form-data; name=\"f\"; filename=\"x.ics\"\r\nContent-Type: Text/Calendar; a=b\r\n\r\n"
#define END "\r\n--B--\r\n"

static err_t parse(struct str body, struct form *out)
{
	return multipart_parse(&test_cx, TYPE, body, out);
}

TEST(fields_and_files_are_read_as_they_came)
{
	struct form form;
	const struct str body = STR("--B\r\n" FIELD "x=1&\r\n--b\r\n--\r\n--B\r\n" FILE_HEAD "\0\xFF\r\n\r\n--B \r\n"
				    "content-disposition: Form-Data; Name=\"a\"\r\n\r\n" END);
	assert_ok(parse(body, &form));
	assert_int_equal(form.count, 2);
	assert_int_equal(form_count(&form, "a"), 2);
	assert_str(form_get(&form, "a"), STR("x=1&\r\n--b\r\n--"));
	assert_str(form.fields[1].value, STR(""));
	assert_int_equal(form.file_count, 1);
	const struct form_file *file = form_file(&form, "f");
	assert_non_null(file);
	assert_str(file->filename, STR("x.ics"));
	assert_str(file->type, STR("text/calendar"));
	assert_str(file->data, STR("\0\xFF\r\n"));
	assert_null(form_file(&form, "a"));
}

/* RFC 2046 §5.1.1: what stands before the first and after the last delimiter is ignored. */
TEST(what_stands_around_the_parts_means_nothing)
{
	const struct str cases[] = {
		STR("--B\r\n" FIELD "1\r\n--B--"),
		STR("\r\n--B\r\n" FIELD "1" END),
		STR("before\r\n--B\r\n" FIELD "1\r\n--B--\r\nafter\r\n--B\r\n"),
		STR("--B \t\r\n" FIELD "1\r\n--B-- \r\n"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		assert_ok(parse(cases[i], &form));
		assert_int_equal(form.count, 1);
		assert_str(form_get(&form, "a"), STR("1"));
	}
}

TEST(a_form_without_parts_is_empty)
{
	struct form form = { .count = 9 };
	assert_ok(parse(STR("--B--\r\n"), &form));
	assert_int_equal(form.count + form.file_count, 0);
}

TEST(no_file_was_chosen)
{
	struct form form;
	assert_ok(parse(STR("--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n"
			    "Content-Type: application/octet-stream\r\n\r\n" END),
		&form));
	assert_int_equal(form.file_count, 1);
	assert_null(form_file(&form, "f"));
}

/* RFC 7578 §4.2, and what browsers do (WHATWG HTML, multipart/form-data encoding algorithm). */
TEST(names_of_files_are_read_as_browsers_write_them)
{
	const struct {
		const char *sent, *read;
	} cases[] = {
		{ "x.ics", "x.ics" },
		{ "a b;c=d.ics", "a b;c=d.ics" },
		{ "Kalender \xC3\xA4\xF0\x9F\x98\x80.ics", "Kalender \xC3\xA4\xF0\x9F\x98\x80.ics" },
		{ "the %22good%22.ics", "the \"good\".ics" },
		{ "the \\\"good\\\".ics", "the \"good\".ics" },
		{ "100%25.ics", "100%25.ics" },
		{ "../../etc/passwd", "passwd" },
		{ "C:\\Users\\una\\x.ics", "x.ics" },
		{ "/", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		assert_ok(parse(
			str_fmt(test_mem, "--B\r\nContent-Disposition: form-data; name=f; filename=\"%s\"\r\n\r\n1" END,
				cases[i].sent),
			&form));
		assert_str(form_file(&form, "f")->filename, str_of(cases[i].read));
	}
}

TEST(the_boundary_is_what_its_header_says)
{
	const struct {
		struct str type, boundary;
	} cases[] = {
		{ STR("multipart/form-data; boundary=----WebKitFormBoundaryAbc123"),
			STR("----WebKitFormBoundaryAbc123") },
		{ STR("multipart/form-data;charset=utf-8; BOUNDARY=\"a b:c\" "), STR("a b:c") },
		{ STR("multipart/form-data; boundary="
		      "0123456789012345678901234567890123456789012345678901234567890123456789"),
			STR("0123456789012345678901234567890123456789012345678901234567890123456789") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		struct str b = cases[i].boundary;
		assert_ok(multipart_parse(&test_cx, cases[i].type,
			str_fmt(test_mem, "--%.*s\r\n" FIELD "1\r\n--%.*s--\r\n", STR_ARG(b), STR_ARG(b)), &form));
		assert_int_equal(form.count, 1);
	}
}

TEST(without_one_boundary_nothing_is_read)
{
	const struct str cases[] = {
		STR_ABSENT,
		STR("multipart/form-data"),
		STR("multipart/form-data; boundary="),
		STR("multipart/form-data; boundary=\"\""),
		STR("multipart/form-data; boundary=\"B"),
		STR("multipart/form-data; boundary=\"B\"x"),
		STR("multipart/form-data; boundary=\"B \""),
		STR("multipart/form-data; boundary=\"B\r\n\""),
		STR("multipart/form-data; boundary=B; boundary=B"),
		STR("multipart/form-data; boundary=B; x"),
		STR("multipart/form-data; boundary=\xC3\xA4"),
		STR("multipart/form-data; boundary="
		    "01234567890123456789012345678901234567890123456789012345678901234567890"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		err_t e = multipart_parse(&test_cx, cases[i], STR("--B\r\n" FIELD "1" END), &form);
		assert_err(e, MALFORMED);
		assert_str(e->param, STR("Content-Type"));
	}
}

#define PART(head) STR("--B\r\n" head "\r\n\r\n1" END)

TEST(what_could_be_read_in_two_ways_is_refused)
{
	const struct {
		const char *why;
		struct str body;
	} cases[] = {
		{ "nothing", STR("") },
		{ "another boundary", STR("--C\r\n" FIELD "1\r\n--C--\r\n") },
		{ "no last delimiter", STR("--B\r\n" FIELD "1\r\n--B\r\n") },
		{ "cut off in a part", STR("--B\r\n" FIELD "1") },
		{ "cut off in a delimiter", STR("--B\r\n" FIELD "1\r\n--B") },
		{ "cut off in the last delimiter", STR("--B\r\n" FIELD "1\r\n--B-") },
		{ "a delimiter that goes on", STR("--B\r\n" FIELD "1\r\n--Bx\r\n" FIELD "2" END) },
		{ "a last delimiter that goes on", STR("--B\r\n" FIELD "1\r\n--B--x\r\n") },
		{ "line ends of one octet", STR("--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n--B--\n") },
		{ "a bare LF in a header", PART("Content-Disposition: form-data; name=\"a\"\nX: y") },
		{ "a bare CR in a header", PART("Content-Disposition: form-data; name=\"a\rb\"") },
		{ "a NUL in a header", PART("Content-Disposition: form-data; name=\"a\0b\"") },
		{ "a folded line", PART("Content-Disposition: form-data;\r\n name=\"a\"") },
		{ "no header", STR("--B\r\n\r\n1" END) },
		{ "an empty part", STR("--B\r\n--B--\r\n") },
		{ "a header without an end", STR("--B\r\nContent-Disposition: form-data; name=\"a\"" END) },
		{ "no disposition", PART("Content-Type: text/plain") },
		{ "two dispositions", PART("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: "
					   "form-data; name=\"b\"") },
		{ "another disposition", PART("Content-Disposition: attachment; name=\"a\"") },
		{ "no name", PART("Content-Disposition: form-data") },
		{ "an empty name", PART("Content-Disposition: form-data; name=\"\"") },
		{ "two names", PART("Content-Disposition: form-data; name=\"a\"; name=\"b\"") },
		{ "two file names", PART("Content-Disposition: form-data; name=a; filename=b; filename=c") },
		{ "a name that is not UTF-8", PART("Content-Disposition: form-data; name=\"\xFF\"") },
		{ "a quote that is not closed", PART("Content-Disposition: form-data; name=\"a") },
		{ "a blank before the colon", PART("Content-Disposition : form-data; name=\"a\"") },
		{ "a line without a colon", PART("Content-Disposition: form-data; name=\"a\"\r\nx") },
		{ "filename* (RFC 7578 §4.2)", PART("Content-Disposition: form-data; name=a; filename*=utf-8''x.ics") },
		{ "base64 (RFC 7578 §4.7)",
			PART("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64") },
		{ "two types", PART("Content-Disposition: form-data; name=a\r\nContent-Type: "
				    "text/plain\r\nContent-Type: text/plain") },
		{ "a field that is no text",
			PART("Content-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=C") },
		{ "a field in latin-1", PART("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; "
					     "charset=iso-8859-1") },
		{ "a NUL in a field", STR("--B\r\n" FIELD "x\0y" END) },
		{ "a field that is not UTF-8", STR("--B\r\n" FIELD "\xC0\x80" END) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		if (!err_is(parse(cases[i].body, &form), MALFORMED))
			fail_msg("accepted: %s", cases[i].why);
	}
}

/* RFC 7578 §4.7, §4.8: octets as they are, whatever is said of it; headers that are nothing to forms. */
TEST(headers_that_change_nothing_are_left_unread)
{
	const struct str cases[] = {
		PART("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: Binary"),
		PART("Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain;charset=UTF-8"),
		PART("Content-Disposition: form-data; name=\"a\"; size=1;\r\nContent-Length: 99\r\nX-Other: y"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form;
		assert_ok(parse(cases[i], &form));
		assert_str(form_get(&form, "a"), STR("1"));
	}
}

/* So many parts, each with this between its delimiters; then the end. */
static struct str many(int parts, const char *part)
{
	struct buf body = buf_new(test_mem, 1 << 20);
	for (int i = 0; i < parts; i++)
		buf_fmt(&body, "%s--B\r\n%s1", i ? "\r\n" : "", part);
	BUF_LIT(&body, END);
	return buf_str(&body);
}

TEST(more_than_the_bounds_is_refused)
{
	struct form form;
	assert_ok(parse(many(FORM_FIELDS_MAX, FIELD), &form));
	assert_int_equal(form.count, FORM_FIELDS_MAX);
	assert_err(parse(many(FORM_FIELDS_MAX + 1, FIELD), &form), MALFORMED);
	assert_ok(parse(many(MULTIPART_FILES_MAX, FILE_HEAD), &form));
	assert_int_equal(form.file_count, MULTIPART_FILES_MAX);
	assert_err(parse(many(MULTIPART_FILES_MAX + 1, FILE_HEAD), &form), MALFORMED);

	struct str nine = STR("X: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\nX: y\r\n");
	assert_ok(parse(
		str_fmt(test_mem, "--B\r\nContent-Disposition: form-data; name=a\r\n%.*s\r\n1" END, STR_ARG(nine)),
		&form));
	assert_err(parse(str_fmt(test_mem, "--B\r\nContent-Disposition: form-data; name=a\r\n%.*sX: y\r\n\r\n1" END,
				 STR_ARG(nine)),
			   &form),
		MALFORMED);
	char *name = arena_take(test_mem, MULTIPART_HEAD_MAX + 1, 1);
	memset(name, 'n', MULTIPART_HEAD_MAX);
	assert_err(parse(str_fmt(test_mem, "--B\r\nContent-Disposition: form-data; name=%s\r\n\r\n1" END, name), &form),
		MALFORMED);
}

/* 200,000 beginnings of a delimiter, and a header that never ends: the time grows with the length alone. */
TEST(what_looks_like_delimiters_costs_nothing)
{
	struct buf body = buf_new(test_mem, 1 << 22);
	struct form form;
	BUF_LIT(&body, "--B\r\n" FILE_HEAD);
	for (int i = 0; i < 200000; i++)
		BUF_LIT(&body, "\r\n--\r\n");
	BUF_LIT(&body, END);
	assert_ok(parse(buf_str(&body), &form));
	assert_int_equal(form.files[0].data.len, 200000 * 6);
}

TEST(the_field_that_cannot_be_read_is_named)
{
	struct form form;
	err_t e = parse(STR("--B\r\n" FIELD "\xFF" END), &form);
	assert_err(e, MALFORMED);
	assert_str(e->param, STR("a"));
}

TESTS(RUN(fields_and_files_are_read_as_they_came), RUN(what_stands_around_the_parts_means_nothing),
	RUN(a_form_without_parts_is_empty), RUN(no_file_was_chosen),
	RUN(names_of_files_are_read_as_browsers_write_them), RUN(the_boundary_is_what_its_header_says),
	RUN(without_one_boundary_nothing_is_read), RUN(what_could_be_read_in_two_ways_is_refused),
	RUN(headers_that_change_nothing_are_left_unread), RUN(more_than_the_bounds_is_refused),
	RUN(what_looks_like_delimiters_costs_nothing), RUN(the_field_that_cannot_be_read_is_named))
