/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/memory_io.h"

#include "server/http/concurrency.h"
#include "server/http/limit.h"

static err_t show_args(struct request *rq, struct response *rs)
{
	struct buf *body = reply(rs, 200, "text/plain");
	for (size_t i = 0; i < rq->arg_count; i++)
		buf_fmt(body, "[%.*s]", STR_ARG(rq->args[i]));
	return OK;
}

static err_t show_kind(struct request *rq, struct response *rs)
{
	buf_fmt(reply(rs, 200, "text/plain"), "%d", rq->principal ? (int)rq->principal->kind : 0);
	return OK;
}

static err_t show_body(struct request *rq, struct response *rs)
{
	buf_add(reply(rs, 200, "text/plain"), rq->body);
	return OK;
}

static err_t half_then_fail(struct request *rq, struct response *rs)
{
	BUF_LIT(reply(rs, 200, "text/plain"), "half an answer");
	response_header(rs, "ETag", STR("\"1\""));
	return FAIL(&rq->cx, NOT_FOUND, "later");
}

static err_t show_csrf(struct request *rq, struct response *rs)
{
	buf_add(reply_page(rs, 200, FORMS_STAY), request_csrf(rq));
	return OK;
}

static int inner_status;
static struct str inner_retry_after;

/* Asks again while it is answered itself, with the same credential and Depth: the path of its query, or its own. */
static err_t ask_again(struct request *rq, struct response *rs)
{
	struct header headers[2] = { { STR("Authorization"), request_header(rq, "Authorization") },
		{ STR("Depth"), request_header(rq, "Depth") } };
	if (!rq->query.ptr)
		return show_kind(rq, rs);
	struct exchange *inner = exchange_new(
		rq->app, rq->method, str_c(test_mem, rq->query), STR(""), headers, headers[1].value.ptr ? 2 : 1);
	exchange_run(inner);
	inner_status = inner->rs.status;
	inner_retry_after = answered(inner, "Retry-After");
	return str_eq(rq->query, STR("/dav/")) ? FAIL(&rq->cx, NOT_FOUND, "and fails") : show_kind(rq, rs);
}

/* clang-format off */
static const struct route dav_routes[] = {
	{ METHOD_GET,      "/dav/:acct/:cal/:obj", TOKEN | KEY, EVENTS_READ, NO_BODY,  0,       show_args, "", 0 },
	{ METHOD_PROPFIND, "/dav/",                KEY,         0,           BODY_XML, KIB(1),  show_kind, "", 0 },
	{ METHOD_PROPFIND, "/dav/deep",            KEY,         0,           BODY_XML, KIB(1),  ask_again, "", HEAVY_DEEP },
	{ METHOD_REPORT,   "/dav/deep",            KEY,         0,           BODY_XML, KIB(1),  ask_again, "", HEAVY },
};
static const struct route api_routes[] = {
	{ METHOD_GET,    "/v1/events",        TOKEN | KEY,     EVENTS_READ,  NO_BODY,   0,      show_kind, "", CORS_KEYS },
	{ METHOD_POST,   "/v1/events",        TOKEN | KEY,     EVENTS_WRITE, BODY_JSON, KIB(1), show_body, "", CORS_KEYS },
	{ METHOD_GET,    "/v1/events/latest", ANYONE,          0,            NO_BODY,   0,      show_args, "", 0 },
	{ METHOD_GET,    "/v1/events/:event", ANYONE,          0,            NO_BODY,   0,      show_args, "", 0 },
	{ METHOD_DELETE, "/v1/calendars/:id", KEY | TOKEN,     OWNER,        NO_BODY,   0,      show_kind, "", 0 },
	{ METHOD_GET,    "/v1/nobody",        NOBODY,          0,            NO_BODY,   0,      show_kind, "", 0 },
	{ METHOD_GET,    "/v1/folder/",       ANYONE,          0,            NO_BODY,   0,      show_args, "", 0 },
	{ METHOD_GET,    "/v1/half",          ANYONE,          0,            NO_BODY,   0,      half_then_fail, "", 0 },
	{ METHOD_POST,   "/v1/any",           ANYONE,          0,            BODY_ANY,  10,     show_body, "", CORS_ANY },
};
static const struct route web_routes[] = {
	{ METHOD_GET,  "/",              OPTIONAL_SESSION, 0, NO_BODY,   0,      show_csrf, "", 0 },
	{ METHOD_POST, "/sign-in",       OPTIONAL_SESSION, 0, BODY_FORM, KIB(1), show_kind, "", 0 },
	{ METHOD_GET,  "/keys",          SESSION,          0, NO_BODY,   0,      show_kind, "", 0 },
	{ METHOD_POST, "/keys",          SESSION,          0, BODY_FORM, KIB(1), show_kind, "", 0 },
	{ METHOD_GET,  "/static/*rest",  ANYONE,           0, NO_BODY,   0,      show_args, "", 0 },
};
/* clang-format on */

