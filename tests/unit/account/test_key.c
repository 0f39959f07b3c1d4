/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdatomic.h>

#include "server/account/account.h"
#include "server/account/key.h"
#include "server/account/last_used.h"
#include "server/crypto/secret.h"
#include "tests/support/database.h"

static struct account owner;

static struct account made(const char *email, enum plan plan)
{
	struct account account;
	const struct account_new in = { .email = str_of(email), .name = STR("Ann"), .plan = plan };
	assert_ok(account_create(&test_cx, &in, &account));
	return account;
}

static struct key key_made(struct id account, enum key_kind kind, bool test, struct str *secret)
{
	struct key key;
	const struct key_new in = { .account = account,
		.kind = kind,
		.test = test,
		.name = STR("Laptop"),
		.scopes = kind == KEY_RESTRICTED ? EVENTS_READ : 0,
		.expires_at = INSTANT_NONE };
	assert_ok(key_create(&test_cx, &in, &key, secret));
	return key;
}

static err_t bearer(struct str secret, struct principal *out)
{
	return key_authenticate(&test_cx, &(struct credential){ .transport = VIA_BEARER, .secret = secret }, out);
}

static err_t basic(struct str username, struct str secret, struct principal *out)
{
	return key_authenticate(
		&test_cx, &(struct credential){ .transport = VIA_BASIC, .username = username, .secret = secret }, out);
}

TEST(each_kind_of_key_is_who_it_says_in_one_round_trip)
{
	const struct {
		enum key_kind kind;
		bool test;
		struct str prefix;
		enum who who;
		uint64_t scopes;
	} cases[] = {
		{ KEY_ACCOUNT, false, STR("cp_"), ACCOUNT_KEY, SCOPES_ALL | OWNER },
		{ KEY_SECRET, false, STR("sk_live_"), SECRET_KEY, SCOPES_ALL | OWNER },
		{ KEY_SECRET, true, STR("sk_test_"), SECRET_KEY, SCOPES_ALL | OWNER },
		{ KEY_RESTRICTED, false, STR("rk_live_"), RESTRICTED_KEY, EVENTS_READ },
		{ KEY_RESTRICTED, true, STR("rk_test_"), RESTRICTED_KEY, EVENTS_READ },
		{ KEY_PUBLISHABLE, false, STR("pk_live_"), PUBLISHABLE_KEY, 0 },
		{ KEY_PUBLISHABLE, true, STR("pk_test_"), PUBLISHABLE_KEY, 0 },
	};
	database_use(&test_cx);
	owner = made("kinds@example.org", PLAN_PRO);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str secret;
		struct principal p;
		struct key key = key_made(owner.id, cases[i].kind, cases[i].test, &secret);
		assert_true(str_starts(secret, cases[i].prefix));
		assert_true(str_starts(secret, key.prefix));
		unsigned before = test_cx.round_trips;
		assert_ok(bearer(secret, &p));
		assert_int_equal(test_cx.round_trips - before, 1);
		assert_int_equal(p.kind, cases[i].who);
		assert_int_equal(p.scopes, cases[i].scopes);
		assert_true(id_eq(p.account, id_in_mode(owner.id, cases[i].test)));
		assert_true(id_eq(p.credential, key.id));
	}
	database_leave(&test_cx);
}

TEST(junk_costs_no_visit_to_the_database)
{
	struct principal p; /* test_cx.db is NULL: a visit would crash */
	assert_err(bearer(STR("cp_junk"), &p), CREDENTIALS_INVALID);
	assert_err(bearer(STR("sk_live_0000"), &p), CREDENTIALS_INVALID);
	assert_err(bearer(STR(""), &p), CREDENTIALS_INVALID);
}

TEST(basic_needs_the_owners_name) /* e-mail in any case, or the usr_ id */
{
	database_use(&test_cx);
	struct account account = made("basic@example.org", PLAN_PRO);
	struct account other = made("other@example.org", PLAN_PRO);
	struct str live, test;
	struct principal p;
	key_made(account.id, KEY_ACCOUNT, false, &live);
	key_made(account.id, KEY_SECRET, true, &test);
	assert_ok(basic(STR("basic@example.org"), live, &p));
	assert_ok(basic(STR("BASIC@Example.org"), live, &p));
	assert_ok(basic(id_text(test_mem, "usr", account.id), live, &p));
	assert_ok(basic(id_text(test_mem, "usr", account.id), test, &p));
	assert_err(basic(STR("other@example.org"), live, &p), CREDENTIALS_INVALID);
	assert_err(basic(id_text(test_mem, "usr", other.id), live, &p), CREDENTIALS_INVALID);
	assert_err(basic(STR("basic"), live, &p), CREDENTIALS_INVALID);
	assert_err(basic(STR(""), live, &p), CREDENTIALS_INVALID);
	assert_err(basic(STR_ABSENT, live, &p), CREDENTIALS_INVALID);
	database_leave(&test_cx);
}

