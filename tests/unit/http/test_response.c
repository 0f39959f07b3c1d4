/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/memory_io.h"

#include <zlib.h>

#include "server/http/gzip.h"
#include "server/http/held_connection.h"

static const struct config config = { .public_url = STR_INIT("https://calends.example") };
static const struct app app = { .config = &config };

static struct exchange *begin(enum method method, const struct header *headers, size_t count)
{
	struct exchange *x = exchange_new(&app, method, "/", STR(""), headers, count);
	response_begin(&x->rs, &x->rq);
	return x;
}

static void add_lines(struct buf *body, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_fmt(body, "line %zu of text that repeats itself\n", i);
}

/* What a client makes of a chunked body (RFC 9112 §7.1). */
static struct str unchunked(struct str body)
{
	struct buf out = buf_new(test_mem, MIB(16));
	for (;;) {
		struct str line;
		size_t size = 0;
		assert_true(str_cut(&body, '\n', &line));
		for (size_t i = 0; i + 1 < line.len; i++)
			size = size * 16 + (size_t)char_hex(line.ptr[i]);
		if (!size)
			break;
		assert_true(body.len >= size + 2);
		buf_add(&out, str_sub(body, 0, size));
		body = str_from(body, size + 2);
	}
	assert_str(body, STR("\r\n"));
	return buf_str(&out);
}

static struct str gunzipped(struct str body)
{
	size_t max = MIB(4);
	char *out = arena_take(test_mem, 1, max);
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)body.ptr,
		.avail_in = (uInt)body.len,
		.next_out = (unsigned char *)out,
		.avail_out = (uInt)max };
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	struct str text = { out, max - z.avail_out };
	inflateEnd(&z);
	return text;
}

TEST(a_whole_answer_is_one_write)
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	add_lines(reply(&x->rs, 200, "text/plain"), 1000);
	response_end(&x->rs);
	assert_int_equal(x->io.writes, 1);
	assert_int_equal(answered_body(x).len, x->rs.body.len);
	assert_str(answered(x, "Strict-Transport-Security"), STR("max-age=31536000"));
}

TEST(a_short_stream_goes_out_whole)
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	add_lines(response_stream(&x->rs, 207, "application/xml; charset=utf-8"), 10);
	assert_true(response_flush_if_large(&x->rs));
	response_end(&x->rs);
	assert_int_equal(x->io.writes, 1);
	assert_null(answered(x, "Transfer-Encoding").ptr);
	assert_non_null(answered(x, "Content-Length").ptr);
}

static struct exchange *long_stream(enum method method, const struct header *headers, size_t count, bool http_1_0)
{
	struct exchange *x = begin(method, headers, count);
	x->io.base.http_1_0 = http_1_0;
	struct buf *body = response_stream(&x->rs, 207, "application/xml; charset=utf-8");
	for (size_t i = 0; i < 5000; i++) {
		add_lines(body, 1);
		assert_true(response_flush_if_large(&x->rs));
	}
	response_end(&x->rs);
	return x;
}

TEST(a_long_stream_is_chunked_in_large_pieces)
{
	struct exchange *x = long_stream(METHOD_GET, NO_HEADERS, false);
	struct buf expected = buf_new(test_mem, MIB(4));
	for (size_t i = 0; i < 5000; i++)
		add_lines(&expected, 1);
	assert_str(answered(x, "Transfer-Encoding"), STR("chunked"));
	assert_str(unchunked(answered_body(x)), buf_str(&expected));
	assert_int_equal(x->io.writes, expected.len / KIB(32) + 1);
}

TEST(a_long_stream_can_be_compressed)
{
	struct exchange *x = long_stream(METHOD_GET, HEADERS(H("Accept-Encoding", "deflate, gzip;q=0.5")), false);
	struct buf expected = buf_new(test_mem, MIB(4));
	for (size_t i = 0; i < 5000; i++)
		add_lines(&expected, 1);
	assert_str(answered(x, "Content-Encoding"), STR("gzip"));
	assert_str(gunzipped(unchunked(answered_body(x))), buf_str(&expected));
	assert_true(x->rs.sent < expected.len / 5);
}

TEST(http_1_0_gets_a_stream_that_ends_with_the_connection) /* RFC 9112 §6.3 */
{
	struct exchange *x = long_stream(METHOD_GET, NO_HEADERS, true);
	assert_null(answered(x, "Transfer-Encoding").ptr);
	assert_str(answered(x, "Connection"), STR("close"));
	assert_true(x->io.closed && str_starts(answered_body(x), STR("line 0 of")));
}

