/* SPDX-License-Identifier: Apache-2.0 */
/* races */
#include "tests/support/test.h"

#include "server/http/concurrency.h"
#include "server/http/head.h"
#include "server/http/limit.h"
#include "server/http/proxy.h"

static struct id key_of(unsigned n)
{
	struct id key = { { 0 } };
	memcpy(key.octets, &n, sizeof n);
	return key;
}

static struct instant at_ms(int64_t ms)
{
	return (struct instant){ 1764000000 * US_PER_S + ms * 1000 };
}

TEST(a_burst_passes_and_then_the_rate_rules)
{
	struct limiter *limiter = limiter_open(10, 5);
	struct limit_state s;
	for (unsigned i = 0; i < 5; i++) {
		assert_true(limiter_take(limiter, key_of(1), at_ms(0), &s));
		assert_int_equal(s.remaining, 4 - i);
	}
	assert_false(limiter_take(limiter, key_of(1), at_ms(0), &s));
	assert_int_equal(s.retry_after_s, 1);
	assert_false(limiter_take(limiter, key_of(1), at_ms(99), &s));
	assert_true(limiter_take(limiter, key_of(1), at_ms(100), &s));
	assert_false(limiter_take(limiter, key_of(1), at_ms(100), &s));
	/* Full again after a rest, and not more than full. */
	for (unsigned i = 0; i < 5; i++)
		assert_true(limiter_take(limiter, key_of(1), at_ms(60000), &s));
	assert_false(limiter_take(limiter, key_of(1), at_ms(60000), &s));
	limiter_close(limiter);
}

TEST(some_calls_have_a_rate_of_their_own_for_each_caller)
{
	static const struct rate minute = { "api_keys", 10, 60 }, second = { "freebusy", 50, 1 };
	struct limiter *limiter = limiter_open(1, 1);
	struct limit_state s;
	for (unsigned i = 0; i < 10; i++) {
		assert_true(limiter_take_of(limiter, &minute, key_of(1), at_ms(0), &s));
		assert_int_equal(s.remaining, 9 - i);
	}
	assert_int_equal(s.limit, 10);
	assert_int_equal(s.window_s, 60);
	assert_string_equal(s.policy, "api_keys");
	assert_false(limiter_take_of(limiter, &minute, key_of(1), at_ms(5999), &s));
	assert_int_equal(s.retry_after_s, 1);
	assert_true(limiter_take_of(limiter, &minute, key_of(1), at_ms(6000), &s));
	assert_false(limiter_take_of(limiter, &minute, key_of(1), at_ms(6000), &s));
	assert_int_equal(s.retry_after_s, 6);
	/* Another caller, another rate and the limiter's own know nothing of it. */
	assert_true(limiter_take_of(limiter, &minute, key_of(2), at_ms(6000), &s));
	assert_true(limiter_take_of(limiter, &second, key_of(1), at_ms(6000), &s));
	assert_int_equal(s.remaining, 49);
	assert_true(limiter_take(limiter, key_of(1), at_ms(6000), &s));
	limiter_close(limiter);
}

TEST(a_key_may_be_slower_than_all_but_never_faster)
{
	struct limiter *limiter = limiter_open(10, 10);
	struct limit_state s;
	const struct {
		unsigned own, passes;
	} cases[] = { { 0, 10 }, { 3, 3 }, { 1, 1 }, { 10, 10 }, { 1000, 10 } };
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned passed = 0;
		while (limiter_take_slower(limiter, cases[i].own, key_of(i), at_ms(0), &s))
			passed++;
		assert_int_equal(passed, cases[i].passes);
		assert_int_equal(s.limit, cases[i].passes);
	}
	assert_false(limiter_take_slower(limiter, 3, key_of(1), at_ms(333), &s));
	assert_true(limiter_take_slower(limiter, 3, key_of(1), at_ms(334), &s));
	limiter_close(limiter);
}

