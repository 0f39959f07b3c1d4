/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an authorization request, and who is told: the user on a page, or the app (OAuth 2.1 §4.1.2.1). */
#include "tests/support/test.h"

#include "oauth/checks.h"
#include "oauth/pkce.h"
#include "server/account/account.h"
#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/data/form.h"
#include "tests/support/database.h"

#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define CALLBACK "https://app.example/cb"

static const struct config config = { .public_url = STR_INIT("https://calends.example") };
static struct client client, other;
static struct account owner;

/* Two apps: one with a redirect URI and few scopes, another with two URIs; for each TEST anew. */
static void enter(void)
{
	static const struct str uris[] = { STR_INIT(CALLBACK), STR_INIT("http://127.0.0.1/cb") };
	static unsigned number;
	struct str secret;
	database_use(&test_cx);
	test_cx.config = &config;
	test_cx.now = instant_now();
	const struct account_new person = {
		.email = str_fmt(test_mem, "owner-%u@example.org", ++number), .name = STR("Owner"), .plan = PLAN_PRO
	};
	assert_ok(account_create(&test_cx, &person, &owner));
	const struct client_new app = { .owner = owner.id,
		.kind = CLIENT_PUBLIC,
		.name = STR("App"),
		.redirects = { uris, 1 },
		.scopes = EVENTS_READ | PROFILE_READ };
	const struct client_new two = {
		.owner = owner.id, .kind = CLIENT_PUBLIC, .name = STR("Two"), .redirects = { uris, 2 }
	};
	assert_ok(client_create(&test_cx, &app, &client, &secret));
	assert_ok(client_create(&test_cx, &two, &other, &secret));
}

/* A good request of `of`; a part of `changes` replaces the one of its name, "-name" leaves it out, "+name=…" adds one.
 */
static struct params asked(const struct client *of, const char *changes)
{
	static const char *const good[] = { "response_type=code", "redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
		"state=s", "code_challenge=" CHALLENGE, "code_challenge_method=S256" };
	struct buf query = buf_new(test_mem, 65536);
	struct params out;
	buf_fmt(&query, "client_id=%.*s", STR_ARG(id_text(test_mem, "cli", of->id)));
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct str rest = str_of(good[i]), name, list = str_of(changes), change;
		bool replaced = false;
		(void)str_cut(&rest, '=', &name);
		while (str_cut(&list, '&', &change)) {
			struct str of_change = str_starts(change, STR("-")) ? str_from(change, 1) : change, key;
			(void)str_cut(&of_change, '=', &key);
			replaced = replaced || str_eq(key, name);
		}
		if (!replaced)
			buf_fmt(&query, "&%s", good[i]);
	}
	struct str list = str_of(changes), change;
	while (str_cut(&list, '&', &change))
		if (change.len && change.ptr[0] != '-')
			buf_fmt(&query, "&%.*s", STR_ARG(str_from(change, change.ptr[0] == '+')));
	assert_ok(params_read(&test_cx, buf_str(&query), &out));
	return out;
}

static struct auth_request checked(const struct client *of, const char *changes)
{
	struct params params = asked(of, changes);
	struct auth_request request;
	struct client found;
	err_t e = auth_request_check(&test_cx, &params, &request, &found);
	if (e)
		fail_msg("%s: a page: %.*s", changes, STR_ARG(err_text(e)));
	assert_true(id_eq(found.id, of->id));
	return request;
}

TEST(a_good_request_is_read_whole)
{
	enter();
	struct auth_request got = checked(&client, "scope=events:read&prompt=login+consent&max_age=60&nonce=n&login_"
						   "hint=una%40example.org&response_mode=query");
	assert_null(got.error.ptr);
	assert_true(id_eq(got.client_id, client.id));
	assert_str(got.redirect_uri, STR(CALLBACK));
	assert_str(got.state, STR("s"));
	assert_str(got.nonce, STR("n"));
	assert_str(got.login_hint, STR("una@example.org"));
	assert_int_equal(got.scopes, EVENTS_READ);
	assert_int_equal(got.prompt, PROMPT_LOGIN | PROMPT_CONSENT);
	assert_int_equal(got.max_age_s, 60);
	assert_true(bytes_same(got.challenge, pkce_challenge_read(test_mem, STR(CHALLENGE))));
	/* What is not asked: all scopes of the client, its one redirect URI, any age of the sign-in. */
	got = checked(&client, "-redirect_uri&-state");
	assert_null(got.error.ptr);
	assert_str(got.redirect_uri, STR(CALLBACK));
	assert_null(got.state.ptr);
	assert_int_equal(got.scopes, EVENTS_READ | PROFILE_READ);
	assert_int_equal(got.max_age_s, -1);
	assert_int_equal(checked(&client, "max_age=0").max_age_s, 0); /* sign in now, which is not "any" */
	/* A hint that could be no address is left out, without a word. */
	struct str hint = str_fmt(test_mem, "login_hint=%0*d", LOGIN_HINT_MAX + 1, 0);
	assert_null(checked(&client, hint.ptr).login_hint.ptr);
	database_leave(&test_cx);
}

