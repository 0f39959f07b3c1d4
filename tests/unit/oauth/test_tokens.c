/* SPDX-License-Identifier: Apache-2.0 */
/* From a stored request over the consent to tokens and what they open, without HTTP. */
#include "tests/support/test.h"

#include "oauth/auth_request.h"
#include "oauth/code.h"
#include "oauth/connected_account.h"
#include "oauth/consent.h"
#include "oauth/pkce.h"
#include "oauth/refresh.h"
#include "oauth/routes.h"
#include "server/account/account.h"
#include "server/base/config.h"
#include "server/crypto/keyring.h"
#include "server/crypto/secret.h"
#include "server/data/form.h"
#include "tests/support/database.h"

#define VERIFIER STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

static struct keyring *keys;
static const struct config config = { .public_url = STR_INIT("https://calends.example") };

/* An app, somebody who uses it, and the moment: the database's own clock, since it checks what has expired. */
struct scene {
	struct account user;
	struct client client;
};

static struct scene enter(void)
{
	static const struct str redirects[] = { STR_INIT("https://app.example/cb") };
	static unsigned number;
	struct scene scene;
	struct str secret;
	struct account owner;
	number++;
	database_use(&test_cx);
	test_cx.keys = keys;
	test_cx.config = &config;
	test_cx.now = instant_now();
	const struct account_new people[] = {
		{ .email = str_fmt(test_mem, "owner-%u@example.org", number), .name = STR("Owner"), .plan = PLAN_PRO },
		{ .email = str_fmt(test_mem, "user-%u@example.org", number), .name = STR("User"), .plan = PLAN_PRO },
	};
	assert_ok(account_create(&test_cx, &people[0], &owner));
	assert_ok(account_create(&test_cx, &people[1], &scene.user));
	const struct client_new app = {
		.owner = owner.id, .kind = CLIENT_PUBLIC, .name = STR("App"), .redirects = { redirects, 1 }
	};
	assert_ok(client_create(&test_cx, &app, &scene.client, &secret));
	return scene;
}

/* The user allows what is asked, for so long; the code. */
static struct str consented(const struct scene *scene, uint64_t scopes, int64_t lifetime_s)
{
	const struct auth_request request = { .client_id = scene->client.id,
		.redirect_uri = STR("https://app.example/cb"),
		.scopes = scopes,
		.challenge = pkce_challenge(test_mem, VERIFIER),
		.max_age_s = -1,
		.created_at = test_cx.now };
	const struct consent_user user = { scene->user.id, test_cx.now, 0 };
	const struct decision allow = { .allow = true, .scopes = scopes, .lifetime_s = lifetime_s };
	struct str reference;
	struct redirect_answer answer;
	assert_ok(auth_request_store(&test_cx, &request, &reference));
	assert_ok(consent_decide(&test_cx, reference, &user, &allow, &answer));
	return answer.code;
}

static struct token_pair redeemed(const struct scene *scene, uint64_t scopes, int64_t lifetime_s)
{
	struct token_pair pair;
	const struct code_claim claim = {
		.client = &scene->client, .code = consented(scene, scopes, lifetime_s), .verifier = VERIFIER
	};
	assert_ok(code_redeem(&test_cx, &claim, &pair));
	return pair;
}

static err_t opened(struct str access, struct principal *out)
{
	return bearer_authenticate(&test_cx, &(struct credential){ .transport = VIA_BEARER, .secret = access }, out);
}

/* A mistake in one of the four leaves was seen by chance, at one hour of four. */
TEST(each_leaf_of_access_tokens_is_found_judged_and_revoked)
{
	struct scene scene = enter();
	struct instant begin = test_cx.now;
	for (int hour = 0; hour < 2 * TOKEN_SLOTS; hour++) {
		struct secret_parts parts;
		struct principal p;
		test_cx.now = instant_add_s(begin, hour * 3600);
		struct token_pair pair = redeemed(&scene, EVENTS_READ | PROFILE_READ, 0);
		assert_true(secret_parse(test_mem, pair.access, &parts));
		assert_int_equal(parts.expiry_hour, (instant_s(begin) + (hour + 1) * 3600) / 3600);

		assert_ok(opened(pair.access, &p));
		assert_int_equal(p.kind, TOKEN);
		assert_int_equal(p.scopes, EVENTS_READ | PROFILE_READ);
		assert_true(id_eq(p.account, scene.user.id) && id_eq(p.client, scene.client.id));
		assert_true(id_eq(p.connected_account, pair.connected_account));
		assert_str(p.email, scene.user.email);

		/* By the hour inside it, before the database is asked; and not before it can have been made. */
		test_cx.now = instant_add_s(begin, (hour + 2) * 3600);
		assert_err(opened(pair.access, &p), TOKEN_EXPIRED);
		test_cx.now = instant_add_s(begin, (hour - 2) * 3600);
		assert_err(opened(pair.access, &p), TOKEN_INVALID);
		test_cx.now = instant_add_s(begin, hour * 3600);

		/* A refresh gives another one of the same leaf; ending the connection ends both. */
		const struct refresh_claim claim = { .client = &scene.client, .token = pair.refresh };
		struct token_pair next;
		assert_ok(token_refresh(&test_cx, &claim, &next));
		assert_ok(opened(next.access, &p));
		assert_ok(connected_account_end(&test_cx, scene.user.id, pair.connected_account));
		assert_err(opened(pair.access, &p), TOKEN_REVOKED);
		assert_err(opened(next.access, &p), TOKEN_REVOKED);
	}
	database_leave(&test_cx);
}

