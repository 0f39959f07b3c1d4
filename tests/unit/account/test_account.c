/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/account/account.h"
#include "server/account/housekeeping.h"
#include "server/account/label.h"
#include "server/account/session.h"
#include "server/account/throttle.h"
#include "server/crypto/secret.h"
#include "tests/support/database.h"

#define STRANGE ((struct known_browser){ 0 })

static struct account made(const char *email, const char *password)
{
	struct account account;
	const struct account_new in = {
		.email = str_of(email), .name = STR("Ann"), .password = str_of(password), .plan = PLAN_PRO
	};
	assert_ok(account_create(&test_cx, &in, &account));
	return account;
}

TEST(addresses_are_folded_and_what_is_none_is_refused)
{
	const struct {
		const char *sent, *folded; /* NULL: refused */
	} cases[] = {
		{ "  Ann@Example.ORG ", "ann@example.org" },
		{ "ann+tag@localhost", "ann+tag@localhost" },
		{ "", NULL },
		{ "ann", NULL },
		{ "@example.org", NULL },
		{ "ann@", NULL },
		{ "ann@@example.org", NULL },
		{ "ann@exa mple.org", NULL },
		{ "ann..b@example.org", NULL },
		{ ".ann@example.org", NULL },
		{ "ann@-example.org", NULL },
		{ "ann@example..org", NULL },
		{ "ann\r\nBcc: x@example.org", NULL },
		{ "\"ann\"@example.org", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str folded;
		err_t e = email_fold(&test_cx, str_of(cases[i].sent), &folded);
		if (!e != (cases[i].folded != NULL))
			fail_msg("%s: %s", cases[i].sent, e ? "refused" : "accepted");
		if (!e)
			assert_str(folded, str_of(cases[i].folded));
	}
}

TEST(names_cannot_rewrite_the_line_they_stand_in)
{
	const struct {
		struct str sent;
		bool good;
	} cases[] = {
		{ STR(" Laptop "), true }, { STR("Büro – 東京"), true }, { STR(""), false }, { STR(" \t"), false },
		{ STR("a\nb"), false }, { STR("a\0b"), false }, { STR("a\x7F"), false },
		{ STR("a\xC2\x85"), false },     /* next line */
		{ STR("a\xE2\x80\xAE"), false }, /* right-to-left override */
		{ STR("a\xE2\x81\xA6"), false }, /* left-to-right isolate */
		{ STR("a\xFF"), false },
		{ STR("Caf\xC2\xAD"
		      "e"),
			false },                    /* soft hyphen */
		{ STR("Bank\xE2\x80\x8B"), false }, /* zero width space */
		{ STR("Ban\xE2\x80\x8Dk"), false }, /* zero width joiner */
		{ STR("Bank\xE2\x81\xA0"), false }, /* word joiner */
		{ STR("\xE2\x80\xAB"
		      "knaB"),
			false }, /* right-to-left embedding */
		{ STR("\xEF\xBB\xBF"
		      "Bank"),
			false },                                /* byte order mark */
		{ STR("\xE3\x85\xA4"), false },                 /* Hangul filler: a name that is seen as none */
		{ STR("Bank\xF3\xA0\x81\xA1"), false },         /* a tag */
		{ STR("I \xE2\x9D\xA4\xEF\xB8\x8F it"), true }, /* a heart in colour */
		/* Joiners where they are seen */
		{ STR("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"), true },
		{ STR("\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE"), true }, { STR("\xD9\x85\xDB\x8C\xE2\x80\x8C"), false },
		{ STR("\xD9\x85\xE2\x80\x8C\xE2\x80\x8D\xD8\xAE"), false }, { STR("pay\xE2\x80\x8Cpal"), false },
		{ STR("\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D"), true }, /* written from right to left as it is */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str clean;
		err_t e = label_clean(&test_cx, "name", cases[i].sent, &clean);
		if (!e != cases[i].good)
			fail_msg("case %zu: %s", i, e ? "refused" : "accepted");
	}
	char *longest = arena_take(test_mem, 3 * 101, 1);
	for (size_t i = 0; i < 101; i++)
		memcpy(longest + 3 * i, "\xE6\x9D\xB1", 3);
	struct str clean;
	assert_ok(label_clean(&test_cx, "name", (struct str){ longest, 300 }, &clean));
	assert_err(label_clean(&test_cx, "name", (struct str){ longest, 303 }, &clean), INVALID_VALUE);
}

TEST(an_address_makes_one_account_alone)
{
	database_use(&test_cx);
	struct account first = made("one@example.org", NULL), found;
	const struct account_new again = { .email = STR("ONE@example.org"), .name = STR("Eve"), .plan = PLAN_PRO };
	assert_err(account_create(&test_cx, &again, &found), CONFLICT);
	assert_ok(account_by_email(&test_cx, STR("One@Example.org"), &found));
	assert_true(id_eq(found.id, first.id));
	assert_str(found.name, STR("Ann"));
	assert_ok(account_by_id(&test_cx, id_in_mode(first.id, true), &found));
	assert_true(id_eq(found.id, first.id));
	database_leave(&test_cx);
}

TEST(both_worlds_are_deactivated_and_come_back_together)
{
	database_use(&test_cx);
	struct account account = made("two@example.org", NULL), found;
	assert_ok(account_set_status(&test_cx, account.id, STATUS_DEACTIVATED));
	assert_ok(account_by_email(&test_cx, STR("two@example.org"), &found));
	assert_int_equal(found.status, STATUS_DEACTIVATED);
	assert_false(instant_is_none(found.deactivated_at));
	assert_ok(account_set_status(&test_cx, account.id, STATUS_ACTIVE));
	assert_ok(account_by_email(&test_cx, STR("two@example.org"), &found));
	assert_int_equal(found.status, STATUS_ACTIVE);
	assert_true(instant_is_none(found.deactivated_at));
	assert_err(account_set_status(&test_cx, id_new(test_cx.now), STATUS_ACTIVE), NOT_FOUND);
	database_leave(&test_cx);
}

TEST(only_the_right_password_of_a_known_active_account_signs_in)
{
	database_use(&test_cx);
	struct account account = made("three@example.org", "correct horse"), in;
	made("locked@example.org", NULL);
	assert_ok(sign_in(&test_cx, STR("Three@example.org"), STR("correct horse"), STRANGE, &in));
	assert_true(id_eq(in.id, account.id));
	assert_err(sign_in(&test_cx, STR("three@example.org"), STR("correct hors"), STRANGE, &in), CREDENTIALS_INVALID);
	assert_err(
		sign_in(&test_cx, STR("nobody@example.org"), STR("correct horse"), STRANGE, &in), CREDENTIALS_INVALID);
	assert_err(sign_in(&test_cx, STR("not an address"), STR("correct horse"), STRANGE, &in), CREDENTIALS_INVALID);
	assert_err(sign_in(&test_cx, STR("locked@example.org"), STR(""), STRANGE, &in), CREDENTIALS_INVALID);
	assert_ok(account_set_status(&test_cx, account.id, STATUS_DEACTIVATED));
	assert_err(
		sign_in(&test_cx, STR("three@example.org"), STR("correct horse"), STRANGE, &in), ACCOUNT_DEACTIVATED);
	database_leave(&test_cx);
}

/* Else whoever knows an address keeps its owner from signing in. */
TEST(guesses_from_one_network_do_not_lock_the_owner_out)
{
	database_use(&test_cx);
	struct account in;
	struct account_new owner = { .email = STR_INIT("besieged@example.org"),
		.name = STR_INIT("Five"),
		.password = STR_INIT("correct horse"),
		.plan = PLAN_PRO };
	assert_ok(account_create(&test_cx, &owner, &in));
	test_cx.client_ip = STR("192.0.2.66");
	for (int i = 0; i < 10; i++)
		assert_err(sign_in(&test_cx, owner.email, STR("wrong horse"), STRANGE, &in), CREDENTIALS_INVALID);
	assert_err(sign_in(&test_cx, owner.email, STR("correct horse"), STRANGE, &in), RATE_LIMITED);
	test_cx.client_ip = STR("198.51.100.7");
	assert_ok(sign_in(&test_cx, owner.email, STR("correct horse"), STRANGE, &in));
	test_cx.client_ip = STR_ABSENT;
	database_leave(&test_cx);
}

TEST(guessing_is_stopped_at_an_account_and_at_an_address)
{
	database_use(&test_cx);
	const struct throttle account = { "account", STR("four@example.org"), 3, 900 };
	const struct throttle address = { "address", STR("192.0.2.1"), 5, 3600 };
	const struct throttle both[] = { account, address };
	for (int i = 0; i < 3; i++)
		assert_ok(throttle_take(&test_cx, both, 2));
	err_t e = throttle_take(&test_cx, both, 2);
	assert_true(err_is(e, RATE_LIMITED));
	assert_in_range(e->retry_after_s, 890, 901);

	/* the refused try did not count against the address; a success forgets the account's failures, and gives
	 * the address one try back */
	assert_ok(throttle_forgive(&test_cx, both, 2));
	for (int i = 0; i < 3; i++)
		assert_ok(throttle_take(&test_cx, both, 2));
	assert_ok(throttle_forgive(&test_cx, both, 2));
	assert_ok(throttle_take(&test_cx, both, 2));
	/* five from the address: refused there, and so not counted against the account */
	for (int i = 0; i < 10; i++)
		assert_err(throttle_take(&test_cx, both, 2), RATE_LIMITED);
	assert_ok(throttle_take(&test_cx, &account, 1));
	assert_ok(throttle_take(&test_cx, &account, 1));
	assert_err(throttle_take(&test_cx, &account, 1), RATE_LIMITED);
	/* what was not checked comes back */
	assert_ok(throttle_give_back(&test_cx, both, 2));
	assert_ok(throttle_take(&test_cx, both, 2));

	test_cx.now = instant_add_s(test_cx.now, 3601);
	assert_ok(throttle_take(&test_cx, both, 2));
	database_leave(&test_cx);
}

static err_t authenticated(struct str secret, struct principal *out)
{
	return session_authenticate(&test_cx, &(struct credential){ .transport = VIA_COOKIE, .secret = secret }, out);
}

static err_t entered(struct id account, struct instant password_at, struct str old, struct str *out)
{
	const struct session_new in = { account, password_at, test_cx.now, AMR_PASSWORD, false, old, STR_ABSENT };
	return session_create(&test_cx, &in, out);
}

TEST(a_session_ends_at_sign_out_replacement_expiry_and_new_password)
{
	database_use(&test_cx);
	struct account account = made("five@example.org", "correct horse");
	struct str first, second, third;
	struct principal p;
	assert_ok(entered(account.id, account.password_at, STR_ABSENT, &first));
	assert_ok(authenticated(first, &p));
	assert_int_equal(p.kind, SESSION);
	assert_true(id_eq(p.account, account.id));
	assert_int_equal(p.csrf.len, 64);

	assert_ok(entered(account.id, account.password_at, first, &second)); /* fixation: the old one dies */
	assert_err(authenticated(first, &p), CREDENTIALS_INVALID);
	assert_ok(authenticated(second, &p));
	assert_ok(session_end(&test_cx, second));
	assert_err(authenticated(second, &p), CREDENTIALS_INVALID);

	assert_ok(entered(account.id, account.password_at, STR_ABSENT, &third));
	test_cx.now = instant_add_s(test_cx.now, SESSION_LIFETIME_S - 1);
	assert_ok(authenticated(third, &p));
	test_cx.now = instant_add_s(test_cx.now, 2);
	assert_err(authenticated(third, &p), CREDENTIALS_INVALID);

	assert_ok(entered(account.id, account.password_at, STR_ABSENT, &third));
	assert_ok(account_set_password(&test_cx, account.id, STR("another horse")));
	assert_err(authenticated(third, &p), CREDENTIALS_INVALID);
	/* None is born from the old password any more. */
	assert_err(entered(account.id, account.password_at, STR_ABSENT, &third), CREDENTIALS_INVALID);
	assert_ok(entered(account.id, test_cx.now, STR_ABSENT, &third));
	assert_ok(sign_in(&test_cx, account.email, STR("another horse"), STRANGE, &account));
	assert_ok(entered(account.id, account.password_at, STR_ABSENT, &third));
	assert_ok(account_housekeeping(&test_cx, NULL));
	database_leave(&test_cx);
}

TEST(what_is_no_session_cookie_signs_nobody_in)
{
	database_use(&test_cx);
	struct account account = made("six@example.org", NULL);
	const struct secret_parts parts = { .kind = SECRET_SESSION, .account = account.id };
	struct principal p;
	assert_err(authenticated(secret_new(test_mem, &parts, (struct bytes){ NULL, 0 }), &p), CREDENTIALS_INVALID);
	assert_err(authenticated(STR("ses_junk"), &p), CREDENTIALS_INVALID);
	assert_err(authenticated(STR(""), &p), CREDENTIALS_INVALID);
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(addresses_are_folded_and_what_is_none_is_refused),
	RUN(names_cannot_rewrite_the_line_they_stand_in), RUN(an_address_makes_one_account_alone),
	RUN(both_worlds_are_deactivated_and_come_back_together),
	RUN(only_the_right_password_of_a_known_active_account_signs_in),
	RUN(guesses_from_one_network_do_not_lock_the_owner_out),
	RUN(guessing_is_stopped_at_an_account_and_at_an_address),
	RUN(a_session_ends_at_sign_out_replacement_expiry_and_new_password),
	RUN(what_is_no_session_cookie_signs_nobody_in))
