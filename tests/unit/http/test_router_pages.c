/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/router_app.h"

TEST(a_secret_key_from_a_browser_is_refused)
{
	struct exchange *x =
		GET("/v1/events", HEADERS(H("Authorization", "Bearer sk_good"), H("Origin", "https://shop.example")));
	assert_string_equal(x->rq.error_code, "secret_key_in_browser");
	assert_int_equal(bearer(METHOD_GET, "/v1/events", "sk_good")->rs.status, 200);
}

TEST(pages_know_their_session_and_send_strangers_away)
{
	struct exchange *x = GET("/keys", HEADERS(H("Cookie", "a=b; session_8080=session; c=d")));
	assert_int_equal(x->rs.status, 200);
	assert_string_equal(GET("/keys", NO_HEADERS)->rq.error_code, "login_required");
	assert_string_equal(GET("/keys", HEADERS(H("Cookie", "session_8080=old")))->rq.error_code, "login_required");
	/* A key is not a session, and its header is not even looked at. */
	assert_string_equal(bearer(METHOD_GET, "/keys", "cp_good")->rq.error_code, "login_required");
	assert_int_equal(GET("/", HEADERS(H("Cookie", "session_8080=old")))->rs.status, 200);
}

static int post_form(const char *target, struct str body, const struct header *more, size_t count)
{
	struct header h[8] = { H("Content-Type", "application/x-www-form-urlencoded") };
	for (size_t i = 0; i < count; i++)
		h[1 + i] = more[i];
	return exchange_run(exchange_new(&app, METHOD_POST, target, body, h, count + 1))->rs.status;
}

TEST(a_form_needs_the_token_of_its_session)
{
	const struct header session = H("Cookie", "session_8080=session");
	assert_int_equal(post_form("/keys", STR("csrf=aabb"), &session, 1), 200);
	assert_int_equal(post_form("/keys", STR("csrf=aabc"), &session, 1), 403);
	assert_int_equal(post_form("/keys", STR("csrf="), &session, 1), 403);
	assert_int_equal(post_form("/keys", STR("a=b"), &session, 1), 403);
}

static struct exchange *post_files(const char *type, struct str body)
{
	const struct header h[] = { H("Cookie", "session_8080=session"), { STR("Content-Type"), str_of(type) } };
	return exchange_run(exchange_new(&app, METHOD_POST, "/files", body, h, 2));
}

#define PART(name, rest, value) "--B\r\nContent-Disposition: form-data; name=" name rest "\r\n\r\n" value "\r\n"
#define A_FILE PART("file", "; filename=x.ics", "BEGIN")

TEST(a_form_with_files_needs_the_same_token)
{
	const char *type = "multipart/form-data; boundary=B";
	struct exchange *x = post_files(type, STR(A_FILE PART("csrf", "", "aabb") "--B--\r\n"));
	assert_int_equal(x->rs.status, 200);
	assert_str(answered_body(x), STR("BEGIN"));
	const struct str refused[] = {
		STR(A_FILE "--B--\r\n"),
		STR(A_FILE PART("csrf", "", "aabc") "--B--\r\n"),
		STR(A_FILE PART("csrf", "; filename=csrf", "aabb") "--B--\r\n"), /* a file is no token */
		STR(A_FILE PART("csrf", "", "aabb") PART("csrf", "", "aabb") "--B--\r\n"),
	};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_string_equal(post_files(type, refused[i])->rq.error_code, "csrf_failed");
}

/* RFC 7578 §4.1: a boundary is asked for. What is kept in a page comes as other forms do, without its file. */
TEST(a_form_with_files_is_multipart_or_has_none)
{
	const char *form = "application/x-www-form-urlencoded";
	assert_str(answered_body(post_files(form, STR("csrf=aabb&name=una"))), STR("una"));
	assert_int_equal(post_files("multipart/form-data", STR("--B--\r\n"))->rs.status, 400);
	assert_int_equal(post_files("multipart/mixed; boundary=B", STR("--B--\r\n"))->rs.status, 415);
	assert_int_equal(post_files("text/calendar", STR("BEGIN"))->rs.status, 415);
	const struct header h[] = { H("Cookie", "session_8080=session"),
		H("Content-Type", "multipart/form-data; boundary=B") };
	struct exchange *x =
		exchange_new(&app, METHOD_POST, "/keys", STR(PART("csrf", "", "aabb") "--B--\r\n"), h, ARRAY_LEN(h));
	assert_int_equal(exchange_run(x)->rs.status, 415); /* a row that takes no files */
}