static void dav_header(struct request *rq, struct response *rs)
{
	(void)rq;
	response_header(rs, "DAV", STR("1"));
}

static err_t unrouted(struct request *rq, bool path_known)
{
	assert_non_null(rq->principal);
	return path_known ? FAIL(&rq->cx, CONFLICT, "path") : FAIL(&rq->cx, PRECONDITION, "no path");
}

static const struct module dav = { .name = "dav",
	.prefix = "/dav/",
	.routes = dav_routes,
	.route_count = ARRAY_LEN(dav_routes),
	.auth_first = true,
	.basic = KEY,
	.unrouted = unrouted,
	.every_answer = dav_header };
static const struct module api = { .name = "api",
	.prefix = "/v1/",
	.routes = api_routes,
	.route_count = ARRAY_LEN(api_routes),
	.rate_limited = true };
static const struct module web = {
	.name = "web", .prefix = "", .routes = web_routes, .route_count = ARRAY_LEN(web_routes)
};
static const struct module *const modules[] = { &dav, &api, &web };

static err_t judge(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	static const struct {
		struct str secret;
		enum who kind;
		uint64_t scopes;
	} known[] = {
		{ STR_INIT("cp_good"), ACCOUNT_KEY, SCOPES_ALL | OWNER },
		{ STR_INIT("sk_good"), SECRET_KEY, SCOPES_ALL | OWNER },
		{ STR_INIT("rk_good"), RESTRICTED_KEY, EVENTS_READ },
		{ STR_INIT("cat_read"), TOKEN, EVENTS_READ },
		{ STR_INIT("pk_good"), PUBLISHABLE_KEY, 0 },
		{ STR_INIT("session"), SESSION, SCOPES_ALL | OWNER },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_eq(sent->secret, known[i].secret))
			continue;
		*out = (struct principal){ .kind = known[i].kind,
			.scopes = known[i].scopes,
			.csrf = STR("aabb"),
			.credential = { { (uint8_t)(i + 1) } } };
		return OK;
	}
	if (str_eq(sent->secret, STR("cp_broken")))
		return FAIL(cx, UNAVAILABLE, "database gone");
	return FAIL(cx, str_starts(sent->secret, STR("cat_")) ? TOKEN_INVALID : KEY_REVOKED, "unknown");
}

static const struct authenticator authenticators[] = { { "cp_", judge }, { "sk_", judge }, { "rk_", judge },
	{ "pk_", judge }, { "cat_", judge }, { "", judge } };

static const struct config config = { .public_url = STR_INIT("http://127.0.0.1:8080") };
static const struct app app = { .modules = modules,
	.module_count = ARRAY_LEN(modules),
	.authenticators = authenticators,
	.authenticator_count = ARRAY_LEN(authenticators),
	.config = &config };

#define GET(target, ...) exchange_run(exchange_new(&app, METHOD_GET, target, STR(""), __VA_ARGS__))

static struct exchange *bearer(enum method method, const char *target, const char *secret)
{
	const struct header h = { STR("Authorization"), str_cat(test_mem, STR("Bearer "), str_of(secret)) };
	return exchange_run(exchange_new(&app, method, target, STR(""), &h, 1));
}

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
				      "not one of ours, or was altered.\", resource_metadata=\"http://127.0.0.1:8080/"
				      ".well-known/oauth-protected-resource/v1\"") },
		{ NULL, STR_INIT("Bearer realm=\"Calends\", resource_metadata=\"http://127.0.0.1:8080/"
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

TEST(a_secret_key_from_a_browser_is_refused)
{
	struct exchange *x =
		GET("/v1/events", HEADERS(H("Authorization", "Bearer sk_good"), H("Origin", "https://shop.example")));
	assert_string_equal(x->rq.error_code, "secret_key_in_browser");
	assert_int_equal(bearer(METHOD_GET, "/v1/events", "sk_good")->rs.status, 200);
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
		STR("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
		    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"));
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
}

static struct exchange *preflight(const char *target, const char *method)
{
	const struct header h[] = { H("Origin", "https://shop.example"),
		{ STR("Access-Control-Request-Method"), str_of(method) } };
	return exchange_run(exchange_new(&app, METHOD_OPTIONS, target, STR(""), h, 2));
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

TEST(each_credential_has_its_rate)
{
	struct app limited = app;
	limited.limiter = limiter_open(1, 2);
	const struct header good = H("Authorization", "Bearer cp_good"), bad = H("Authorization", "Bearer cp_bad");
	struct exchange *x = exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &good, 1));
	assert_str(answered(x, "X-RateLimit-Limit"), STR("2"));
	assert_str(answered(x, "X-RateLimit-Remaining"), STR("1"));
	assert_str(answered(x, "X-RateLimit-Reset"), STR("1764000001"));
	exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &good, 1));
	x = exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &good, 1));
	assert_int_equal(x->rs.status, 429);
	assert_str(answered(x, "Retry-After"), STR("1"));
	assert_str(answered(x, "X-RateLimit-Remaining"), STR("0"));
	/* Failed tries count against the address, and do not hurt the credential's own. */
	int statuses[3];
	for (int i = 0; i < 3; i++)
		statuses[i] =
			exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &bad, 1))->rs.status;
	assert_int_equal(statuses[0], 401);
	assert_int_equal(statuses[2], 429);
	limiter_close(limited.limiter);
}