TEST(keys_do_not_share_a_bucket)
{
	struct limiter *limiter = limiter_open(1, 1);
	struct limit_state s;
	for (unsigned i = 0; i < 1000; i++)
		assert_true(limiter_take(limiter, key_of(i), at_ms(0), &s));
	assert_false(limiter_take(limiter, key_of(999), at_ms(0), &s));
	limiter_close(limiter);
}

/* A full set forgets who owes least; whoever was refused is not let in by many others. */
TEST(more_keys_than_a_set_holds_push_out_who_owes_least)
{
	struct limiter *limiter = limiter_open(10, 10);
	struct limit_state s;
	for (unsigned i = 0; i < 10; i++)
		assert_true(limiter_take(limiter, key_of(1), at_ms(0), &s));
	assert_false(limiter_take(limiter, key_of(1), at_ms(0), &s));
	for (unsigned i = 2; i < 200000; i++) /* six times as many as there is room for */
		assert_true(limiter_take(limiter, key_of(i), at_ms(0), &s));
	assert_false(limiter_take(limiter, key_of(1), at_ms(0), &s));
	limiter_close(limiter);
}

TEST(a_clock_that_is_set_back_locks_nobody_out)
{
	struct limiter *limiter = limiter_open(1, 2);
	struct limit_state s;
	assert_true(limiter_take(limiter, key_of(1), at_ms(3600000), &s));
	assert_true(limiter_take(limiter, key_of(1), at_ms(0), &s));
	limiter_close(limiter);
}

TEST(what_a_request_was_worth_besides_is_owed_and_never_more_than_all)
{
	struct limiter *limiter = limiter_open(10, 10);
	struct limit_state s;
	assert_true(limiter_take(limiter, key_of(1), at_ms(0), &s));
	limiter_charge(limiter, key_of(1), at_ms(0), 0);
	limiter_charge(limiter, key_of(1), at_ms(0), 7);
	assert_true(limiter_take(limiter, key_of(1), at_ms(0), &s));
	assert_int_equal(s.remaining, 1);
	limiter_charge(limiter, key_of(1), at_ms(0), INT64_MAX);
	assert_false(limiter_take(limiter, key_of(1), at_ms(0), &s));
	assert_int_equal(s.retry_after_s, 1);
	assert_true(limiter_take(limiter, key_of(1), at_ms(100), &s));
	assert_false(limiter_take(limiter, key_of(1), at_ms(100), &s));
	assert_true(limiter_take(limiter, key_of(2), at_ms(0), &s));
	limiter_close(limiter);
}

static struct address address(const char *text)
{
	struct address a;
	assert_true(address_parse(str_of(text), &a));
	return a;
}

static bool take(struct concurrency *limit, const char *text)
{
	struct concurrency_key key = concurrency_network(address(text));
	return concurrency_take(limit, &key, 1);
}

static bool take_of(struct concurrency *limit, struct id account)
{
	struct concurrency_key key = concurrency_account(account);
	return concurrency_take(limit, &key, 1);
}

TEST(a_concurrency_limit_counts_each_network_and_ipv6_by_its_56)
{
	struct concurrency *limit = concurrency_open(2, 0);
	assert_true(take(limit, "192.0.2.1"));
	assert_true(take(limit, "::ffff:192.0.2.1"));
	assert_false(take(limit, "192.0.2.1"));
	assert_true(take(limit, "192.0.2.2"));
	struct concurrency_key first = concurrency_network(address("192.0.2.1"));
	concurrency_leave(limit, &first, 1);
	assert_true(take(limit, "192.0.2.1"));
	assert_true(take(limit, "2001:db8::1"));
	/* A customer who has a /62 or a /56 is one, who has another /56 is another. */
	assert_true(take(limit, "2001:db8:0:ff::2"));
	assert_false(take(limit, "2001:db8:0:3::3"));
	assert_true(take(limit, "2001:db8:0:100::1"));
	concurrency_close(limit);
}