TEST(a_form_with_files_is_bounded_by_its_row)
{
	char *large = arena_take(test_mem, 2048, 1);
	memset(large, 'x', 2047);
	const char *type = "multipart/form-data; boundary=B";
	struct exchange *x = post_files(type,
		str_fmt(test_mem, PART("file", "; filename=x.ics", "%s") PART("csrf", "", "aabb") "--B--\r\n", large));
	assert_int_equal(x->rs.status, 413);
}

TEST(a_stranger_s_form_needs_the_token_of_the_cookie_that_came_with_it)
{
	struct exchange *x = GET("/", NO_HEADERS);
	struct str set = answered(x, "Set-Cookie"), pair, token = answered_body(x);
	assert_true(str_cut(&set, ';', &pair));
	assert_true(str_starts(pair, STR("csrf_8080=")));
	const struct header cookie = { STR("Cookie"), pair };
	assert_int_equal(post_form("/sign-in", str_cat(test_mem, STR("csrf="), token), &cookie, 1), 200);
	assert_int_equal(post_form("/sign-in", str_cat(test_mem, STR("csrf="), token), NULL, 0), 403);
	assert_int_equal(post_form("/sign-in", STR("csrf=x"), &cookie, 1), 403);
	/* Shown again, the page keeps the cookie: other tabs stay valid. */
	x = GET("/", &cookie, 1);
	assert_null(answered(x, "Set-Cookie").ptr);
	assert_str(answered_body(x), token);
}