TEST(a_module_says_what_no_row_of_its_has_means)
{
	assert_int_equal(bearer(METHOD_GET, "/dav/nowhere", "cp_good")->rs.status, 412);
	assert_int_equal(bearer(METHOD_DELETE, "/dav/a/b/c", "cp_good")->rs.status, 409);
	assert_int_equal(bearer(METHOD_GET, "/dav/nowhere", "cp_bad")->rs.status, 401); /* and to its callers alone */
	assert_int_equal(bearer(METHOD_OPTIONS, "/dav/nowhere", "cp_good")->rs.status, 404);
	assert_int_equal(bearer(METHOD_OPTIONS, "/dav/a/b/c", "cp_good")->rs.status, 200);
}

static int status_inside(
	const struct app *at, enum method method, const char *target, const char *secret, const char *depth)
{
	const struct header headers[] = { { STR("Authorization"), str_cat(test_mem, STR("Bearer "), str_of(secret)) },
		{ STR("Depth"), str_of(depth) } };
	inner_status = 0;
	exchange_run(exchange_new(at, method, target, STR(""), headers, depth ? 2 : 1));
	return inner_status;
}

TEST(an_account_has_a_number_of_requests_at_a_time)
{
	struct app limited = app;
	limited.heavy = concurrency_open(1, 0);
	for (int i = 0; i < 3; i++) { /* what ended, also in an error, has left */
		assert_int_equal(status_inside(&limited, METHOD_REPORT, "/dav/deep?/dav/deep", "cp_good", NULL), 429);
		assert_str(inner_retry_after, STR("1"));
		assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/", "cp_good", "1"), 200);
	}
	assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/deep", "cp_good", "1"), 429);
	assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/deep", "cp_good", NULL), 429);
	assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/deep", "cp_good", "0"), 200);
	/* Depth makes no report lighter. */
	assert_int_equal(status_inside(&limited, METHOD_REPORT, "/dav/deep?/dav/deep", "cp_good", "0"), 429);
	assert_int_equal(status_inside(&app, METHOD_REPORT, "/dav/deep?/dav/deep", "cp_good", NULL), 200);
	concurrency_close(limited.heavy);
	/* Light ones have a number, too. */
	limited.heavy = NULL;
	limited.callers = concurrency_open(1, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/", "cp_good", "0"), 429);
	concurrency_close(limited.callers);
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
	RUN(authorization_is_read_strictly), RUN(a_secret_key_from_a_browser_is_refused),
	RUN(bodies_have_a_type_and_a_ceiling), RUN(a_body_that_breaks_off_is_408),
	RUN(an_expectation_is_met_only_when_the_body_is_wanted), RUN(a_failed_handler_leaves_nothing_of_its_answer),
	RUN(pages_know_their_session_and_send_strangers_away), RUN(a_form_needs_the_token_of_its_session),
	RUN(a_stranger_s_form_needs_the_token_of_the_cookie_that_came_with_it),
	RUN(a_form_from_another_site_is_refused), RUN(pages_carry_their_policy), RUN(cors_is_where_the_row_says_so),
	RUN(a_preflight_is_answered_for_cors_rows_alone), RUN(each_credential_has_its_rate),
	RUN(a_module_says_what_no_row_of_its_has_means), RUN(an_account_has_a_number_of_requests_at_a_time),
	RUN(a_long_prefix_is_no_path_of_another_module), RUN(the_table_prints_itself))
