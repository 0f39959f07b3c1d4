/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "oauth/redirect.h"

TEST(good_uris_can_be_registered)
{
	const struct {
		struct str uri;
		bool public_client;
	} cases[] = {
		{ STR("https://app.example/cb"), false },
		{ STR("https://app.example:8443/cb?x=1"), false },
		{ STR("https://xn--bcher-kva.example/"), false },
		{ STR("http://127.0.0.1/cb"), false },
		{ STR("http://127.0.0.1:3000/cb"), false },
		{ STR("http://[::1]/cb"), false },
		{ STR("http://localhost"), true },
		{ STR("com.example.app:/cb"), true },
		{ STR("com.example.app://cb/x"), true },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_ok(redirect_uri_check(&test_cx, cases[i].uri, cases[i].public_client));
}

TEST(bad_uris_cannot_be_registered)
{
	const struct {
		struct str uri;
		bool public_client;
	} cases[] = {
		{ STR(""), true }, { STR("/cb"), true }, { STR("app.example/cb"), true }, { STR("https:"), true },
		{ STR("https:///cb"), true }, { STR("https:\\\\app.example/cb"), true },
		{ STR("//app.example/cb"), true }, { STR("http://app.example/cb"), true }, /* http to a stranger */
		{ STR("http://127.0.0.1.evil.example/cb"), true },                         /* looks like loopback */
		{ STR("http://127.1/cb"), true }, { STR("http://2130706433/cb"), true },
		{ STR("http://[::ffff:127.0.0.1]/cb"), true }, { STR("http://user@127.0.0.1/cb"), true },
		{ STR("http://127.0.0.1:0/cb"), true }, { STR("http://127.0.0.1:65536/cb"), true },
		{ STR("http://127.0.0.1:/cb"), true }, { STR("http://localhost/cb"), false },
		{ STR("https://user:secret@app.example/cb"), true }, { STR("https://app.example/cb#fragment"), true },
		{ STR("https://app.example/cb#"), true }, { STR("https://app.example/a/../cb"), true },
		{ STR("https://app.example/a/%2E%2e/cb"), true }, { STR("https://*.app.example/cb"), true },
		{ STR("https://app.example/*"), true }, { STR("https://App.example/cb"), true },
		{ STR("https://app.example:/cb"), true }, { STR("https://app.example:99999/cb"), true },
		{ STR("https://b\xC3\xBC"
		      "cher.example/cb"),
			true },
		{ STR("https://app.example/c b"), true }, { STR("javascript:alert(1)"), true },
		{ STR("data:text/html,x"), true }, { STR("file:///etc/passwd"), true }, { STR("about:blank"), true },
		{ STR("myapp:/cb"), true },            /* no dot */
		{ STR("com.example.app:/cb"), false }, /* confidential */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (!redirect_uri_check(&test_cx, cases[i].uri, cases[i].public_client))
			fail_msg("accepted: %.*s", STR_ARG(cases[i].uri));
}

TEST(a_uri_matches_itself_and_nothing_near_it) /* OAuth 2.1 §4.1.1 */
{
	struct str registered = STR("https://app.example/cb");
	const struct str cases[] = {
		STR("https://app.example/cb/"),
		STR("https://app.example/cb/../evil"),
		STR("https://app.example/cb%2f"),
		STR("https://app.example/CB"),
		STR("https://app.example/cb;x"),
		STR("https://app.example/cb?x=1"),
		STR("https://app.example/cb#f"),
		STR("https://app.example/cb "),
		STR("https://app.example/cb\r\n"),
		STR("https://app.example:443/cb"),
		STR("https://APP.example/cb"),
		STR("https://app.example@evil.example/cb"),
		STR("https://x.app.example/cb"),
		STR("https://app.example.evil/cb"),
		STR("https:\\\\app.example/cb"),
		STR("//app.example/cb"),
		STR("http://app.example/cb"),
		STR(""),
	};
	assert_true(redirect_uri_matches(registered, registered));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (redirect_uri_matches(registered, cases[i]))
			fail_msg("matched: %.*s", STR_ARG(cases[i]));
}

TEST(the_port_alone_of_a_loopback_uri_may_vary) /* OAuth 2.1 §8.4.2 */
{
	struct str registered = STR("http://127.0.0.1/cb");
	const struct str good[] = { STR("http://127.0.0.1/cb"), STR("http://127.0.0.1:1/cb"),
		STR("http://127.0.0.1:65535/cb") };
	const struct str bad[] = {
		STR("http://user@127.0.0.1:5/cb"),
		STR("http://127.0.0.1.evil/cb"),
		STR("http://127.1/cb"),
		STR("http://2130706433/cb"),
		STR("http://[::ffff:127.0.0.1]/cb"),
		STR("http://[::1]:5/cb"),
		STR("http://localhost:5/cb"),
		STR("https://127.0.0.1:5/cb"),
		STR("http://127.0.0.1:0/cb"),
		STR("http://127.0.0.1:65536/cb"),
		STR("http://127.0.0.1:/cb"),
		STR("http://127.0.0.1:080/cb"),
		STR("http://127.0.0.1:5@evil.example/cb"),
		STR("http://127.0.0.1:5/cb2"),
		STR("http://127.0.0.1:5/cb?x=1"),
		STR("http://127.0.0.1:5/cb#f"),
		STR("HTTP://127.0.0.1:5/cb"),
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!redirect_uri_matches(registered, good[i]))
			fail_msg("refused: %.*s", STR_ARG(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (redirect_uri_matches(registered, bad[i]))
			fail_msg("matched: %.*s", STR_ARG(bad[i]));
	assert_true(redirect_uri_matches(STR("http://localhost"), STR("http://localhost:8912"))); /* oidc-agent */
	assert_true(redirect_uri_matches(STR("http://127.0.0.1:3000/cb"), STR("http://127.0.0.1:3001/cb")));
}

TEST(an_answer_keeps_the_query_of_the_uri_and_escapes_what_it_adds) /* OAuth 2.1 §4.1.2; RFC 9207 §2 */
{
	struct redirect_answer answer = {
		.redirect_uri = STR("https://app.example/cb?x=1"),
		.code = STR("cac_1"),
		.state = STR("\"><script>\r\n&=\xF0\x9F\x98\x80"),
		.iss = STR("https://calends.example"),
	};
	assert_str(redirect_answer_url(test_mem, &answer),
		STR("https://app.example/cb?x=1&code=cac_1&state=%22%3E%3Cscript%3E%0D%0A%26%3D%F0%9F%98%80"
		    "&iss=https%3A%2F%2Fcalends.example"));
}

TEST(https_to_this_computer_is_told_from_https_elsewhere)
{
	static const char *const here[] = { "https://localhost/cb", "https://localhost", "https://localhost:8443/",
		"https://app.localhost/", "https://127.0.0.1/cb", "https://127.1/cb", "https://127.0.0.2:1/" };
	static const char *const elsewhere[] = { "https://app.example/localhost", "https://localhost.example/",
		"https://notlocalhost/", "https://127.0.0.1.example/", "http://localhost/cb",
		"com.example:/localhost" };
	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		assert_true(redirect_is_https_here(str_of(here[i])));
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		assert_false(redirect_is_https_here(str_of(elsewhere[i])));
}

TEST(people_are_told_where_the_answer_goes)
{
	const struct {
		struct str uri, host;
	} cases[] = {
		{ STR("https://app.example/cb"), STR("app.example") },
		{ STR("https://app.example:8443/cb"), STR("app.example:8443") },
		{ STR("http://127.0.0.1:5000/cb"), STR("this computer") },
		{ STR("http://localhost:5000"), STR("this computer") },
		{ STR("http://[::1]:5000/cb"), STR("this computer") },
		{ STR("com.example.app:/cb"), STR("com.example.app") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(redirect_host(test_mem, cases[i].uri), cases[i].host);
}

TESTS(RUN(https_to_this_computer_is_told_from_https_elsewhere), RUN(good_uris_can_be_registered),
	RUN(bad_uris_cannot_be_registered), RUN(a_uri_matches_itself_and_nothing_near_it),
	RUN(the_port_alone_of_a_loopback_uri_may_vary),
	RUN(an_answer_keeps_the_query_of_the_uri_and_escapes_what_it_adds), RUN(people_are_told_where_the_answer_goes))