TEST(a_form_from_another_site_is_refused)
{
	static const struct {
		struct header extra;
		int status;
	} cases[] = {
		{ H("Sec-Fetch-Site", "same-origin"), 200 },
		{ H("Sec-Fetch-Site", "none"), 200 },
		{ H("Sec-Fetch-Site", "same-site"), 403 },
		{ H("Sec-Fetch-Site", "cross-site"), 403 },
		{ H("Origin", "http://127.0.0.1:8080"), 200 },
		{ H("Origin", "null"), 200 }, /* our own pages, under Referrer-Policy: no-referrer */
		{ H("Origin", "http://evil.example"), 403 },
		{ H("Origin", "http://127.0.0.1:8081"), 403 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct header h[] = { H("Cookie", "session_8080=session"), cases[i].extra };
		assert_int_equal(post_form("/keys", STR("csrf=aabb"), h, 2), cases[i].status);
	}
}

TEST(pages_carry_their_policy)
{
	struct exchange *x = GET("/", NO_HEADERS);
	assert_str(answered(x, "Content-Security-Policy"),
		STR("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
		    "frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; form-action 'self'"));
	assert_str(answered(x, "X-Frame-Options"), STR("DENY"));
	assert_str(answered(x, "Referrer-Policy"), STR("no-referrer"));
	assert_str(answered(x, "Cache-Control"), STR("no-store"));
	assert_null(answered(x, "Server").ptr);
	assert_true(str_starts(answered(x, "Request-Id"), STR("req_")));
}

TEST(cors_is_where_the_row_says_so)
{
	struct exchange *x =
		GET("/v1/events", HEADERS(H("Authorization", "Bearer pk_good"), H("Origin", "https://shop.example")));
	/* An error, too, must be readable by the page. */
	assert_int_equal(x->rs.status, 403);
	assert_str(answered(x, "Access-Control-Allow-Origin"), STR("https://shop.example"));
	assert_str(answered(x, "Vary"), STR("Origin"));
	assert_null(answered(x, "Access-Control-Allow-Credentials").ptr);
	x = GET("/v1/events", HEADERS(H("Authorization", "Bearer cp_good"), H("Origin", "null")));
	assert_null(answered(x, "Access-Control-Allow-Origin").ptr);
	x = GET("/v1/folder/", HEADERS(H("Origin", "https://shop.example")));
	assert_null(answered(x, "Access-Control-Allow-Origin").ptr);
	assert_null(answered(x, "Vary").ptr);
}

TEST(a_page_of_an_unknown_origin_reads_nothing_but_what_publishable_keys_open)
{
	struct exchange *x =
		GET("/v1/events", HEADERS(H("Authorization", "Bearer cp_good"), H("Origin", "https://other.example")));
	assert_int_equal(x->rs.status, 200);
	assert_null(answered(x, "Access-Control-Allow-Origin").ptr);
	assert_str(answered(x, "Vary"), STR("Origin"));
	x = GET("/v1/public", HEADERS(H("Authorization", "Bearer pk_good"), H("Origin", "https://other.example")));
	assert_str(answered(x, "Access-Control-Allow-Origin"), STR("https://other.example"));
	x = GET("/v1/public", HEADERS(H("Authorization", "Bearer pk_good"), H("Origin", "null")));
	assert_null(answered(x, "Access-Control-Allow-Origin").ptr);
	x = GET("/v1/events", HEADERS(H("Origin", "https://shop.example")));
	assert_int_equal(x->rs.status, 401);
	assert_str(answered(x, "Access-Control-Allow-Origin"), STR("https://shop.example"));
}

static struct exchange *preflight_of(const char *origin, const char *target, const char *method)
{
	const struct header h[] = { { STR("Origin"), str_of(origin) },
		{ STR("Access-Control-Request-Method"), str_of(method) } };
	return exchange_run(exchange_new(&app, METHOD_OPTIONS, target, STR(""), h, 2));
}

static struct exchange *preflight(const char *target, const char *method)
{
	return preflight_of("https://shop.example", target, method);
}

TEST(a_preflight_of_an_unknown_origin_is_refused_and_told_why)
{
	static const char *const others[] = { "https://other.example", "null" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct exchange *x = preflight_of(others[i], "/v1/events", "GET");
		assert_int_equal(x->rs.status, 403);
		assert_null(answered(x, "Access-Control-Allow-Origin").ptr);
		assert_null(answered(x, "Access-Control-Allow-Methods").ptr);
		assert_str(answered(x, "Vary"), STR("Origin"));
		assert_true(str_find(buf_str(&x->rs.body), STR("allowed_origins")) != SIZE_MAX);
	}
	assert_int_equal(preflight_of("https://other.example", "/v1/public", "GET")->rs.status, 204);
	assert_int_equal(preflight_of("null", "/v1/public", "GET")->rs.status, 403);
}

TEST(a_preflight_is_answered_for_cors_rows_alone)
{
	struct exchange *x = preflight("/v1/events", "POST");
	assert_int_equal(x->rs.status, 204);
	assert_str(answered(x, "Access-Control-Allow-Origin"), STR("https://shop.example"));
	assert_str(answered(x, "Access-Control-Allow-Methods"), STR("GET, HEAD, POST"));
	assert_true(str_find(answered(x, "Access-Control-Allow-Headers"), STR("Authorization")) != SIZE_MAX);
	assert_null(answered(preflight("/v1/events", "DELETE"), "Access-Control-Allow-Origin").ptr);
	assert_null(answered(preflight("/v1/folder/", "GET"), "Access-Control-Allow-Methods").ptr);
	assert_null(answered(preflight("/keys", "POST"), "Access-Control-Allow-Origin").ptr);
}

TESTS(RUN(a_secret_key_from_a_browser_is_refused), RUN(pages_know_their_session_and_send_strangers_away),
	RUN(a_form_needs_the_token_of_its_session), RUN(a_form_with_files_needs_the_same_token),
	RUN(a_form_with_files_is_multipart_or_has_none), RUN(a_form_with_files_is_bounded_by_its_row),
	RUN(a_stranger_s_form_needs_the_token_of_the_cookie_that_came_with_it),
	RUN(a_form_from_another_site_is_refused), RUN(pages_carry_their_policy), RUN(cors_is_where_the_row_says_so),
	RUN(a_page_of_an_unknown_origin_reads_nothing_but_what_publishable_keys_open),
	RUN(a_preflight_of_an_unknown_origin_is_refused_and_told_why), RUN(a_preflight_is_answered_for_cors_rows_alone))
