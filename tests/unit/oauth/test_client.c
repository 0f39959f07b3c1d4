/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "oauth/client.h"
#include "server/account/account.h"
#include "server/auth/scope.h"
#include "server/crypto/secret.h"
#include "tests/support/database.h"

static struct account owner;
static const struct str callback[] = { STR_INIT("https://app.example/cb") };

static void enter(void)
{
	static unsigned number;
	database_use(&test_cx);
	test_cx.now = instant_now();
	const struct account_new person = {
		.email = str_fmt(test_mem, "owner-%u@example.org", ++number), .name = STR("Owner"), .plan = PLAN_PRO
	};
	assert_ok(account_create(&test_cx, &person, &owner));
}

/* Its secret goes to *secret_out. */
static struct client made(enum client_kind kind, struct str *secret_out)
{
	struct client client;
	const struct client_new in = {
		.owner = owner.id, .kind = kind, .name = STR("App"), .redirects = { callback, 1 }
	};
	assert_ok(client_create(&test_cx, &in, &client, secret_out));
	return client;
}

static err_t proven(struct id id, struct str secret, struct client *out)
{
	return client_prove(
		&test_cx, id_text(test_mem, "cli", id), secret, secret.len ? CLIENT_AUTH_BASIC : CLIENT_AUTH_NONE, out);
}

/* OAuth 2.1 §2.4: a public client has no secret, a confidential one no way without. */
TEST(a_client_is_who_has_its_secret)
{
	struct str secret, other_secret, none;
	struct client got;
	enter();
	struct client public = made(CLIENT_PUBLIC, &none), app = made(CLIENT_CONFIDENTIAL, &secret),
		      other = made(CLIENT_CONFIDENTIAL, &other_secret);
	assert_null(none.ptr);
	assert_true(str_starts(secret, STR("cls_")));
	assert_ok(proven(app.id, secret, &got));
	assert_true(id_eq(got.id, app.id) && id_eq(got.owner, owner.id));
	assert_int_equal(got.kind, CLIENT_CONFIDENTIAL);
	assert_int_equal(got.grants, GRANT_CODE | GRANT_REFRESH);
	assert_int_equal(got.scopes, SCOPES_ASKABLE);
	assert_false(got.verified || got.may_introspect);
	assert_str(got.name, STR("App"));
	assert_ok(proven(other.id, other_secret, &got));
	assert_ok(proven(public.id, STR_ABSENT, &got));
	assert_ok(proven(public.id, STR(""), &got));

	assert_err(proven(app.id, other_secret, &got), INVALID_CLIENT);
	assert_err(proven(app.id, STR_ABSENT, &got), INVALID_CLIENT);
	assert_err(proven(app.id, STR(""), &got), INVALID_CLIENT);
	assert_err(proven(app.id, str_sub(secret, 0, secret.len - 1), &got), INVALID_CLIENT);
	assert_err(proven(public.id, secret, &got), INVALID_CLIENT);
	assert_err(proven(id_new(test_cx.now), secret, &got), INVALID_CLIENT);
	assert_err(client_prove(&test_cx, STR("cli_"), secret, CLIENT_AUTH_BASIC, &got), INVALID_CLIENT);
	assert_err(client_prove(&test_cx, id_text(test_mem, "usr", app.id), secret, CLIENT_AUTH_BASIC, &got),
		INVALID_CLIENT);
	database_leave(&test_cx);
}

TEST(a_new_secret_ends_the_old_one)
{
	struct str first, second;
	struct client got;
	enter();
	struct client app = made(CLIENT_CONFIDENTIAL, &first), public = made(CLIENT_PUBLIC, &second);
	assert_ok(client_rotate_secret(&test_cx, app.id, &second));
	assert_err(proven(app.id, first, &got), INVALID_CLIENT);
	assert_ok(proven(app.id, second, &got));
	assert_err(client_rotate_secret(&test_cx, public.id, &second), INVALID_VALUE);
	assert_err(client_rotate_secret(&test_cx, id_new(test_cx.now), &second), NOT_FOUND);
	database_leave(&test_cx);
}

