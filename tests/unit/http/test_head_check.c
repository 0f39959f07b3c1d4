/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/head_check.h"

#include "server/base/buf.h"
#include "tests/support/test.h"

#define HEAD(lines) "GET /a HTTP/1.1\r\nHost: x\r\n" lines "\r\n"

static int status_of(struct str head, struct str *after)
{
	char *copy = arena_take(test_mem, 1, head.len + 1);
	memcpy(copy, head.ptr, head.len);
	struct head_framing framing;
	const struct head_fault *fault = head_check(copy, head.len, &framing);
	if (after)
		*after = (struct str){ copy, head.len };
	return fault ? fault->status : 200;
}

struct head_case {
	const char *why;
	struct str head;
	int status;
};

static void check(const struct head_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int got = status_of(cases[i].head, NULL);
		if (got != cases[i].status)
			fail_msg("%s: %d, expected %d", cases[i].why, got, cases[i].status);
	}
}

TEST(well_formed_heads_pass)
{
	/* clang-format off */
	static const struct head_case cases[] = {
		{ "plain", STR_INIT(HEAD("")), 200 },
		{ "one empty line before (RFC 9112 §2.2)", STR_INIT("\r\n" HEAD("")), 200 },
		{ "a list of no expectation (RFC 9110 §10.1.1)", STR_INIT(HEAD("Expect:\r\n")), 200 },
		{ "HTTP/1.0 without Host", STR_INIT("GET / HTTP/1.0\r\n\r\n"), 200 },
		{ "HTTP/1.0 without any header and a body", STR_INIT("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n"), 200 },
		{ "empty value", STR_INIT(HEAD("X:\r\n")), 200 },
		{ "tab in a value", STR_INIT(HEAD("X: a\tb\r\n")), 200 },
		{ "obs-text", STR_INIT(HEAD("X: \xC3\xA4\r\n")), 200 },
		{ "length", STR_INIT(HEAD("Content-Length: 0\r\n")), 200 },
		{ "chunked, any case", STR_INIT(HEAD("transfer-encoding: CHUNKED\r\n")), 200 },
		{ "expect", STR_INIT(HEAD("Expect: 100-Continue\r\n")), 200 },
		{ "escapes and query", STR_INIT("GET /a%2Fb?c=%20&d[]=+ HTTP/1.1\r\nHost: x\r\n\r\n"), 200 },
		{ "IPv6 host", STR_INIT("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), 200 },
		{ "a method of WebDAV", STR_INIT("MKCALENDAR /a/ HTTP/1.1\r\nHost: x\r\n\r\n"), 200 },
	};
	/* clang-format on */
	check(cases, ARRAY_LEN(cases));
}

TEST(ambiguous_framing_is_refused) /* RFC 9112 §6.3, §11.2 */
{
	/* clang-format off */
	static const struct head_case cases[] = {
		{ "length and chunked", STR_INIT(HEAD("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")), 400 },
		{ "chunked and length", STR_INIT(HEAD("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")), 400 },
		{ "two lengths", STR_INIT(HEAD("Content-Length: 3\r\nContent-Length: 4\r\n")), 400 },
		{ "two equal lengths", STR_INIT(HEAD("Content-Length: 3\r\ncontent-length: 3\r\n")), 400 },
		{ "a list", STR_INIT(HEAD("Content-Length: 3, 3\r\n")), 400 },
		{ "letters after", STR_INIT(HEAD("Content-Length: 3abc\r\n")), 400 },
		{ "plus", STR_INIT(HEAD("Content-Length: +3\r\n")), 400 },
		{ "minus", STR_INIT(HEAD("Content-Length: -1\r\n")), 400 },
		{ "hex", STR_INIT(HEAD("Content-Length: 0x3\r\n")), 400 },
		{ "empty length", STR_INIT(HEAD("Content-Length:\r\n")), 400 },
		{ "19 digits", STR_INIT(HEAD("Content-Length: 1000000000000000000\r\n")), 400 },
		{ "other coding", STR_INIT(HEAD("Transfer-Encoding: gzip\r\n")), 400 },
		{ "xchunked", STR_INIT(HEAD("Transfer-Encoding: xchunked\r\n")), 400 },
		{ "two codings", STR_INIT(HEAD("Transfer-Encoding: gzip, chunked\r\n")), 400 },
		{ "chunked, identity", STR_INIT(HEAD("Transfer-Encoding: chunked, identity\r\n")), 400 },
		{ "identity", STR_INIT(HEAD("Transfer-Encoding: identity\r\n")), 400 },
		{ "coding twice", STR_INIT(HEAD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400 },
		{ "chunked in 1.0", STR_INIT("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	};
	/* clang-format on */
	check(cases, ARRAY_LEN(cases));
}

TEST(malformed_lines_are_refused) /* RFC 9112 §2.2, §3, §5 */
{
	/* clang-format off */
	static const struct head_case cases[] = {
		{ "blank before the colon", STR_INIT(HEAD("X : y\r\n")), 400 },
		{ "folded", STR_INIT(HEAD("X: a\r\n b\r\n")), 400 },
		{ "folded with a tab", STR_INIT(HEAD("X: a\r\n\tb\r\n")), 400 },
		{ "blank before the first header", STR_INIT("GET / HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n"), 400 },
		{ "no colon", STR_INIT(HEAD("X\r\n")), 400 },
		{ "empty name", STR_INIT(HEAD(": y\r\n")), 400 },
		{ "bare LF", STR_INIT(HEAD("X: y\n")), 400 },
		{ "bare LF everywhere", STR_INIT("GET / HTTP/1.1\nHost: x\n\n"), 400 },
		{ "bare CR", STR_INIT(HEAD("X: a\rb\r\n")), 400 },
		{ "NUL in a value", STR_INIT(HEAD("X: a\0b\r\n")), 400 },
		{ "control in a value", STR_INIT(HEAD("X: a\x01\r\n")), 400 },
		{ "DEL in a value", STR_INIT(HEAD("X: a\x7F\r\n")), 400 },
		{ "NUL in a name", STR_INIT(HEAD("X\0: y\r\n")), 400 },
		{ "two empty lines before", STR_INIT("\r\n\r\n" HEAD("")), 400 },
		{ "nothing but an empty line", STR_INIT("\r\n\r\n"), 400 },
		{ "two blanks", STR_INIT("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
		{ "blank in front", STR_INIT(" GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 400 },
		{ "blank after", STR_INIT("GET / HTTP/1.1 \r\nHost: x\r\n\r\n"), 400 },
		{ "no version", STR_INIT("GET /\r\nHost: x\r\n\r\n"), 400 },
		{ "lower-case version", STR_INIT("GET / http/1.1\r\nHost: x\r\n\r\n"), 400 },
		{ "1.2", STR_INIT("GET / HTTP/1.2\r\nHost: x\r\n\r\n"), 505 },
		{ "3.0", STR_INIT("GET / HTTP/3.0\r\nHost: x\r\n\r\n"), 505 },
		{ "1.10", STR_INIT("GET / HTTP/1.10\r\nHost: x\r\n\r\n"), 400 },
		{ "unknown method", STR_INIT("BREW / HTTP/1.1\r\nHost: x\r\n\r\n"), 501 },
		{ "lower-case method", STR_INIT("get / HTTP/1.1\r\nHost: x\r\n\r\n"), 501 },
		{ "no host", STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400 },
		{ "two hosts", STR_INIT(HEAD("Host: x\r\n")), 400 },
		{ "empty host", STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
		{ "blank in the host", STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
		{ "two authorizations", STR_INIT(HEAD("Authorization: a\r\nauthorization: a\r\n")), 400 },
		{ "expectation", STR_INIT(HEAD("Expect: a miracle\r\n")), 417 },
		{ "no empty line", STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n"), 400 },
	};
	/* clang-format on */
	check(cases, ARRAY_LEN(cases));
}

#define TARGET(t) STR_INIT("GET " t " HTTP/1.1\r\nHost: x:1\r\n\r\n")

TEST(targets_are_origin_form_of_our_own) /* RFC 9112 §3.2 */
{
	/* clang-format off */
	static const struct head_case cases[] = {
		{ "NUL escape", TARGET("/a%00b"), 400 },
		{ "NUL escape in the query", TARGET("/a?b=%00"), 200 },
		{ "half an escape", TARGET("/a%2"), 400 },
		{ "bad escape", TARGET("/a%zz"), 400 },
		{ "escape at the end", TARGET("/%41"), 200 },
		{ "fragment", TARGET("/a#b"), 400 },
		{ "raw UTF-8", TARGET("/\xC3\xA4"), 400 },
		{ "bracket in the path", TARGET("/[a]"), 400 },
		{ "quote", TARGET("/\"a"), 400 },
		{ "backslash", TARGET("/a\\b"), 400 },
		{ "asterisk for GET", TARGET("*"), 400 },
		{ "no slash", TARGET("a"), 400 },
		{ "authority form", TARGET("x:1"), 400 },
		{ "own absolute form", TARGET("http://X:1/a"), 200 },
		{ "foreign absolute form", TARGET("http://y:1/a"), 400 },
		{ "absolute form without a port", TARGET("http://x/a"), 400 },
		{ "absolute form with user", TARGET("http://u@x:1/a"), 400 },
		{ "absolute form without a path", TARGET("http://x:1"), 400 },
		{ "absolute form, query first", TARGET("http://x:1?/"), 400 },
		{ "another scheme", TARGET("ftp://x:1/a"), 400 },
	};
	/* clang-format on */
	check(cases, ARRAY_LEN(cases));
}

TEST(own_absolute_forms_become_origin_form)
{
	struct str after;
	assert_int_equal(status_of((struct str)TARGET("http://x:1/a"), &after), 200);
	assert_str(after, STR("GET           /a HTTP/1.1\r\nHost: x:1\r\n\r\n"));
	assert_int_equal(status_of(STR("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), &after), 200);
	assert_str(after, STR("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"));
}

static struct str with_headers(size_t count)
{
	struct buf head = buf_new(test_mem, 1 << 20);
	BUF_LIT(&head, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (size_t i = 1; i < count; i++)
		buf_fmt(&head, "X-%zu: y\r\n", i);
	BUF_LIT(&head, "\r\n");
	return buf_str(&head);
}

TEST(sixty_four_headers_pass_and_sixty_five_do_not)
{
	assert_int_equal(status_of(with_headers(64), NULL), 200);
	assert_int_equal(status_of(with_headers(65), NULL), 431);
}

TEST(targets_have_a_greatest_length)
{
	struct buf head = buf_new(test_mem, 1 << 20);
	BUF_LIT(&head, "GET /");
	for (size_t i = 1; i < HEAD_TARGET_MAX; i++)
		buf_char(&head, 'a');
	struct buf longer = buf_new(test_mem, 1 << 20);
	buf_add(&longer, buf_str(&head));
	BUF_LIT(&head, " HTTP/1.1\r\nHost: x\r\n\r\n");
	BUF_LIT(&longer, "a HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(status_of(buf_str(&head), NULL), 200);
	assert_int_equal(status_of(buf_str(&longer), NULL), 414);
}

TEST(the_path_of_a_head_is_found_whatever_else_is_wrong)
{
	static const char *const cases[][2] = {
		{ "FROB /api/v1/x?y=/ HTTP/1.1\r\n\r\n", "/api/v1/x" },
		{ "\r\nGET /api/v1/%zz HTTP/9\r\nx", "/api/v1/%zz" },
		{ "GET http://h:1/v1/x HTTP/1.1\r\n", "/v1/x" },
		{ "GET //oauth/token\r\n", "/oauth/token" },
		{ "GET http://h\r\n/v1/x", "" },
		{ "GET\r\n /v1/x", "" },
		{ "GET", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(head_path(cases[i][0], strlen(cases[i][0])), str_of(cases[i][1]));
}

TESTS(RUN(the_path_of_a_head_is_found_whatever_else_is_wrong), RUN(well_formed_heads_pass),
	RUN(ambiguous_framing_is_refused), RUN(malformed_lines_are_refused), RUN(targets_are_origin_form_of_our_own),
	RUN(own_absolute_forms_become_origin_form), RUN(sixty_four_headers_pass_and_sixty_five_do_not),
	RUN(targets_have_a_greatest_length))