TEST(a_revoked_key_is_told_so_and_cannot_be_undone)
{
	database_use(&test_cx);
	struct account account = made("revoked@example.org", PLAN_PRO);
	struct str secret, fresh;
	struct principal p;
	struct key key = key_made(account.id, KEY_ACCOUNT, false, &secret), again;
	struct id stranger = id_new(test_cx.now);
	assert_err(key_revoke(&test_cx, stranger, key.id, &again), NOT_FOUND);
	assert_ok(bearer(secret, &p));
	assert_ok(key_revoke(&test_cx, account.id, key.id, &again));
	assert_err(bearer(secret, &p), KEY_REVOKED);
	assert_err(basic(STR("other@example.org"), secret, &p), CREDENTIALS_INVALID);
	test_cx.now = instant_add_s(test_cx.now, 60);
	assert_ok(key_revoke(&test_cx, (struct id){ { 0 } }, key.id, &key));
	assert_int_equal(key.revoked_at.us, again.revoked_at.us);
	assert_err(key_rotate(&test_cx, account.id, key.id, &key, &fresh), CONFLICT);
	database_leave(&test_cx);
}

TEST(rotation_has_no_grace_and_keys_coexist)
{
	database_use(&test_cx);
	struct account account = made("rotated@example.org", PLAN_PRO);
	struct str old, beside, fresh;
	struct principal p;
	struct key key = key_made(account.id, KEY_SECRET, true, &old), rotated;
	key_made(account.id, KEY_SECRET, true, &beside);
	assert_ok(key_rotate(&test_cx, account.id, key.id, &rotated, &fresh));
	assert_true(id_eq(rotated.id, key.id));
	assert_str(rotated.name, STR("Laptop"));
	assert_false(instant_is_none(rotated.rotated_at));
	assert_true(str_starts(fresh, rotated.prefix));
	assert_err(bearer(old, &p), CREDENTIALS_INVALID);
	assert_ok(bearer(fresh, &p));
	assert_ok(bearer(beside, &p));
	database_leave(&test_cx);
}

TEST(expiry_deactivation_and_plan_are_judged_with_the_key)
{
	database_use(&test_cx);
	struct account account = made("checked@example.org", PLAN_PRO), poor = made("poor@example.org", PLAN_FREE);
	struct str secret, poor_secret, short_lived;
	struct principal p;
	struct key key;
	key_made(account.id, KEY_ACCOUNT, false, &secret);
	key_made(poor.id, KEY_ACCOUNT, false, &poor_secret);
	assert_err(bearer(poor_secret, &p), PLAN_REQUIRED);
	assert_ok(account_set_status(&test_cx, account.id, STATUS_DEACTIVATED));
	assert_err(bearer(secret, &p), ACCOUNT_DEACTIVATED);
	assert_ok(account_set_status(&test_cx, account.id, STATUS_ACTIVE));
	assert_ok(bearer(secret, &p));

	const struct key_new in = { .account = account.id,
		.kind = KEY_SECRET,
		.name = STR("An hour"),
		.expires_at = instant_add_s(test_cx.now, 3600) };
	assert_ok(key_create(&test_cx, &in, &key, &short_lived));
	assert_ok(bearer(short_lived, &p));
	test_cx.now = instant_add_s(test_cx.now, 3600);
	assert_err(bearer(short_lived, &p), KEY_REVOKED);
	assert_err(key_create(&test_cx, &in, &key, &short_lived), INVALID_VALUE);
	database_leave(&test_cx);
}

