/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/net/target.h"

TEST(urls_of_the_public_internet_are_called)
{
	static const char *const cases[] = { "https://hooks.example.com/in", "https://hooks.example.com",
		"https://hooks.example.com:443/in?a=1&b=%C3%A4", "https://hooks.example.com:8443/", "https://1.1.1.1/",
		"https://[2606:4700:4700::1111]:1024/", "HTTPS://Hooks.Example.COM/", "https://hooks.example.com./" };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err_t e = target_check(&test_cx, "url", str_of(cases[i]), false);
		if (e)
			fail_msg("%s: %.*s", cases[i], STR_ARG(err_text(e)));
	}
}

TEST(other_urls_are_refused_with_what_is_wrong)
{
	static const struct {
		const char *url, *told;
	} cases[] = {
		{ "", "printable" },
		{ "hooks.example.com", "Bad scheme" },
		{ "http://hooks.example.com/", "https" },
		{ "ftp://hooks.example.com/", "https" },
		{ "file:///etc/passwd", "" },
		{ "gopher://hooks.example.com/", "https" },
		{ "javascript:alert(1)", "" },
		{ "//hooks.example.com/", "" },
		{ "https://", "" },
		{ "https:///in", "" },
		{ "https://user@hooks.example.com/", "user name" },
		{ "https://user:secret@hooks.example.com/", "user name" },
		{ "https://:secret@hooks.example.com/", "user name" },
		{ "https://hooks.example.com/#part", "fragment" },
		{ "https://hooks.example.com/a b", "printable" },
		{ "https://hooks.example.com/\r\nX-Other: 1", "printable" },
		{ "https://hooks.example.com\\@127.0.0.1/", "printable" },
		{ "https://h\xC3\xB6oks.example.com/", "printable" },
		{ "https://hooks.example.com:80/", "Port 80" },
		{ "https://hooks.example.com:22/", "Port 22" },
		{ "https://hooks.example.com:5432/", "Port 5432" },
		{ "https://hooks.example.com:6379/", "Port 6379" },
		{ "https://hooks.example.com:0/", "" },
		{ "https://hooks.example.com:65536/", "" },
		{ "https://hooks.example.com:-1/", "" },
		{ "https://localhost/", "not a name" },
		{ "https://LOCALHOST./", "not a name" },
		{ "https://a.localhost/", "not a name" },
		{ "https://intranet/", "not a name" },
		{ "https://db.internal/", "not a name" },
		{ "https://printer.local/", "not a name" },
		{ "https://router.home.arpa/", "not a name" },
		{ "https://127.0.0.1/", "loopback" },
		{ "https://127.1/", "loopback" },
		{ "https://0x7f000001/", "loopback" },
		{ "https://2130706433/", "loopback" },
		{ "https://017700000001/", "loopback" },
		{ "https://0/", "this network" },
		{ "https://169.254.169.254/latest/meta-data/", "link-local" },
		{ "https://10.1.2.3/", "private network" },
		{ "https://[::1]/", "loopback" },
		{ "https://[::ffff:127.0.0.1]/", "IPv4-mapped" },
		{ "https://[64:ff9b::7f00:1]/", "NAT64" },
		{ "https://[fe80::1%25eth0]/", "" },
		{ "https://[::1/", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err_t e = target_check(&test_cx, "url", str_of(cases[i].url), false);
		if (!err_is(e, URL_NOT_ALLOWED) || !str_eq(e->param, STR("url")))
			fail_msg("%s is not refused", cases[i].url);
		if (*cases[i].told && str_find(err_text(e), str_of(cases[i].told)) == SIZE_MAX)
			fail_msg("%s: %.*s", cases[i].url, STR_ARG(err_text(e)));
	}
}

TEST(a_url_may_not_be_longer_than_others_take)
{
	struct str head = STR("https://hooks.example.com/");
	char tail[TARGET_URL_MAX];
	memset(tail, 'a', sizeof tail);
	struct str longest = str_cat(test_mem, head, (struct str){ tail, TARGET_URL_MAX - head.len });
	assert_ok(target_check(&test_cx, "url", longest, false));
	assert_true(
		err_is(target_check(&test_cx, "url", str_cat(test_mem, longest, STR("a")), false), URL_NOT_ALLOWED));
}

TEST(a_closed_network_may_be_called_where_its_operator_says_so)
{
	static const char *const fine[] = { "http://localhost:8000/", "http://127.0.0.1:80/in", "https://10.0.0.1:22/",
		"http://[::1]:9000/", "http://intranet/" };
	static const char *const bad[] = { "ftp://localhost/", "http://user@localhost/", "http://localhost/#a", "" };
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		assert_ok(target_check(&test_cx, "url", str_of(fine[i]), true));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(err_is(target_check(&test_cx, "url", str_of(bad[i]), true), URL_NOT_ALLOWED));
}

TESTS(RUN(urls_of_the_public_internet_are_called), RUN(other_urls_are_refused_with_what_is_wrong),
	RUN(a_url_may_not_be_longer_than_others_take), RUN(a_closed_network_may_be_called_where_its_operator_says_so))
