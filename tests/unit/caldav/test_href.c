/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/href.h"
#include "server/base/config.h"
#include "server/http/router.h"

static struct request rq;
static struct principal principal;
static struct config config;
static struct app app;

static struct id live_account(void)
{
	struct id id = { { 1, 0x9a, 0xbc, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2 } };
	return id;
}

static void begin(const char *path, struct id account)
{
	rq = (struct request){ .cx = test_cx, .app = &app, .principal = &principal };
	principal = (struct principal){ .account = account };
	config = (struct config){ .public_url = STR("https://cal.example.org") };
	app = (struct app){ .config = &config };
	rq.headers[0] = (struct header){ STR("Host"), STR("127.0.0.1:8080") };
	rq.header_count = 1;
	if (path)
		assert_ok(path_parse(&test_cx, str_of(path), &rq.path));
}

static struct str own_path(const char *tail)
{
	return str_fmt(test_mem, "/dav/calendars/%.*s%s", STR_ARG(dav_account(test_mem, live_account())), tail);
}

TEST(every_kind_of_path_is_read_and_written_back)
{
	struct str account = dav_account(test_mem, live_account());
	const struct {
		const char *format, *canonical;
		enum resource_kind kind;
	} cases[] = {
		{ "/dav", "/dav/", RES_ROOT },
		{ "/dav/", "/dav/", RES_ROOT },
		{ "/principals", "/dav/principals/", RES_PRINCIPALS },
		{ "/dav/principals/", "/dav/principals/", RES_PRINCIPALS },
		{ "/dav/principals/%.*s", "/dav/principals/%.*s/", RES_PRINCIPAL },
		{ "/dav/calendars", "/dav/calendars/", RES_HOMES },
		{ "/dav/calendars/%.*s/", "/dav/calendars/%.*s/", RES_HOME },
		{ "/dav/calendars/%.*s/work", "/dav/calendars/%.*s/work/", RES_CALENDAR },
		{ "/dav/calendars/%.*s/a%%20b/", "/dav/calendars/%.*s/a%%20b/", RES_CALENDAR },
		{ "/dav/calendars/%.*s/work/e%%40x.ics", "/dav/calendars/%.*s/work/e@x.ics", RES_OBJECT },
		{ "/dav/calendars/%.*s/work/a%%2Fb", "/dav/calendars/%.*s/work/a%%2Fb", RES_OBJECT },
		{ "/dav/calendars/%.*s/work/a%%2520b", "/dav/calendars/%.*s/work/a%%2520b", RES_OBJECT },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		struct str path = str_fmt(test_mem, cases[i].format, STR_ARG(account));
		struct str canonical = str_fmt(test_mem, cases[i].canonical, STR_ARG(account));
#pragma GCC diagnostic pop
		struct resource r;
		begin(str_c(test_mem, path), live_account());
		assert_ok(href_of_request(&rq, &r));
		assert_int_equal(r.kind, cases[i].kind);
		assert_str(href_text(test_mem, r), canonical);
	}
}

TEST(the_test_twin_has_a_path_of_its_own)
{
	struct id twin = id_in_mode(live_account(), true), back;
	struct str text = dav_account(test_mem, twin);
	assert_true(str_starts(text, STR("test-usr_")));
	assert_true(href_account_parse(text, &back));
	assert_true(id_eq(back, twin));
	/* The twin's id under the live name would be a second name of the same. */
	assert_false(href_account_parse(id_text(test_mem, "usr", twin), &back));

	struct resource r;
	begin(str_c(test_mem, own_path("/")), twin);
	assert_err(href_of_request(&rq, &r), ACCOUNT_MISMATCH);
}

TEST(what_is_not_ones_own_is_refused_whether_it_exists_or_not)
{
	static const char *const paths[] = { "/dav/calendars/usr_0000000000000000000008/",
		"/dav/calendars/usr_0000000000000000000008/cal/x.ics", "/dav/principals/usr_0000000000000000000008/" };
	struct resource r;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		begin(paths[i], live_account());
		assert_err(href_of_request(&rq, &r), ACCOUNT_MISMATCH);
	}
}

TEST(what_can_be_no_account_is_not_there)
{
	static const char *const paths[] = { "/dav/elsewhere/", "/dav/calendars/nobody/cal/x.ics",
		"/dav/principals/usr_/", "/dav/principals/test-/" };
	struct resource r;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		begin(paths[i], live_account());
		assert_err(href_of_request(&rq, &r), NOT_FOUND);
	}
}

TEST(hrefs_are_read_as_urls_of_this_host_or_as_paths) /* RFC 4918 §8.3 */
{
	static const char *const prefixes[] = { "", "http://127.0.0.1:8080", "HTTP://127.0.0.1:8080",
		"https://cal.example.org", "https://CAL.example.org:443", "\n  " };
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		struct resource r;
		struct str path = own_path("/work/with blank.ics");
		begin(NULL, live_account());
		assert_ok(href_resolve(&rq, str_fmt(test_mem, "%s%.*s ", prefixes[i], STR_ARG(path)), &r));
		assert_str(r.object, STR("with blank.ics"));
	}
}

TEST(hrefs_of_other_hosts_and_schemes_are_refused) /* RFC 4918 §9.9.4 */
{
	const struct {
		const char *prefix;
		enum err_kind kind;
	} cases[] = {
		{ "http://127.0.0.1:8081", DAV_FOREIGN },
		{ "http://other.example", DAV_FOREIGN },
		{ "http://127.0.0.1:8080@other.example", DAV_FOREIGN },
		{ "http://user@127.0.0.1:8080", DAV_FOREIGN },
		{ "ftp://127.0.0.1:8080", MALFORMED },
		{ "relative", MALFORMED },
		{ "/..", MALFORMED },
		{ "//other.example", MALFORMED },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct resource r;
		begin(NULL, live_account());
		err_t e = href_resolve(&rq, str_cat(test_mem, str_of(cases[i].prefix), own_path("/c/o")), &r);
		if (!err_is(e, cases[i].kind))
			fail_msg("%s: %s", cases[i].prefix, e ? err_row(e->kind)->name : "OK");
	}
}

TESTS(RUN(every_kind_of_path_is_read_and_written_back), RUN(the_test_twin_has_a_path_of_its_own),
	RUN(what_is_not_ones_own_is_refused_whether_it_exists_or_not), RUN(what_can_be_no_account_is_not_there),
	RUN(hrefs_are_read_as_urls_of_this_host_or_as_paths), RUN(hrefs_of_other_hosts_and_schemes_are_refused))