static void nobody_minds(void *owner, bool cut)
{
	*(bool *)owner = !cut;
}

TEST(an_answer_that_is_held_begins_at_once_and_does_not_end)
{
	static const struct held_ops ops = { .gone = nobody_minds };
	const struct header gzip[] = { { STR("Accept-Encoding"), STR("gzip") } };
	bool gone = false;
	struct exchange *x = begin(METHOD_GET, gzip, 1);
	struct held_connection *held = held_open(&ops, &gone, 1024);
	add_lines(response_stream(&x->rs, 200, "text/event-stream"), 100);
	response_hold(&x->rs, held);
	response_end(&x->rs);
	struct str wire = buf_str(&x->io.wire);
	assert_ptr_equal(x->io.held, held);
	assert_int_not_equal(str_find(wire, STR("Transfer-Encoding: chunked")), SIZE_MAX);
	assert_int_not_equal(str_find(wire, STR("line 99 of text")), SIZE_MAX);
	assert_int_equal(str_find(wire, STR("Content-Encoding")), SIZE_MAX);
	assert_int_equal(str_find(wire, STR("\r\n0\r\n")), SIZE_MAX);
	assert_false(gone);

	/* A failure after it takes it back. */
	response_clear(&x->rs);
	assert_true(gone);
	held_leave(held);
}

TEST(head_of_a_stream_has_no_body)
{
	struct exchange *x = long_stream(METHOD_HEAD, HEADERS(H("Accept-Encoding", "gzip")), false);
	assert_str(answered_body(x), STR(""));
}

TEST(head_of_a_stream_that_its_handler_did_not_fill_tells_no_length) /* RFC 9110 §8.6 */
{
	struct exchange *x = begin(METHOD_HEAD, NO_HEADERS);
	(void)response_stream(&x->rs, 200, "text/plain");
	response_end(&x->rs);
	assert_str(answered(x, "Content-Type"), STR("text/plain"));
	assert_null(answered(x, "Content-Length").ptr);
}

TEST(a_stream_to_a_client_that_left_says_stop)
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	x->io.write_limit = 1;
	struct buf *body = response_stream(&x->rs, 200, "text/plain");
	add_lines(body, 2000);
	assert_true(response_flush(&x->rs));
	add_lines(body, 2000);
	assert_false(response_flush(&x->rs));
	assert_true(x->io.closed && x->rs.broken);
	response_end(&x->rs);
	assert_int_equal(x->io.writes, 1);
}

TEST(a_stream_with_a_hole_is_broken_off)
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	struct buf *body = response_stream(&x->rs, 200, "text/plain");
	body->max = 1000;
	add_lines(body, 100);
	assert_false(response_flush(&x->rs));
	response_end(&x->rs);
	assert_true(x->io.closed);
	assert_int_equal(x->io.writes, 0);
}

TEST(small_answers_and_those_with_a_strong_etag_are_not_compressed)
{
	static const struct {
		size_t lines;
		const char *type, *etag;
		bool compressed;
	} cases[] = { { 100, "application/json", NULL, true }, { 100, "application/json", "\"x\"", false },
		{ 100, "application/json", "W/\"x\"", true }, { 5, "application/json", NULL, false },
		{ 100, "image/png", NULL, false } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exchange *x = begin(METHOD_GET, HEADERS(H("Accept-Encoding", "gzip")));
		add_lines(reply(&x->rs, 200, cases[i].type), cases[i].lines);
		if (cases[i].etag)
			response_header(&x->rs, "ETag", str_of(cases[i].etag));
		response_end(&x->rs);
		assert_true((answered(x, "Content-Encoding").ptr != NULL) == cases[i].compressed);
	}
}