TEST(a_client_ends_with_its_deletion_and_rests_with_its_owner)
{
	struct str secret, none;
	struct client got;
	enter();
	struct client app = made(CLIENT_CONFIDENTIAL, &secret), public = made(CLIENT_PUBLIC, &none);
	assert_ok(account_set_status(&test_cx, owner.id, STATUS_DEACTIVATED));
	assert_err(proven(app.id, secret, &got), INVALID_CLIENT);
	assert_err(proven(public.id, STR_ABSENT, &got), INVALID_CLIENT);
	assert_ok(account_set_status(&test_cx, owner.id, STATUS_ACTIVE));
	assert_ok(proven(app.id, secret, &got));
	assert_err(client_delete(&test_cx, id_in_mode(app.owner, !id_is_test(app.owner)), app.id), NOT_FOUND);
	assert_ok(client_delete(&test_cx, app.owner, app.id));
	assert_err(proven(app.id, secret, &got), INVALID_CLIENT);
	assert_err(client_by_id(&test_cx, app.id, &got), NOT_FOUND);
	assert_err(client_delete(&test_cx, (struct id){ { 0 } }, app.id), NOT_FOUND);
	assert_err(client_verify(&test_cx, app.id), NOT_FOUND);
	assert_ok(proven(public.id, STR_ABSENT, &got));
	database_leave(&test_cx);
}

TEST(what_can_be_registered_has_bounds)
{
	struct str uris[CLIENT_REDIRECTS_MAX + 1], secret;
	struct client got;
	enter();
	for (size_t i = 0; i < ARRAY_LEN(uris); i++)
		uris[i] = str_fmt(test_mem, "https://app.example/cb/%02zu", i);
	struct client_new in = { .owner = owner.id,
		.kind = CLIENT_PUBLIC,
		.name = STR("App"),
		.redirects = { uris, CLIENT_REDIRECTS_MAX } };
	assert_ok(client_create(&test_cx, &in, &got, &secret));
	assert_int_equal(got.redirects.count, CLIENT_REDIRECTS_MAX);
	for (size_t i = 0; i < CLIENT_REDIRECTS_MAX; i++)
		assert_str(got.redirects.items[i], uris[i]);
	in.redirects.count++;
	assert_err(client_create(&test_cx, &in, &got, &secret), INVALID_VALUE);
	in.redirects.count = 2;
	uris[1] = uris[0];
	assert_err(client_create(&test_cx, &in, &got, &secret), INVALID_VALUE); /* twice */
	in.redirects.count = 0;
	assert_err(client_create(&test_cx, &in, &got, &secret), INVALID_VALUE); /* and no way back to the app */
	in.grants = GRANT_REFRESH;
	assert_ok(client_create(&test_cx, &in, &got, &secret));
	in.name = STR("A\xE2\x80\xAE"
		      "pp"); /* what would turn around what stands beside it */
	assert_err(client_create(&test_cx, &in, &got, &secret), INVALID_VALUE);
	database_leave(&test_cx);
}

TEST(a_list_is_of_one_owner_in_both_modes_or_of_all)
{
	struct str secret;
	struct client *list, test;
	size_t count, all;
	enter();
	struct client live = made(CLIENT_PUBLIC, &secret);
	const struct client_new in = { .owner = id_in_mode(owner.id, true),
		.kind = CLIENT_PUBLIC,
		.name = STR("App"),
		.redirects = { callback, 1 } };
	assert_ok(client_create(&test_cx, &in, &test, &secret));
	assert_ok(client_verify(&test_cx, live.id));
	assert_ok(client_list(&test_cx, owner.id, &list, &count));
	assert_int_equal(count, 2);
	assert_true(id_eq(list[0].id, live.id) && id_eq(list[1].id, test.id));
	assert_true(list[0].verified && !list[1].verified);
	assert_ok(client_list(&test_cx, (struct id){ { 0 } }, &list, &all));
	assert_true(all > count); /* those of the other tests' owners */
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(a_client_is_who_has_its_secret), RUN(a_new_secret_ends_the_old_one),
	RUN(a_client_ends_with_its_deletion_and_rests_with_its_owner), RUN(what_can_be_registered_has_bounds),
	RUN(a_list_is_of_one_owner_in_both_modes_or_of_all))