TEST(the_user_is_told_until_it_is_known_where_the_app_is)
{
	static const struct {
		const char *changes, *param;
	} cases[] = {
		{ "redirect_uri=https%3A%2F%2Fapp.example%2Fcb%2F", "redirect_uri" },
		{ "redirect_uri=https%3A%2F%2Fapp.example%2FCB", "redirect_uri" },
		{ "redirect_uri=https%3A%2F%2Fevil.example%2Fcb", "redirect_uri" },
		{ "+redirect_uri=https%3A%2F%2Fapp.example%2Fcb&+redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
			"redirect_uri" },
		{ "+client_id=cli_0000000000000000000001", "client_id" },
	};
	struct auth_request request;
	struct client found;
	enter();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct params params = asked(&client, cases[i].changes);
		err_t e = auth_request_check(&test_cx, &params, &request, &found);
		assert_err(e, INVALID_VALUE);
		assert_str(e->param, str_of(cases[i].param));
		assert_null(request.error.ptr);
	}
	/* Nothing is known of what the app did not sign (RFC 9101 §6.2). */
	struct params params = asked(&client, "+request=x");
	assert_err(auth_request_check(&test_cx, &params, &request, &found), INVALID_REQUEST_OBJECT);
	/* Two are registered, none is named. */
	params = asked(&other, "-redirect_uri");
	assert_err(auth_request_check(&test_cx, &params, &request, &found), INVALID_VALUE);
	assert_null(checked(&other, "redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcb").error.ptr);
	/* An app of which nobody knows, or whose owner may do nothing any more. */
	struct client nobody = { .id = id_new(test_cx.now) };
	params = asked(&nobody, "");
	assert_err(auth_request_check(&test_cx, &params, &request, &found), INVALID_VALUE);
	assert_ok(account_set_status(&test_cx, owner.id, STATUS_DEACTIVATED));
	params = asked(&client, "");
	err_t e = auth_request_check(&test_cx, &params, &request, &found);
	assert_err(e, INVALID_VALUE);
	assert_str(e->param, STR("client_id"));
	database_leave(&test_cx);
}

TEST(from_there_on_the_app_is_told_with_its_state)
{
	static const struct {
		const char *changes, *error;
	} cases[] = {
		{ "response_type=token", "unsupported_response_type" },
		{ "-response_type", "invalid_request" },
		{ "response_mode=web_message", "invalid_request" },
		{ "-code_challenge", "invalid_request" },
		{ "-code_challenge_method", "invalid_request" }, /* which would mean plain (RFC 7636 §4.3) */
		{ "code_challenge_method=plain", "invalid_request" },
		{ "code_challenge=" CHALLENGE "A", "invalid_request" },
		{ "scope=events:write", "invalid_scope" }, /* known, but not this client's */
		{ "scope=events:read+nonsense", "invalid_scope" },
		{ "scope=events:read++profile:read", "invalid_scope" },
		{ "prompt=none+login", "invalid_request" },
		{ "prompt=create", "invalid_request" },
		{ "max_age=-1", "invalid_request" },
		{ "max_age=1e3", "invalid_request" },
		{ "request_uri=https%3A%2F%2Fapp.example%2Fr", "request_uri_not_supported" },
		{ "+scope=events:read&+scope=events:read", "invalid_request" }, /* OAuth 2.1 §3.1 */
		{ "nonce=%FF", "invalid_request" },
	};
	enter();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct auth_request got = checked(&client, cases[i].changes);
		if (!str_eq(got.error, str_of(cases[i].error)))
			fail_msg("%s: \"%.*s\"", cases[i].changes, STR_ARG(got.error));
		assert_true(got.error_description.len > 0);
		assert_str(got.state, STR("s"));
		assert_str(got.redirect_uri, STR(CALLBACK));
	}
	/* At their limits, and one octet over. */
	static const struct {
		const char *name;
		int max;
	} bounds[] = { { "state", STATE_MAX }, { "nonce", NONCE_MAX } };
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		struct str most = str_fmt(test_mem, "%s=%0*d", bounds[i].name, bounds[i].max, 0);
		assert_null(checked(&client, most.ptr).error.ptr);
		assert_str(checked(&client, str_cat(test_mem, most, STR("0\0")).ptr).error, STR("invalid_request"));
	}
	database_leave(&test_cx);
}

/* What the database could not tell is told to nobody as the request's mistake. */
TEST(a_failure_of_ours_is_no_mistake_of_the_app)
{
	struct auth_request request;
	struct client found;
	enter();
	struct params params = asked(&client, "");
	struct ctx late = test_cx;
	late.round_trips = 0;
	late.fail_query = 1;
	err_t e = auth_request_check(&late, &params, &request, &found);
	assert_err(e, UNAVAILABLE);
	assert_null(request.error.ptr);
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(a_good_request_is_read_whole), RUN(the_user_is_told_until_it_is_known_where_the_app_is),
	RUN(from_there_on_the_app_is_told_with_its_state), RUN(a_failure_of_ours_is_no_mistake_of_the_app))
