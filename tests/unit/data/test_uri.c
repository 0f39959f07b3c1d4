/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/uri.h"

TEST(a_path_is_decoded_segment_by_segment)
{
	struct path path;
	assert_ok(path_parse(&test_cx, STR("/dav/a%2Fb/x+y/%C3%A4@b:c/"), &path));
	assert_int_equal(path.count, 4);
	assert_true(path.folder);
	assert_str(path.segments[0], STR("dav"));
	assert_str(path.segments[1], STR("a/b"));
	assert_str(path.segments[2], STR("x+y"));
	assert_str(path.segments[3], STR("\xC3\xA4@b:c"));

	assert_ok(path_parse(&test_cx, STR("/a%252e"), &path));
	assert_str(path.segments[0], STR("a%2e"));
	assert_false(path.folder);

	assert_ok(path_parse(&test_cx, STR("/"), &path));
	assert_int_equal(path.count, 0);
	assert_true(path.folder);
}

TEST(hostile_paths_are_refused)
{
	struct buf long_segment = buf_new(test_mem, 1024);
	buf_char(&long_segment, '/');
	for (int i = 0; i < 256; i++)
		buf_char(&long_segment, 'a');
	const struct str cases[] = {
		STR_ABSENT,
		STR(""),
		STR("a"),
		STR("*"),
		STR("//"),
		STR("/a//b"),
		STR("//a"),
		STR("/a/./b"),
		STR("/a/../b"),
		STR("/a/%2e%2E/b"),
		STR("/a/%2e"),
		STR("/a/.%2e/"),
		STR("/a%00b"),
		STR("/a\0b"),
		STR("/a%"),
		STR("/a%4"),
		STR("/a%4/b"),
		STR("/a%xx"),
		STR("/%ff"),
		STR("/%C0%AF"),
		STR("/1/2/3/4/5/6/7/8/9/10/11/12/13"),
		buf_str(&long_segment),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct path path;
		if (!err_is(path_parse(&test_cx, cases[i], &path), MALFORMED))
			fail_msg("accepted: %.*s", STR_ARG(cases[i]));
	}
}

TEST(a_segment_is_encoded_canonically) /* RFC 3986 §3.3; but never & or < */
{
	struct buf out = buf_new(test_mem, 1024);
	path_segment_add(&out, STR("a@b:c+d!$'()*,;=~-._%/?#[] &<\"\xC3\xA4"));
	assert_str(buf_str(&out), STR("a@b:c+d!$'()*,;=~-._%25%2F%3F%23%5B%5D%20%26%3C%22%C3%A4"));
}

TEST(a_component_keeps_only_unreserved_octets)
{
	struct buf out = buf_new(test_mem, 1024);
	uri_component_add(&out, STR("aZ9-._~+ &=/:@\r\n"));
	assert_str(buf_str(&out), STR("aZ9-._~%2B%20%26%3D%2F%3A%40%0D%0A"));
}

TEST(a_uri_is_split) /* RFC 3986 appendix B */
{
	struct uri u;
	assert_true(uri_split(STR("https://user:pw@host.example:8443/a/b?x=1?2#frag"), &u));
	assert_str(u.scheme, STR("https"));
	assert_str(u.userinfo, STR("user:pw"));
	assert_str(u.host, STR("host.example"));
	assert_str(u.port, STR("8443"));
	assert_str(u.path, STR("/a/b"));
	assert_str(u.query, STR("x=1?2"));
	assert_str(u.fragment, STR("frag"));

	assert_true(uri_split(STR("http://[::1]:5/"), &u));
	assert_str(u.host, STR("::1"));
	assert_str(u.port, STR("5"));
	assert_null(u.userinfo.ptr);

	assert_true(uri_split(STR("com.example.app:/cb"), &u));
	assert_null(u.host.ptr);
	assert_str(u.path, STR("/cb"));

	assert_true(uri_split(STR("http://host"), &u));
	assert_str(u.path, STR(""));
	assert_null(u.port.ptr);
	assert_null(u.query.ptr);

	assert_true(uri_split(STR("http://host:?"), &u));
	assert_str(u.port, STR(""));
	assert_str(u.query, STR(""));
	assert_null(u.fragment.ptr);

	assert_true(uri_split(STR("https://app.example@evil.example/cb"), &u));
	assert_str(u.userinfo, STR("app.example"));
	assert_str(u.host, STR("evil.example"));
}

TEST(what_is_no_absolute_uri_is_refused)
{
	const struct str cases[] = {
		STR_ABSENT,
		STR(""),
		STR("/path"),
		STR("//host/path"),
		STR("host"),
		STR("1http://host/"),
		STR("ht tp://host/"),
		STR("http://ho st/"),
		STR("http://host/a b"),
		STR("http://host/ "),
		STR("http://host/\\evil"),
		STR("http:\\\\host"),
		STR("http://host\\@evil/"),
		STR("http://host/%4"),
		STR("http://host/%zz"),
		STR("http://host:65536/"),
		STR("http://host:8a/"),
		STR("http://host:-1/"),
		STR("http://a@b@c/"),
		STR("http://[::1/"),
		STR("http://[::1]x/"),
		STR("http://[fe80::1%25eth0]/"),
		STR("http://host/\r\nx"),
		STR("http://host/\0"),
		STR("http://host/<script>"),
		STR("http://host/#a#b"),
		STR("http://h\xC3\xB6st/"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct uri u;
		if (uri_split(cases[i], &u))
			fail_msg("accepted: %.*s", STR_ARG(cases[i]));
	}
}

TEST(dot_segments_are_known_in_any_spelling)
{
	static const char *const dots[] = { ".", "..", "/a/../b", "/a/./b", "/%2e/b", "/%2E%2e/b", "/a/.%2E", "/a/%2e.",
		"/a/.." };
	static const char *const none[] = { "", "/", "/a/b", "/...", "/.well-known/x", "/a.b/..c", "/%2ea",
		"/a%2f..b" };
	for (size_t i = 0; i < ARRAY_LEN(dots); i++)
		if (!path_has_dots(str_of(dots[i])))
			fail_msg("not seen: %s", dots[i]);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (path_has_dots(str_of(none[i])))
			fail_msg("seen: %s", none[i]);
}

TESTS(RUN(a_path_is_decoded_segment_by_segment), RUN(hostile_paths_are_refused), RUN(a_segment_is_encoded_canonically),
	RUN(a_component_keeps_only_unreserved_octets), RUN(a_uri_is_split), RUN(what_is_no_absolute_uri_is_refused),
	RUN(dot_segments_are_known_in_any_spelling))