TEST(a_concurrency_limit_counts_both_worlds_of_an_account_and_no_other_with_it)
{
	struct concurrency *limit = concurrency_open(2, 0), *unlimited = concurrency_open(0, 0);
	struct id first = key_of(2), second = key_of(4);
	assert_true(take_of(limit, first));
	assert_true(take_of(limit, id_in_mode(first, true)));
	assert_false(take_of(limit, first));
	assert_false(take_of(limit, id_in_mode(first, true)));
	assert_true(take_of(limit, second));
	/* A refusal takes no place, and who left is forgotten. */
	struct concurrency_key key = concurrency_account(first);
	concurrency_leave(limit, &key, 1);
	concurrency_leave(limit, &key, 1);
	assert_true(take_of(limit, first));
	assert_true(take_of(limit, first));
	for (int i = 0; i < 100; i++)
		assert_true(take_of(unlimited, first));
	concurrency_close(limit);
	concurrency_close(unlimited);
}

TEST(a_concurrency_limit_bounds_all_together_and_a_refusal_takes_nothing)
{
	struct concurrency *limit = concurrency_open(6, 10);
	struct concurrency_key first = concurrency_network(address("192.0.2.1")),
			       second = concurrency_network(address("192.0.2.2"));
	assert_false(concurrency_take(limit, &first, 7));
	assert_true(concurrency_take(limit, &first, 6));
	assert_false(concurrency_take(limit, &second, 5));
	assert_true(concurrency_take(limit, &second, 3));
	/* Whom no network counts, all together count. */
	assert_false(concurrency_take(limit, NULL, 2));
	assert_true(concurrency_take(limit, NULL, 1));
	assert_int_equal(concurrency_total(limit), 10);
	concurrency_leave(limit, &first, 6);
	assert_true(concurrency_take(limit, &second, 3));
	assert_false(concurrency_take(limit, &second, 1));
	concurrency_leave(limit, NULL, 1);
	concurrency_leave(limit, &second, 6);
	assert_int_equal(concurrency_total(limit), 0);
	concurrency_close(limit);
}

TEST(networks_of_trusted_proxies)
{
	const struct proxy_list *list;
	assert_ok(proxy_list_parse(&test_cx, STR("10.0.0.0/8, fd00::/8,192.0.2.1 , 172.16.0.0/12"), &list));
	static const struct {
		const char *text;
		bool trusted;
	} cases[] = { { "10.1.2.3", true }, { "11.1.2.3", false }, { "192.0.2.1", true }, { "192.0.2.2", false },
		{ "fdff::1", true }, { "fe00::1", false }, { "172.31.255.255", true }, { "172.32.0.0", false },
		{ "::ffff:10.0.0.1", true } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(proxy_trusted(list, address(cases[i].text)) == cases[i].trusted);
	static const char *const bad[] = { "10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/", "fd00::/129", "10.0.0.0/8/8" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_err(proxy_list_parse(&test_cx, str_of(bad[i]), &list), INVALID_VALUE);
}

TEST(each_status_of_the_table_of_errors_has_a_phrase)
{
	for (int kind = 0; kind < ERR_KINDS; kind++) {
		const struct err_row *row = err_row((enum err_kind)kind);
		const int statuses[] = { row->api_status, row->oauth_status, row->dav_status };
		for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
			if (statuses[i])
				assert_string_not_equal(status_phrase(statuses[i]), "Other");
	}
}

TESTS(RUN(a_burst_passes_and_then_the_rate_rules), RUN(some_calls_have_a_rate_of_their_own_for_each_caller),
	RUN(a_key_may_be_slower_than_all_but_never_faster), RUN(keys_do_not_share_a_bucket),
	RUN(more_keys_than_a_set_holds_push_out_who_owes_least), RUN(a_clock_that_is_set_back_locks_nobody_out),
	RUN(what_a_request_was_worth_besides_is_owed_and_never_more_than_all),
	RUN(a_concurrency_limit_counts_each_network_and_ipv6_by_its_56),
	RUN(a_concurrency_limit_counts_both_worlds_of_an_account_and_no_other_with_it),
	RUN(a_concurrency_limit_bounds_all_together_and_a_refusal_takes_nothing), RUN(networks_of_trusted_proxies),
	RUN(each_status_of_the_table_of_errors_has_a_phrase))
