/* SPDX-License-Identifier: Apache-2.0 */
/* How a failure is told: the challenge, and the API's error object. */
#include "tests/support/memory_io.h"

#include "server/auth/scope.h"
#include "server/http/refusal.h"

static const struct config config = { .public_url = STR_INIT("https://calends.example") };
static const struct app app = { .config = &config };
static const struct route for_keys = { METHOD_GET, "/api/v1/x", KEY, .source = "" };
static const struct route for_tokens = { METHOD_GET, "/y", KEY | TOKEN, EVENTS_WRITE, .source = "" };
static const struct module dav = {
	.name = "dav", .prefix = "/dav/", .audience = AUDIENCE_DAV, .routes = &for_tokens, .route_count = 1, .basic = 1
};
static const struct module api = {
	.name = "api", .prefix = "/v1/", .audience = AUDIENCE_API, .routes = &for_tokens, .route_count = 1
};
static const struct module keys = { .name = "keys", .prefix = "/api/v1/", .routes = &for_keys, .route_count = 1 };

#define METADATA ", resource_metadata=\"https://calends.example/.well-known/oauth-protected-resource"

static struct exchange *begin(const struct module *module, enum transport sent)
{
	struct exchange *x = exchange_new(&app, METHOD_GET, "/", STR(""), NO_HEADERS);
	x->rq.module = module;
	x->rq.sent = sent;
	response_begin(&x->rs, &x->rq);
	return x;
}

/* Every WWW-Authenticate of the answer, each with a line end. */
static struct str challenges(struct exchange *x)
{
	struct str lines = (response_end(&x->rs), buf_str(&x->io.wire)), line, key;
	struct buf out = buf_new(test_mem, 8192);
	while (str_cut(&lines, '\n', &line) && line.len > 1)
		if (str_has(line, ':') && str_cut(&line, ':', &key) && str_eq_nocase(key, STR("WWW-Authenticate")))
			buf_fmt(&out, "%.*s\n", STR_ARG(str_trim(line, STR_BLANK)));
	return buf_str(&out);
}

static struct str challenged(const struct module *module, enum transport sent, err_t e)
{
	struct exchange *x = begin(module, sent);
	auth_challenge(&x->rq, &x->rs, e);
	return challenges(x);
}

/* RFC 6750 §3.1: no error where nothing was tried; RFC 9728 §5.1: where the authorization server is told. */
TEST(a_challenge_names_what_was_wrong_with_what_was_sent)
{
	err_t missing = FAIL(&test_cx, MISSING_CREDENTIALS, "none");
	err_t invalid = REFUSE(&test_cx, TOKEN_INVALID, "", "It is \"old\" \\ so.");
	err_t revoked = FAIL(&test_cx, KEY_REVOKED, "by its owner");
	assert_str(challenged(&api, VIA_NONE, missing), STR("Bearer realm=\"Calends\"" METADATA "/v1\"\n"));
	assert_str(challenged(&api, VIA_BEARER, invalid),
		STR("Bearer realm=\"Calends\", error=\"invalid_token\", error_description=\"It is \\\"old\\\" \\\\ "
		    "so.\"" METADATA "/v1\"\n"));
	/* A failed password says nothing of tokens; what clients of the protocol do is asked for in one go. */
	assert_str(challenged(&dav, VIA_BASIC, revoked),
		STR("Basic realm=\"Calends\"\nBearer realm=\"Calends\", scope=\"calendars:read calendars:write "
		    "calendars:manage events:read events:write profile:read\"" METADATA "/dav\"\n"));
	/* Of the API a call needs what its row says. */
	struct exchange *x = begin(&api, VIA_NONE);
	x->rq.route = &for_tokens;
	auth_challenge(&x->rq, &x->rs, missing);
	assert_str(challenges(x), STR("Bearer realm=\"Calends\", scope=\"events:write\"" METADATA "/v1\"\n"));
	/* Where no route takes a token, none is to be had. */
	assert_str(challenged(&keys, VIA_NONE, missing), STR("Bearer realm=\"Calends\"\n"));
	assert_str(challenged(NULL, VIA_NONE, missing), STR("Bearer realm=\"Calends\"" METADATA "\"\n"));
}

TEST(a_missing_scope_is_named_and_asks_for_no_password)
{
	err_t e = scopes_require(&test_cx, EVENTS_READ, EVENTS_READ | EVENTS_WRITE);
	assert_str(challenged(&dav, VIA_BEARER, e),
		STR("Bearer realm=\"Calends\", error=\"insufficient_scope\", error_description=\"This needs the scope "
		    "events:read "
		    "events:write.\", scope=\"events:read events:write\"" METADATA "/dav\"\n"));
}

TEST(what_no_credential_would_mend_has_no_challenge)
{
	static const enum err_kind kinds[] = { NOT_FOUND, RATE_LIMITED, UNAVAILABLE, INTERNAL, FORBIDDEN, MALFORMED };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_str(challenged(&dav, VIA_BASIC, FAIL(&test_cx, kinds[i], "x")), STR(""));
}

static struct str shown(err_t e, int *status_out)
{
	struct exchange *x = begin(&api, VIA_BEARER);
	x->rq.cx.request_id = (struct id){ { 0 } };
	reply_error(&x->rq, &x->rs, e);
	response_end(&x->rs);
	*status_out = x->rs.status;
	return answered_body(x);
}

#define TAIL ",\"request_id\":\"req_0000000000000000000000\""

TEST(an_error_says_what_where_and_when_to_come_again)
{
	int status;
	assert_str(shown(REFUSE(&test_cx, INVALID_VALUE, "limit", "Must be a \"number\"."), &status),
		STR("{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_value\",\"message\":\"Must be a "
		    "\\\"number\\\".\",\"param\":\"limit\"" TAIL
		    ",\"doc_url\":\"https://calends.example/docs/errors/invalid_value\"}}"));
	assert_int_equal(status, 400);
	struct err *busy = FAIL(&test_cx, UNAVAILABLE, "a secret of the log");
	busy->retry_after_s = 7;
	struct str text = shown(busy, &status);
	assert_int_equal(status, 503);
	assert_true(str_find(text, STR("\"retry_after_seconds\":7")) != SIZE_MAX);
	assert_true(str_find(text, STR("secret")) == SIZE_MAX); /* what is for the log alone */
	assert_true(str_find(text, STR("\"param\"")) == SIZE_MAX);
	text = shown(scopes_require(&test_cx, 0, EVENTS_WRITE), &status);
	assert_int_equal(status, 403);
	assert_true(str_find(text, STR("\"param\":\"events:write\"")) != SIZE_MAX);
}

TESTS(RUN(a_challenge_names_what_was_wrong_with_what_was_sent), RUN(a_missing_scope_is_named_and_asks_for_no_password),
	RUN(what_no_credential_would_mend_has_no_challenge), RUN(an_error_says_what_where_and_when_to_come_again))