TEST(head_tells_of_the_compressed_answer_that_get_would_be) /* RFC 9110 §9.3.2, §8.6 */
{
	const char *const names[] = { "Content-Length", "Content-Encoding", "Vary" };
	struct exchange *got[2];
	for (size_t i = 0; i < 2; i++) {
		got[i] = begin(i ? METHOD_HEAD : METHOD_GET, HEADERS(H("Accept-Encoding", "gzip")));
		add_lines(reply(&got[i]->rs, 200, "application/json"), 100);
		response_end(&got[i]->rs);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_str(answered(got[1], names[i]), answered(got[0], names[i]));
	assert_str(answered(got[1], "Content-Encoding"), STR("gzip"));
	assert_str(answered_body(got[1]), STR(""));
}

TEST(pages_are_never_compressed) /* BREACH */
{
	struct exchange *x = begin(METHOD_GET, HEADERS(H("Accept-Encoding", "gzip")));
	add_lines(reply_page(&x->rs, 200, FORMS_STAY), 100);
	response_end(&x->rs);
	assert_null(answered(x, "Content-Encoding").ptr);
}

TEST(accept_encoding_has_weights) /* RFC 9110 §12.5.3 */
{
	static const struct {
		struct str header;
		bool taken;
	} cases[] = { { STR_INIT("gzip"), true }, { STR_INIT("GZIP"), true }, { STR_INIT("br, gzip;q=0.1"), true },
		{ STR_INIT("gzip;q=0"), false }, { STR_INIT("gzip; q=0.000"), false }, { STR_INIT("*"), true },
		{ STR_INIT("*;q=0"), false }, { STR_INIT("gzip;q=0, *"), false }, { STR_INIT("identity"), false },
		{ STR_INIT(""), false }, { { NULL, 0 }, false } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(gzip_accepted(cases[i].header) == cases[i].taken);
}

TEST(a_header_cannot_end_its_line) /* no response splitting */
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	response_header(&x->rs, "Location", STR("/a\r\nSet-Cookie: b=c"));
	response_header(&x->rs, "X-A", STR("a\nb"));
	response_header(&x->rs, "X-B", STR("a\0b"));
	response_header(&x->rs, "X-C", STR_ABSENT);
	response_header(&x->rs, "X-D", STR("fine\t\xC3\xA4"));
	reply_empty(&x->rs, 204);
	response_end(&x->rs);
	assert_null(answered(x, "Set-Cookie").ptr);
	assert_null(answered(x, "Location").ptr);
	assert_null(answered(x, "X-A").ptr);
	assert_null(answered(x, "X-B").ptr);
	assert_null(answered(x, "X-C").ptr);
	assert_str(answered(x, "X-D"), STR("fine\t\xC3\xA4"));
}

/* Browsers hold form-action against each redirect after a form. */
TEST(a_page_whose_forms_lead_away_has_no_form_action)
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	reply_page(&x->rs, 200, FORMS_LEAD_AWAY);
	response_end(&x->rs);
	struct str policy = answered(x, "Content-Security-Policy");
	assert_true(str_find(policy, STR("form-action")) == SIZE_MAX);
	assert_true(str_starts(policy, STR("default-src 'none'; style-src 'self';")));
	assert_true(str_find(policy, STR("base-uri 'none'")) != SIZE_MAX);
}

TEST(empty_answers_have_no_length_where_none_may_be) /* RFC 9110 §8.6 */
{
	static const struct {
		int status;
		const char *length;
	} cases[] = { { 204, NULL }, { 304, NULL }, { 201, "0" }, { 404, "0" } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exchange *x = begin(METHOD_GET, NO_HEADERS);
		reply_empty(&x->rs, cases[i].status);
		response_end(&x->rs);
		assert_str(answered(x, "Content-Length"), str_of(cases[i].length));
	}
}

TEST(a_caller_may_say_how_long_an_answer_keeps)
{
	struct exchange *x = begin(METHOD_GET, NO_HEADERS);
	BUF_LIT(reply(&x->rs, 200, "text/css"), "a{}");
	response_header(&x->rs, "Cache-Control", STR("public, max-age=3600"));
	response_end(&x->rs);
	assert_str(answered(x, "Cache-Control"), STR("public, max-age=3600"));
	assert_true(str_find(buf_str(&x->io.wire), STR("no-store")) == SIZE_MAX);
}

TESTS(RUN(a_whole_answer_is_one_write), RUN(an_answer_that_is_held_begins_at_once_and_does_not_end),
	RUN(a_short_stream_goes_out_whole), RUN(a_long_stream_is_chunked_in_large_pieces),
	RUN(a_long_stream_can_be_compressed), RUN(http_1_0_gets_a_stream_that_ends_with_the_connection),
	RUN(head_of_a_stream_has_no_body), RUN(head_of_a_stream_that_its_handler_did_not_fill_tells_no_length),
	RUN(a_stream_to_a_client_that_left_says_stop), RUN(a_stream_with_a_hole_is_broken_off),
	RUN(small_answers_and_those_with_a_strong_etag_are_not_compressed),
	RUN(head_tells_of_the_compressed_answer_that_get_would_be), RUN(pages_are_never_compressed),
	RUN(accept_encoding_has_weights), RUN(a_header_cannot_end_its_line),
	RUN(a_page_whose_forms_lead_away_has_no_form_action), RUN(empty_answers_have_no_length_where_none_may_be),
	RUN(a_caller_may_say_how_long_an_answer_keeps))