TEST(an_access_token_ends_with_the_consent_if_that_is_sooner)
{
	struct scene scene = enter();
	struct token_pair pair = redeemed(&scene, EVENTS_READ, 0);
	assert_int_equal(pair.access_until.us - test_cx.now.us, ACCESS_LIFETIME_S * US_PER_S);
	pair = redeemed(&scene, EVENTS_READ, 600);
	assert_int_equal(pair.access_until.us - test_cx.now.us, 600 * US_PER_S);
	struct principal p;
	assert_ok(opened(pair.access, &p));
	assert_int_equal(p.expires_at.us - test_cx.now.us, 600 * US_PER_S);
	const struct refresh_claim claim = { .client = &scene.client, .token = pair.refresh };
	struct instant begin = test_cx.now;
	for (int i = 0; i < 2; i++) { /* rotated, and the same answer again */
		assert_ok(token_refresh(&test_cx, &claim, &pair));
		assert_int_equal(pair.access_until.us, begin.us + 600 * US_PER_S);
		test_cx.now = instant_add_s(begin, 5);
	}
	database_leave(&test_cx);
}

TEST(what_a_retry_asks_for_must_be_what_was_asked_for)
{
	struct scene scene = enter();
	static const struct {
		uint64_t first, then;
		bool same;
	} cases[] = {
		{ 0, 0, true },
		{ EVENTS_READ, EVENTS_READ, true },
		{ 0, EVENTS_READ, false },
		{ EVENTS_READ, 0, false },
		{ EVENTS_READ, PROFILE_READ, false },
		{ 0, EVENTS_WRITE, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_pair pair = redeemed(&scene, EVENTS_READ | PROFILE_READ, 0), one, two;
		struct refresh_claim claim = {
			.client = &scene.client, .token = pair.refresh, .scopes = cases[i].first
		};
		struct principal p;
		assert_ok(token_refresh(&test_cx, &claim, &one));
		claim.scopes = cases[i].then;
		err_t e = token_refresh(&test_cx, &claim, &two);
		assert_true(cases[i].same ? !e : err_is(e, INVALID_GRANT));
		if (cases[i].same) {
			assert_str(two.access, one.access);
			assert_str(two.refresh, one.refresh);
			assert_int_equal(two.scopes, one.scopes);
			assert_ok(opened(one.access, &p));
		} else {
			assert_err(opened(one.access, &p), TOKEN_REVOKED);
		}
	}
	database_leave(&test_cx);
}

TEST(a_generation_counts_where_its_tag_is_true)
{
	test_cx.keys = keys;
	struct id account = id_new(test_cx.now), family = id_new(test_cx.now);
	struct token_draft draft = token_draft(&test_cx, &(struct token_lineage){ account, family, 7, 0 });
	struct secret_parts parts;
	assert_true(secret_parse(test_mem, draft.refresh, &parts));
	assert_int_equal(token_generation(&test_cx, &parts, draft.refresh), 7);
	uint8_t other_key[KEYRING_KEY_SIZE] = { 1 };
	struct str forged = secret_new(test_mem, &parts, bytes_of(other_key, sizeof other_key));
	assert_true(secret_parse(test_mem, forged, &parts));
	assert_int_equal(token_generation(&test_cx, &parts, forged), INT32_MAX);
}

TEST(who_is_asked_to_sign_in_once_more) /* OpenID Connect Core §3.1.2.1 */
{
	struct instant asked = instant_of_s(1764000000);
	struct id somebody = id_new(asked);
	static const struct {
		bool stranger;
		int16_t prompt;
		int64_t max_age_s, signed_in_s; /* before the request; negative: after it */
		bool needed;
	} cases[] = {
		{ true, 0, -1, 0, true },
		{ false, 0, -1, 86400, false },
		{ false, PROMPT_LOGIN, -1, 1, true },
		{ false, PROMPT_LOGIN, -1, -1, false }, /* since it was asked: it is done */
		{ false, PROMPT_LOGIN, -1, 0, false },
		{ false, 0, 100, 99, false },
		{ false, 0, 100, 100, true },
		{ false, 0, 0, 1, true },
		{ false, 0, 0, -1, false },
		{ false, PROMPT_CONSENT | PROMPT_SELECT_ACCOUNT, -1, 86400, false },
	};
	test_cx.now = asked;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct auth_request request = {
			.prompt = cases[i].prompt, .max_age_s = cases[i].max_age_s, .created_at = asked
		};
		const struct consent_user user = { cases[i].stranger ? (struct id){ { 0 } } : somebody,
			instant_add_s(asked, -cases[i].signed_in_s), 0 };
		if (auth_request_needs_sign_in(&test_cx, &request, &user) != cases[i].needed)
			fail_msg("case %zu", i);
	}
}

static int start(void **state)
{
	(void)state;
	int failed = database_start(state);
	if (failed)
		return failed;
	struct ctx cx = { .mem = database_mem, .now = instant_now() };
	const char *path = str_c(database_mem, str_fmt(database_mem, "%s/secret.key", database_folder));
	return keyring_open(&cx, path, &keys) ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	keyring_close(keys);
	return database_stop(state);
}

TESTS_WITH(start, stop, RUN(each_leaf_of_access_tokens_is_found_judged_and_revoked),
	RUN(an_access_token_ends_with_the_consent_if_that_is_sooner),
	RUN(what_a_retry_asks_for_must_be_what_was_asked_for), RUN(a_generation_counts_where_its_tag_is_true),
	RUN(who_is_asked_to_sign_in_once_more))
