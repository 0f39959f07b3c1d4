/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/account/usage_counters.h"

static struct id id_of(uint32_t n)
{
	struct id id = { { 1 } };
	id.octets[12] = (uint8_t)(n >> 24);
	id.octets[13] = (uint8_t)(n >> 16);
	id.octets[14] = (uint8_t)(n >> 8);
	id.octets[15] = (uint8_t)n;
	return id;
}

static const char get[] = "GET", path[] = "/v1/events", other_path[] = "/v1/profile";

static bool add(struct usage_counters *counters, uint32_t account, uint32_t key, const char *of)
{
	const struct usage_call call = { .account = id_of(account),
		.credential = id_of(key),
		.method = get,
		.path = of,
		.at = instant_of_s(1000 * INT64_C(86400)),
		.took_us = 700,
		.client_error = key % 2 };
	struct usage_counted counted = usage_counted_of(&call);
	return usage_counters_add(counters, &counted);
}

struct sums {
	int64_t requests, client_errors, others;
	size_t rows, other_rows;
};

/* Of one account; 0: of all. */
static struct sums sums_of(const struct usage_counters *counters, uint32_t account)
{
	struct sums out = { 0 };
	for (size_t i = 0; i < USAGE_SLOTS; i++) {
		const struct usage_counted *slot = &counters->slots[i];
		if (!slot->requests || (account && !id_eq(slot->account, id_of(account))))
			continue;
		out.rows++;
		out.requests += slot->requests;
		out.client_errors += slot->client_errors;
		out.other_rows += !slot->path;
		out.others += slot->path ? 0 : slot->requests;
		assert_true(
			slot->path || (id_is_zero(slot->credential) && id_is_zero(slot->connection) && !slot->method));
		assert_int_equal(slot->latency[2], slot->requests);
	}
	return out;
}

TEST(what_is_the_same_adds_up_and_all_else_is_apart)
{
	struct usage_counters counters = usage_counters_new(1);
	for (uint32_t i = 0; i < 30; i++)
		assert_true(add(&counters, 1 + i % 2, i % 3, i % 5 ? path : other_path));
	struct sums all = sums_of(&counters, 0), one = sums_of(&counters, 1);
	assert_int_equal(all.requests, 30);
	assert_int_equal(all.rows, 2 * 3 * 2);
	assert_int_equal(counters.count, all.rows);
	assert_int_equal(one.requests, 15);
	assert_int_equal(one.client_errors, 5);
	assert_int_equal(all.other_rows, 0);
	usage_counters_end(&counters);
}

/* Many keys and routes: what has no room of its own is one row of its account, and no call is lost. */
TEST(memory_is_bounded_and_the_sums_stay_right)
{
	struct usage_counters counters = usage_counters_new(2);
	const uint32_t keys = 20000;
	for (uint32_t i = 0; i < keys; i++)
		assert_true(add(&counters, 1, i, i % 7 ? path : other_path));
	assert_true(add(&counters, 2, 1, path));
	assert_true(add(&counters, 2, 2, path));
	assert_true(add(&counters, 1, 5, path)); /* has a row of its own */
	struct sums one = sums_of(&counters, 1), two = sums_of(&counters, 2);
	assert_int_equal(counters.count, USAGE_OWN_MAX + 2);
	assert_int_equal(one.rows, USAGE_OWN_MAX + 1);
	assert_int_equal(one.other_rows, 1);
	assert_int_equal(one.requests, keys + 1);
	assert_int_equal(one.client_errors, keys / 2 + 1);
	assert_int_equal(one.others, keys - USAGE_OWN_MAX);
	assert_int_equal(two.rows, 1);
	assert_int_equal(two.others, 2);
	usage_counters_end(&counters);
}

/* Many accounts at that: the table is never full, and what is lost is said. */
TEST(there_is_an_end_even_of_others)
{
	struct usage_counters counters = usage_counters_new(3);
	uint32_t lost = 0;
	for (uint32_t i = 0; i < 10000; i++)
		lost += !add(&counters, i + 1, 0, path);
	assert_int_equal(counters.count, USAGE_ALL_MAX);
	assert_int_equal(lost, 10000 - USAGE_ALL_MAX);
	assert_int_equal(sums_of(&counters, 0).requests, USAGE_ALL_MAX);
	usage_counters_end(&counters);
}

TEST(a_time_is_in_the_class_that_ends_after_it)
{
	static const struct {
		uint64_t us;
		size_t class_;
	} cases[] = { { 0, 0 }, { 249, 0 }, { 250, 1 }, { 499, 1 }, { 500, 2 }, { 4095999, 14 }, { 4096000, 15 },
		{ UINT64_MAX, 15 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct usage_counted counted = usage_counted_of(&(struct usage_call){ .took_us = cases[i].us });
		for (size_t k = 0; k < USAGE_CLASSES; k++)
			assert_int_equal(counted.latency[k], k == cases[i].class_);
	}
}

TEST(a_quantile_lies_in_its_class)
{
	int64_t latency[USAGE_CLASSES] = { 0 };
	const struct usage_sum sum = { .latency = { latency, USAGE_CLASSES } };
	assert_int_equal(usage_quantile_us(&sum, 500), 0);
	latency[2] = 1; /* from 500 to 1000 */
	assert_int_equal(usage_quantile_us(&sum, 500), 1000);
	latency[2] = 90;
	latency[5] = 9; /* from 4 ms to 8 */
	latency[15] = 1;
	assert_int_equal(usage_quantile_us(&sum, 450), 750);
	assert_int_equal(usage_quantile_us(&sum, 900), 1000);
	assert_int_equal(usage_quantile_us(&sum, 930), 4000 + 4000 / 3);
	assert_int_equal(usage_quantile_us(&sum, 990), 8000);
	assert_int_equal(usage_quantile_us(&sum, 1000), 4096000);
}

TEST(days_are_written_and_read)
{
	int32_t day = 7;
	static const char *const none[] = { "", "2026-02-29", "2026-13-01", "2026-1-01", "2026-01-01T", "20260101",
		"-026-01-01", "2026-01-0x", "2026/01/01" };
	assert_true(usage_day_parse(STR("2026-11-29"), &day));
	assert_int_equal(day, days_from_civil(2026, 11, 29));
	assert_str(usage_day_text(test_mem, day), STR("2026-11-29"));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(usage_day_parse(str_of(none[i]), &day));
}

TESTS(RUN(what_is_the_same_adds_up_and_all_else_is_apart), RUN(memory_is_bounded_and_the_sums_stay_right),
	RUN(there_is_an_end_even_of_others), RUN(a_time_is_in_the_class_that_ends_after_it),
	RUN(a_quantile_lies_in_its_class), RUN(days_are_written_and_read))