TEST(keys_that_make_no_sense_are_not_made)
{
	const struct {
		const char *why;
		struct key_new in;
		enum err_kind kind;
	} cases[] = {
		{ "cp_ in test mode", { .kind = KEY_ACCOUNT, .test = true, .name = STR("x") }, INVALID_VALUE },
		{ "restricted to nothing", { .kind = KEY_RESTRICTED, .name = STR("x") }, MISSING_FIELD },
		{ "restricted to the owner's",
			{ .kind = KEY_RESTRICTED, .name = STR("x"), .scopes = OWNER | EVENTS_READ }, INVALID_VALUE },
		{ "a full key with scopes", { .kind = KEY_SECRET, .name = STR("x"), .scopes = EVENTS_READ },
			INVALID_VALUE },
		{ "no name", { .kind = KEY_SECRET, .name = STR("") }, MISSING_FIELD },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct key_new in = cases[i].in;
		struct key key;
		struct str secret;
		in.expires_at = INSTANT_NONE;
		if (!err_is(key_create(&test_cx, &in, &key, &secret), cases[i].kind))
			fail_msg("%s", cases[i].why);
	}
}

static struct key listed(struct id account, struct id id)
{
	struct key *keys;
	size_t count;
	assert_ok(key_list(&test_cx, account, &keys, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(keys[i].id, id))
			return keys[i];
	fail_msg("the key is not listed");
	return (struct key){ 0 };
}

TEST(last_used_is_written_in_batches_and_never_goes_back)
{
	database_use(&test_cx);
	struct account account = made("seen@example.org", PLAN_PRO);
	struct str secret;
	struct key key = key_made(account.id, KEY_ACCOUNT, false, &secret);
	struct last_used *uses = last_used_open(test_cx.db, NULL, 3600 * 1000);
	assert_true(instant_is_none(listed(account.id, key.id).last_used_at));

	struct instant later = instant_add_s(test_cx.now, 10);
	last_used_see(uses, account.id, key.id, later, STR("192.0.2.1"), STR("curl/8"));
	last_used_see(uses, account.id, key.id, test_cx.now, STR("192.0.2.2"), STR("curl/8"));
	assert_true(instant_is_none(listed(account.id, key.id).last_used_at));
	last_used_flush(uses);
	assert_int_equal(listed(account.id, key.id).last_used_at.us, later.us);
	last_used_see(
		uses, account.id, key.id, test_cx.now, STR_ABSENT, STR("curl/8")); /* another instance was later */
	for (int i = 0; i < 3000; i++)
		last_used_see(uses, account.id, id_new(test_cx.now), test_cx.now, STR("2001:db8::1"), STR("curl/8"));
	last_used_close(uses); /* writes what is left */
	assert_int_equal(listed(account.id, key.id).last_used_at.us, later.us);
	database_leave(&test_cx);
}

TEST(with_an_interval_of_nothing_each_use_is_written_at_once)
{
	database_use(&test_cx);
	struct account account = made("once@example.org", PLAN_PRO);
	struct str secret;
	struct key key = key_made(account.id, KEY_ACCOUNT, false, &secret);
	struct last_used *uses = last_used_open(test_cx.db, NULL, 0);
	last_used_see(uses, account.id, key.id, test_cx.now, STR("192.0.2.1"), STR("curl/8"));
	assert_int_equal(listed(account.id, key.id).last_used_at.us, test_cx.now.us);
	last_used_close(uses);
	database_leave(&test_cx);
}

TEST(both_worlds_keys_are_listed_and_revoked_ones_for_ninety_days)
{
	database_use(&test_cx);
	struct account account = made("list@example.org", PLAN_PRO);
	struct str secret;
	struct key *keys, gone;
	size_t count;
	struct key live = key_made(account.id, KEY_SECRET, false, &secret);
	key_made(account.id, KEY_SECRET, true, &secret);
	assert_ok(key_revoke(&test_cx, account.id, live.id, &gone));
	assert_ok(key_list(&test_cx, account.id, &keys, &count));
	assert_int_equal(count, 2);
	test_cx.now = instant_add_s(test_cx.now, REVOKED_SHOWN_S + 1);
	assert_ok(key_list(&test_cx, account.id, &keys, &count));
	assert_int_equal(count, 1);
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(each_kind_of_key_is_who_it_says_in_one_round_trip), RUN(junk_costs_no_visit_to_the_database),
	RUN(basic_needs_the_owners_name), RUN(a_revoked_key_is_told_so_and_cannot_be_undone),
	RUN(rotation_has_no_grace_and_keys_coexist), RUN(expiry_deactivation_and_plan_are_judged_with_the_key),
	RUN(keys_that_make_no_sense_are_not_made), RUN(last_used_is_written_in_batches_and_never_goes_back),
	RUN(with_an_interval_of_nothing_each_use_is_written_at_once),
	RUN(both_worlds_keys_are_listed_and_revoked_ones_for_ninety_days))
