/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/router_app.h"

TEST(the_first_row_that_fits_gets_the_decoded_arguments)
{
	static const struct {
		const char *target;
		int status;
		struct str body;
	} cases[] = {
		{ "/v1/events/latest", 200, STR_INIT("") },
		{ "/v1/events/e1", 200, STR_INIT("[e1]") },
		{ "/v1/events/a%2Fb%20c", 200, STR_INIT("[a/b c]") },
		{ "/v1/folder/", 200, STR_INIT("") },
		{ "/static/a/b.css", 200, STR_INIT("[a/b.css]") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exchange *x = GET(cases[i].target, NO_HEADERS);
		assert_int_equal(x->rs.status, cases[i].status);
		assert_str(answered_body(x), cases[i].body);
	}
}

TEST(paths_that_no_row_has_are_404_and_ambiguous_ones_400)
{
	static const struct {
		const char *target;
		int status;
	} cases[] = {
		{ "/v1/folder", 404 },
		{ "/v1/events/", 404 },
		{ "/v1/events/a/b", 404 },
		{ "/nowhere", 404 },
		{ "/static/a%2Fb", 404 },
		{ "/v1/../v1/half", 400 },
		{ "/v1//events", 400 },
		{ "/v1/%2e%2e/x", 400 },
		{ "/v1/events/%ff", 400 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(GET(cases[i].target, NO_HEADERS)->rs.status, cases[i].status);
}

TEST(a_method_that_a_path_has_not_is_405_with_allow) /* RFC 9110 §15.5.6 */
{
	struct exchange *x = bearer(METHOD_PUT, "/v1/events", "cp_good");
	assert_int_equal(x->rs.status, 405);
	assert_str(answered(x, "Allow"), STR("OPTIONS, GET, HEAD, POST"));
}

TEST(options_and_head_follow_from_the_table)
{
	struct exchange *x = exchange_run(exchange_new(&app, METHOD_OPTIONS, "/v1/events", STR(""), NO_HEADERS));
	assert_int_equal(x->rs.status, 200);
	assert_str(answered(x, "Allow"), STR("OPTIONS, GET, HEAD, POST"));
	x = exchange_run(exchange_new(&app, METHOD_HEAD, "/v1/events/e1", STR(""), NO_HEADERS));
	assert_int_equal(x->rs.status, 200);
	assert_str(answered(x, "Content-Length"), STR("4"));
	assert_str(answered_body(x), STR(""));
}

TEST(under_dav_a_stranger_learns_nothing)
{
	static const char *const targets[] = { "/dav/a/b/c", "/dav/nowhere/x", "/dav" };
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct exchange *x = GET(targets[i], NO_HEADERS);
		assert_int_equal(x->rs.status, 401);
		assert_str(answered(x, "DAV"), STR("1"));
		/* The first of two header lines. */
		assert_str(answered(x, "WWW-Authenticate"), STR("Basic realm=\"Calends\""));
	}
	struct exchange *x = exchange_run(exchange_new(&app, METHOD_OPTIONS, "/dav/", STR(""), NO_HEADERS));
	assert_int_equal(x->rs.status, 200);
}

TEST(who_and_scope_are_enforced)
{
	static const struct {
		enum method method;
		const char *target, *secret;
		int status;
		const char *code;
	} cases[] = {
		{ METHOD_GET, "/v1/events", "cp_good", 200, NULL },
		{ METHOD_GET, "/v1/events", "cat_read", 200, NULL },
		{ METHOD_GET, "/v1/events", "rk_good", 200, NULL },
		{ METHOD_GET, "/v1/events", "pk_good", 403, "key_kind_not_allowed" },
		{ METHOD_GET, "/v1/events", "cp_bad", 401, "api_key_revoked" },
		{ METHOD_GET, "/v1/events", "cat_bad", 401, "token_invalid" },
		{ METHOD_GET, "/v1/events", "session", 401, "api_key_invalid" },
		{ METHOD_GET, "/v1/events", "zz_bad", 401, "api_key_invalid" },
		{ METHOD_GET, "/v1/events", "cp_broken", 503, "unavailable" },
		{ METHOD_POST, "/v1/events", "cat_read", 403, "insufficient_scope" },
		{ METHOD_DELETE, "/v1/calendars/1", "cat_read", 403, "key_kind_not_allowed" },
		{ METHOD_DELETE, "/v1/calendars/1", "cp_good", 200, NULL },
		{ METHOD_GET, "/v1/nobody", "cp_good", 403, "forbidden" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exchange *x = bearer(cases[i].method, cases[i].target, cases[i].secret);
		assert_int_equal(x->rs.status, cases[i].status);
		if (cases[i].code)
			assert_string_equal(x->rq.error_code, cases[i].code);
	}
}

TEST(a_challenge_names_an_error_only_when_something_was_tried) /* RFC 6750 §3.1, RFC 9728 §5.1 */
{
	static const struct {
		const char *secret;
		struct str challenge;
	} cases[] = {
		{ "cat_bad", STR_INIT("Bearer realm=\"Calends\", error=\"invalid_token\", error_description=\"This "
				      "access token is "
				      "not one of ours, or was altered.\", scope=\"events:read\", "
				      "resource_metadata=\"http://127.0.0.1:8080/"
				      ".well-known/oauth-protected-resource/v1\"") },
		{ NULL, STR_INIT("Bearer realm=\"Calends\", scope=\"events:read\", "
				 "resource_metadata=\"http://127.0.0.1:8080/"
				 ".well-known/oauth-protected-resource/v1\"") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exchange *x = cases[i].secret ? bearer(METHOD_GET, "/v1/events", cases[i].secret)
						     : GET("/v1/events", NO_HEADERS);
		assert_int_equal(x->rs.status, 401);
		assert_str(answered(x, "WWW-Authenticate"), cases[i].challenge);
	}
	struct exchange *x = bearer(METHOD_POST, "/v1/events", "cat_read");
	assert_true(str_find(answered(x, "WWW-Authenticate"), STR("error=\"insufficient_scope\"")) != SIZE_MAX);
	assert_true(str_find(answered(x, "WWW-Authenticate"), STR("scope=\"events:write\"")) != SIZE_MAX);
}

TEST(authorization_is_read_strictly) /* RFC 9110 §11, RFC 7617 */
{
	static const struct {
		struct str header;
		const char *target;
		int status;
	} cases[] = {
		{ STR_INIT("bearer cp_good"), "/v1/events", 200 }, { STR_INIT("BEARER cp_good"), "/v1/events", 200 },
		{ STR_INIT("Bearer  cp_good"), "/v1/events", 200 }, /* §11.4: 1*SP */
		{ STR_INIT("Bearer\tcp_good"), "/v1/events", 401 }, { STR_INIT("Bearer"), "/v1/events", 401 },
		{ STR_INIT("Bearer "), "/v1/events", 401 },
		{ STR_INIT("Bearer cp_good, Bearer cp_good"), "/v1/events", 401 },
		{ STR_INIT("cp_good"), "/v1/events", 401 }, { STR_INIT("Digest username=x"), "/v1/events", 401 },
		{ STR_INIT("Bearer cp_good"), "/v1/events?access_token=cp_good", 400 },
		{ STR_INIT("DPoP cp_good"), "/v1/events", 401 },
		{ STR_INIT("Basic YTpjcF9nb29k"), "/v1/events", 401 }, /* a:cp_good, but REST takes no Basic */
		{ STR_INIT("Basic YTpjcF9nb29k"), "/dav/a/b/c", 200 },
		{ STR_INIT("Basic YWJjOmNwX2dvb2Q="), "/dav/a/b/c", 200 },
		{ STR_INIT("Basic YWI6Y3BfZ29vZA=="), "/dav/a/b/c", 200 }, /* ab:cp_good, with all of its padding */
		{ STR_INIT("Basic YTpjYXRfcmVhZA=="), "/dav/a/b/c", 401 }, /* a:cat_read: Basic is for keys */
		{ STR_INIT("Bearer cat_read"), "/dav/a/b/c", 200 },
		{ STR_INIT("Basic YWNwX2dvb2Q="), "/dav/a/b/c", 401 }, /* no colon */
		{ STR_INIT("Basic YTpjcF9nb29"), "/dav/a/b/c", 401 },  /* no padding */
		{ STR_INIT("Basic !!!!"), "/dav/a/b/c", 401 },
		{ STR_INIT("Basic /zpjcF9nb29k"), "/dav/a/b/c", 401 },     /* not UTF-8 */
		{ STR_INIT("Basic YQA6Y3BfZ29vZA=="), "/dav/a/b/c", 401 }, /* NUL */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header h = { STR("Authorization"), cases[i].header };
		struct exchange *x = GET(cases[i].target, &h, 1);
		if (x->rs.status != cases[i].status)
			fail_msg("%s: %d", cases[i].header.ptr, x->rs.status);
	}
	/* Without a header, a token in the query is nothing. */
	struct exchange *x = GET("/v1/events?access_token=cp_good", NO_HEADERS);
	assert_string_equal(x->rq.error_code, "missing_credentials");
}

TEST(bodies_have_a_type_and_a_ceiling)
{
	static const struct {
		const char *target, *type;
		struct str body;
		int status;
	} cases[] = {
		{ "/v1/any", "text/plain", STR_INIT("0123456789"), 200 },
		{ "/v1/any", "text/plain", STR_INIT("0123456789a"), 413 },
		{ "/v1/events", "application/json; charset=utf-8", STR_INIT("{}"), 200 },
		{ "/v1/events", "Application/JSON", STR_INIT("{}"), 200 },
		{ "/v1/events", "text/plain", STR_INIT("{}"), 415 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header h[] = { { STR("Content-Type"), str_of(cases[i].type) },
			{ STR("Authorization"), STR("Bearer cp_good") } };
		struct exchange *x =
			exchange_run(exchange_new(&app, METHOD_POST, cases[i].target, cases[i].body, h, 2));
		assert_int_equal(x->rs.status, cases[i].status);
		assert_true(x->io.closed == (cases[i].status == 413));
	}
	/* Of unknown length, it is read to one octet past the ceiling at most. */
	struct exchange *x = exchange_new(&app, METHOD_POST, "/v1/any", STR("0123456789a"), NO_HEADERS);
	x->rq.content_length = -1;
	assert_int_equal(exchange_run(x)->rs.status, 413);
	x = exchange_new(&app, METHOD_POST, "/v1/any", STR("0123456789"), NO_HEADERS);
	x->rq.content_length = -1;
	assert_str(answered_body(exchange_run(x)), STR("0123456789"));
}

TEST(a_body_that_breaks_off_is_408)
{
	struct exchange *x = exchange_new(&app, METHOD_POST, "/v1/any", STR("012"), NO_HEADERS);
	x->rq.content_length = 10;
	assert_int_equal(exchange_run(x)->rs.status, 408);
	assert_true(x->io.closed);
}

TEST(an_expectation_is_met_only_when_the_body_is_wanted) /* RFC 9110 §10.1.1 */
{
	struct exchange *x = exchange_new(&app, METHOD_POST, "/v1/any", STR("012"), NO_HEADERS);
	x->io.base.expects_continue = true;
	assert_int_equal(exchange_run(x)->rs.status, 200);
	assert_true(str_starts(buf_str(&x->io.wire), STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")));
	x = exchange_new(&app, METHOD_POST, "/v1/events", STR("012"), NO_HEADERS);
	x->io.base.expects_continue = true;
	assert_int_equal(exchange_run(x)->rs.status, 401);
	assert_true(str_starts(buf_str(&x->io.wire), STR("HTTP/1.1 401")) && x->io.closed);
}

TEST(a_failed_handler_leaves_nothing_of_its_answer)
{
	struct exchange *x = GET("/v1/half", NO_HEADERS);
	assert_int_equal(x->rs.status, 404);
	assert_null(answered(x, "ETag").ptr);
	assert_true(str_find(answered_body(x), STR("half")) == SIZE_MAX);
	assert_true(str_find(answered_body(x), STR("resource_missing")) != SIZE_MAX);
}

TEST(a_module_says_what_no_row_of_its_has_means)
{
	assert_int_equal(bearer(METHOD_GET, "/dav/nowhere", "cp_good")->rs.status, 412);
	assert_int_equal(bearer(METHOD_DELETE, "/dav/a/b/c", "cp_good")->rs.status, 409);
	assert_int_equal(bearer(METHOD_GET, "/dav/nowhere", "cp_bad")->rs.status, 401); /* and to its callers alone */
	assert_int_equal(bearer(METHOD_OPTIONS, "/dav/nowhere", "cp_good")->rs.status, 404);
	assert_int_equal(bearer(METHOD_OPTIONS, "/dav/a/b/c", "cp_good")->rs.status, 200);
}

TEST(a_long_prefix_is_no_path_of_another_module)
{
	assert_int_equal(GET("/davy", NO_HEADERS)->rs.status, 404);
	assert_int_equal(GET("/v1", NO_HEADERS)->rs.status, 404);
}

TEST(the_table_prints_itself)
{
	struct buf out = buf_new(test_mem, MIB(1));
	router_print(&app, &out);
	assert_true(
		str_find(buf_str(&out), STR("| GET | `/v1/events` | token, account key, secret key, restricted key | "
					    "events:read |  |  |  |\n")) != SIZE_MAX);
	assert_true(str_find(buf_str(&out), STR("| XML, 1 KiB | yes |  |\n")) != SIZE_MAX);
	assert_true(str_find(buf_str(&out), STR("| XML, 1 KiB | unless Depth: 0 |  |\n")) != SIZE_MAX);
	assert_true(str_find(buf_str(&out), STR("| nobody |")) != SIZE_MAX);
}

TESTS(RUN(the_first_row_that_fits_gets_the_decoded_arguments),
	RUN(paths_that_no_row_has_are_404_and_ambiguous_ones_400), RUN(a_method_that_a_path_has_not_is_405_with_allow),
	RUN(options_and_head_follow_from_the_table), RUN(under_dav_a_stranger_learns_nothing),
	RUN(who_and_scope_are_enforced), RUN(a_challenge_names_an_error_only_when_something_was_tried),
	RUN(authorization_is_read_strictly), RUN(bodies_have_a_type_and_a_ceiling), RUN(a_body_that_breaks_off_is_408),
	RUN(an_expectation_is_met_only_when_the_body_is_wanted), RUN(a_failed_handler_leaves_nothing_of_its_answer),
	RUN(a_module_says_what_no_row_of_its_has_means), RUN(a_long_prefix_is_no_path_of_another_module),
	RUN(the_table_prints_itself))
