/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/buf.h"
#include "server/http/arrival.h"

/* ---- a chunk's line ---- */

TEST(chunk_lines_are_a_size_and_extensions_that_are_passed_over) /* RFC 9112 §7.1.1 */
{
	static const struct {
		struct str line;
		long size; /* -1: refused */
		size_t extensions;
	} cases[] = {
		{ STR_INIT("0\r\n"), 0, 0 },
		{ STR_INIT("0005\r\n"), 5, 0 },
		{ STR_INIT("fF\r\n"), 255, 0 },
		{ STR_INIT("7fffffff\r\n"), 0x7fffffff, 0 },
		{ STR_INIT("5;x\r\n"), 5, 2 },
		{ STR_INIT("5;x=y\r\n"), 5, 4 },
		{ STR_INIT("5 ; x = y\t;z\r\n"), 5, 11 },
		{ STR_INIT("5;x=\"a;\\\"b\"\r\n"), 5, 10 },
		{ STR_INIT("5;x=\"\"\r\n"), 5, 5 },
		{ STR_INIT("80000000\r\n"), -1, 0 },
		{ STR_INIT("000000005\r\n"), -1, 0 },
		{ STR_INIT("7fffffffffffffff\r\n"), -1, 0 },
		{ STR_INIT("\r\n"), -1, 0 },
		{ STR_INIT(""), -1, 0 },
		{ STR_INIT(";x\r\n"), -1, 0 },
		{ STR_INIT("-5\r\n"), -1, 0 },
		{ STR_INIT("5 \r\n"), -1, 0 },
		{ STR_INIT("5;\r\n"), -1, 0 },
		{ STR_INIT("5;x=\r\n"), -1, 0 },
		{ STR_INIT("5;x y\r\n"), -1, 0 },
		{ STR_INIT("5;x=\"a\r\n"), -1, 0 },
		{ STR_INIT("5;x=\"a\\\r\n"), -1, 0 },
		{ STR_INIT("5;x=\"a\nb\"\r\n"), -1, 0 },
		{ STR_INIT("5;x=\"a\\\nb\"\r\n"), -1, 0 },
		{ STR_INIT("5;x\r;y\r\n"), -1, 0 },
		{ STR_INIT("5\rab\r\n"), -1, 0 },
		{ STR_INIT("5\n"), -1, 0 },
		{ STR_INIT("5;x\n"), -1, 0 },
		{ STR_INIT("0x5\r\n"), -1, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned long size = 0;
		size_t extensions = 0;
		bool taken = chunk_line_read(cases[i].line, &size, &extensions);
		if ((taken ? (long)size : -1) != cases[i].size || (taken && extensions != cases[i].extensions))
			fail_msg("%.*s", STR_ARG(cases[i].line));
	}
}

TEST(chunk_extensions_have_a_bound)
{
	unsigned long size;
	size_t extensions = 0;
	char line[CHUNK_LINE_MAX + 1] = "1;";
	memset(line + 2, 'a', sizeof line - 2);
	memcpy(line + CHUNK_LINE_MAX - 2, "\r\n", 2);
	for (int i = 0; i < 4; i++)
		assert_true(chunk_line_read((struct str){ line, CHUNK_LINE_MAX }, &size, &extensions));
	assert_false(chunk_line_read((struct str){ line, CHUNK_LINE_MAX }, &size, &extensions));
	memcpy(line + CHUNK_LINE_MAX - 2, "aa", 2);
	extensions = 0;
	assert_false(chunk_line_read((struct str){ line, CHUNK_LINE_MAX + 1 }, &size, &extensions));
}

/* ---- what came of a request ---- */

#define POST "POST /x HTTP/1.1\r\nHost: x\r\n"

/* After how many octets of it a thread is given to it, when they come one by one; 0 for never. */
static size_t ready_after(struct str octets, struct arrival *arrival)
{
	char *copy = arena_take(test_mem, octets.len, 1);
	memcpy(copy, octets.ptr, octets.len);
	*arrival = (struct arrival){ 0 };
	for (size_t len = 1; len <= octets.len; len++)
		if (arrival_is_ready(arrival, copy, len))
			return len;
	return 0;
}

static size_t ready_at_once(struct str octets)
{
	struct arrival arrival = { 0 };
	char *copy = arena_take(test_mem, octets.len, 1);
	memcpy(copy, octets.ptr, octets.len);
	return arrival_is_ready(&arrival, copy, octets.len) ? octets.len : 0;
}

TEST(a_request_is_ready_when_it_is_whole_and_not_before)
{
	static const struct {
		struct str octets;
		size_t spare; /* octets after it */
	} cases[] = {
		{ STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 0 },
		{ STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET"), 3 },
		{ STR_INIT("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 0 },
		{ STR_INIT(POST "Content-Length: 3\r\n\r\nabcGE"), 2 },
		{ STR_INIT(POST "Content-Length: 0\r\n\r\n"), 0 },
		{ STR_INIT(POST "Transfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0\r\n\r\nGET"), 3 },
		{ STR_INIT(POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\n\r\n\r\n00\r\n\r\n"), 0 },
		/* Of trailers it is known that there are some. */
		{ STR_INIT(POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n"), 6 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arrival arrival;
		assert_int_equal(ready_after(cases[i].octets, &arrival), cases[i].octets.len - cases[i].spare);
		assert_null(arrival.fault);
		assert_int_equal(ready_at_once(cases[i].octets), cases[i].octets.len);
	}
}

TEST(what_is_refused_or_malformed_is_ready_as_soon_as_that_is_known)
{
	static const struct {
		struct str octets;
		int status; /* 0: a thread finds it in the body */
	} cases[] = {
		{ STR_INIT(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"), 400 },
		{ STR_INIT(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
		{ STR_INIT("GET / HTTP/1.1\nHost: x\n\n"), 400 },
		{ STR_INIT("GET / HTTP/1.1\r\nHost: x\n\r\n"), 400 },
		{ STR_INIT("\r\n\r\n"), 400 },
		{ STR_INIT(POST "Expect: miracles\r\nContent-Length: 3\r\n\r\n"), 417 },
		{ STR_INIT(POST "Transfer-Encoding: chunked\r\n\r\n3;\r\n"), 0 },
		{ STR_INIT(POST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r"), 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arrival arrival;
		assert_int_equal(ready_after(cases[i].octets, &arrival), cases[i].octets.len);
		assert_int_equal(arrival.fault ? arrival.fault->status : 0, cases[i].status);
	}
}

TEST(a_body_that_a_thread_reads_is_not_collected)
{
	static const struct str cases[] = {
		STR_INIT(POST "Content-Length: 65537\r\n\r\n"),
		STR_INIT(POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
		STR_INIT(POST "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"),
	};
	struct arrival arrival;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(ready_after(cases[i], &arrival), cases[i].len);
	/* RFC 9110 §10.1.1: in HTTP/1.0 the expectation is ignored, so the body comes by itself. */
	struct str old = STR("POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(ready_after(old, &arrival), old.len);
}

TEST(heads_and_collected_bodies_have_their_greatest_size)
{
	struct buf octets = buf_new(test_mem, ARRIVAL_MAX + 1);
	struct arrival arrival;
	BUF_LIT(&octets, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
	while (octets.len < ARRIVAL_MAX)
		buf_char(&octets, 'a');
	assert_int_equal(ready_after(buf_str(&octets), &arrival), ARRIVAL_HEAD_MAX);
	assert_int_equal(arrival.fault->status, 431);

	buf_clear(&octets);
	BUF_LIT(&octets, POST "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n");
	size_t head = octets.len - 10;
	while (octets.len < ARRIVAL_MAX)
		buf_char(&octets, 'a');
	assert_int_equal(ready_after(buf_str(&octets), &arrival), head + ARRIVAL_BODY_MAX);

	buf_clear(&octets);
	BUF_LIT(&octets, POST "Content-Length: 65536\r\n\r\n");
	size_t whole = octets.len + 65536;
	while (octets.len < ARRIVAL_MAX)
		buf_char(&octets, 'a');
	assert_int_equal(ready_after(buf_str(&octets), &arrival), whole);
}

TESTS(RUN(chunk_lines_are_a_size_and_extensions_that_are_passed_over), RUN(chunk_extensions_have_a_bound),
	RUN(a_request_is_ready_when_it_is_whole_and_not_before),
	RUN(what_is_refused_or_malformed_is_ready_as_soon_as_that_is_known),
	RUN(a_body_that_a_thread_reads_is_not_collected), RUN(heads_and_collected_bodies_have_their_greatest_size))
