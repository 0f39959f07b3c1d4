/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ical.h"

#include <stdlib.h>

#include "caldav/calendar/view/slots.h"

#define HOUR_S 3600
#define MINUTE_S 60

static int64_t s_at(const char *text)
{
	return instant_s(at(text));
}

static const struct zone *berlin(void)
{
	assert_ok(zone_setup(&test_cx));
	return zone_by_name(STR("Europe/Berlin"));
}

static struct working_hours every_day(int from, int to)
{
	struct working_hours hours = { 0 };
	for (size_t i = 0; i < 7; i++)
		hours.days[i] = (struct day_hours){ { { from, to } }, 1 };
	return hours;
}

/* The slots that were found, as "starts score, …". */
static struct str found(const struct slot_query *q)
{
	size_t count;
	struct buf out = buf_new(test_mem, 65536);
	const struct time_slot *slots = slots_find(test_mem, q, &count);
	assert_true(count <= q->limit);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(slots[i].end - slots[i].start, q->duration_s);
		buf_fmt(&out, "%s%.*s %d", i ? ", " : "",
			STR_ARG(str_sub(instant_ical(test_mem, instant_of_s(slots[i].start)), 6, 15)), slots[i].score);
	}
	return buf_str(&out);
}

TEST(the_earliest_come_first_and_none_overlap)
{
	const struct slot_query q = { .from = s_at("20261124T080000Z"),
		.to = s_at("20261124T100000Z"),
		.duration_s = 30 * MINUTE_S,
		.zone = zone_utc(),
		.limit = 25 };
	assert_str(found(&q), STR("24T080000 1000, 24T083000 900, 24T090000 800, 24T093000 700"));
}

TEST(busy_times_and_the_buffer_around_them_are_kept_free)
{
	const struct slot_span busy[] = {
		{ s_at("20261124T075000Z"), s_at("20261124T080500Z") }, /* its buffer reaches into the range */
		{ s_at("20261124T090000Z"), s_at("20261124T091001Z") },
		{ s_at("20261124T110500Z"), s_at("20261124T120000Z") }, /* outside it, and its buffer too */
	};
	struct slot_query q = { .from = s_at("20261124T080000Z"),
		.to = s_at("20261124T110000Z"),
		.duration_s = 40 * MINUTE_S,
		.zone = zone_utc(),
		.busy = busy,
		.busy_count = 3,
		.limit = 25 };
	assert_str(found(&q), STR("24T080500 989, 24T091100 847, 24T100000 742"));
	q.buffer_s = 15 * MINUTE_S;
	assert_str(found(&q), STR("24T092600 815"));
	q.buffer_s = 4 * HOUR_S;
	assert_str(found(&q), STR(""));
}

TEST(working_hours_follow_the_wall_clock)
{
	const struct working_hours hours = every_day(9 * 60, 10 * 60);
	const struct slot_query q = { .from = s_at("20270327T000000Z"), /* to summer time in the night to the 28th */
		.to = s_at("20270329T000000Z"),
		.duration_s = HOUR_S,
		.zone = berlin(),
		.hours = &hours,
		.limit = 25 };
	assert_str(found(&q), STR("27T080000 948, 28T070000 802"));
}

TEST(an_hour_that_does_not_exist_has_no_slot_and_one_that_comes_twice_has_two)
{
	const struct working_hours hours = every_day(2 * 60, 3 * 60);
	struct slot_query q = { .from = s_at("20270327T230000Z"),
		.to = s_at("20270328T220000Z"),
		.duration_s = HOUR_S,
		.zone = berlin(),
		.hours = &hours,
		.limit = 25 };
	assert_str(found(&q), STR(""));
	q.from = s_at("20271030T220000Z"); /* back in the night to the 31st: 2 to 3 o'clock twice */
	q.to = s_at("20271031T220000Z");
	assert_str(found(&q), STR("31T000000 973, 31T010000 960"));
	q.duration_s = 2 * HOUR_S; /* and they adjoin */
	assert_str(found(&q), STR("31T000000 972"));
}

TEST(days_that_adjoin_are_one_time)
{
	const struct working_hours hours = {
		.days = { [0] = { { { 22 * 60, DAY_MINUTES } }, 1 }, [1] = { { { 0, 60 }, { 120, 180 } }, 2 } },
	};
	const struct slot_query q = { .from = s_at("20261123T000000Z"), /* a Monday */
		.to = s_at("20261130T000000Z"),
		.duration_s = 3 * HOUR_S,
		.zone = zone_utc(),
		.hours = &hours,
		.limit = 25 };
	assert_str(found(&q), STR("23T220000 960"));
}

TEST(the_preferred_part_of_the_day_counts_more_than_to_be_early)
{
	struct slot_query q = { .from = s_at("20261124T060000Z"), /* 7 o'clock in Berlin */
		.to = s_at("20261124T220000Z"),
		.duration_s = HOUR_S,
		.zone = berlin(),
		.part = AFTERNOON,
		.limit = 6 };
	assert_str(found(&q),
		STR("24T110000 900, 24T120000 880, 24T130000 860, 24T140000 840, 24T150000 820, 24T060000 300"));
	q.part = EVENING;
	q.limit = 1;
	assert_str(found(&q), STR("24T160000 800"));
	q.part = MORNING;
	assert_str(found(&q), STR("24T060000 1000"));
}

TEST(seconds_are_rounded_up_to_the_minute)
{
	struct slot_query q = { .from = s_at("20261124T080030Z"),
		.to = s_at("20261124T083100Z"),
		.duration_s = 30 * MINUTE_S,
		.zone = zone_utc(),
		.limit = 5 };
	assert_str(found(&q), STR("24T080100 700"));
	q.to = s_at("20261124T083059Z");
	assert_str(found(&q), STR(""));
	q.from = q.to - q.duration_s;
	q.from -= q.from % MINUTE_S;
	q.to = q.from + q.duration_s; /* exactly as long as the range */
	assert_str(found(&q), STR("24T080000 1000"));
}

/* ---- minute by minute ---- */

static bool is_open(const struct slot_query *q, int64_t minute)
{
	if (minute < q->from || minute + MINUTE_S > q->to)
		return false;
	if (!q->hours)
		return true;
	int64_t local = zone_to_local(q->zone, minute), day = local / 86400;
	const struct day_hours *of = &q->hours->days[(day + 3) % 7];
	int of_day = (int)(local % 86400 / MINUTE_S);
	for (size_t i = 0; i < of->count; i++)
		if (of_day >= of->spans[i].from && of_day < of->spans[i].to)
			return true;
	return false;
}

static bool is_free(const struct slot_query *q, int64_t minute)
{
	for (size_t i = 0; i < q->busy_count; i++)
		if (minute < q->busy[i].to + q->buffer_s && q->busy[i].from - q->buffer_s < minute + MINUTE_S)
			return false;
	return is_open(q, minute);
}

static int score_by_minutes(const struct slot_query *q, int64_t start)
{
	static const int from[] = { 0, 5, 12, 17 }, to[] = { 24, 12, 17, 22 };
	int64_t local = zone_to_local(q->zone, start), within = 0, minutes = q->duration_s / MINUTE_S;
	for (int64_t m = 0; m < minutes; m++) {
		int64_t hour = (local + m * MINUTE_S) % 86400 / HOUR_S;
		within += hour >= from[q->part] && hour < to[q->part];
	}
	int64_t room = q->to - q->duration_s - q->from;
	return (int)(700 * within / minutes) + (int)(room > 0 ? 300 * (room - (start - q->from)) / room : 300);
}

/* Is there a better one than this, of those that are left? */
static bool is_better(struct time_slot a, struct time_slot b)
{
	return a.score != b.score ? a.score > b.score : a.start < b.start;
}

static size_t slots_by_minutes(const struct slot_query *q, struct time_slot *out)
{
	size_t minutes = (size_t)((q->to - q->from) / MINUTE_S), count = 0;
	bool *open = arena_array(test_mem, bool, minutes + 1), *taken = arena_array(test_mem, bool, minutes + 1);
	size_t long_m = (size_t)(q->duration_s / MINUTE_S);
	for (size_t m = 0; m < minutes; m++)
		open[m] = is_free(q, q->from + (int64_t)m * MINUTE_S);
	while (count < q->limit) {
		struct time_slot best = { .score = -1 };
		for (size_t m = 0; m + long_m <= minutes; m++) {
			int64_t start = q->from + (int64_t)m * MINUTE_S;
			bool fits = start % (15 * MINUTE_S) == 0 || m == 0 || !open[m - 1];
			for (size_t k = 0; fits && k < long_m; k++)
				fits = open[m + k] && !taken[m + k];
			struct time_slot this = { start, start + q->duration_s, 0 };
			if (!fits)
				continue;
			this.score = score_by_minutes(q, start);
			if (is_better(this, best))
				best = this;
		}
		if (best.score < 0)
			break;
		for (size_t k = 0; k < long_m; k++)
			taken[(size_t)((best.start - q->from) / MINUTE_S) + k] = true;
		out[count++] = best;
	}
	return count;
}

static int up_to(int n)
{
	return rand() % (n + 1); /* NOLINT: the same in each run */
}

static struct working_hours random_hours(void)
{
	struct working_hours hours = { 0 };
	for (size_t d = 0; d < 7; d++) {
		struct day_hours *of = &hours.days[d];
		for (int at = up_to(600); at < DAY_MINUTES && of->count < 3; of->count++) {
			int to = at + 1 + up_to(500);
			of->spans[of->count] = (struct day_span){ at, to < DAY_MINUTES ? to : DAY_MINUTES };
			at = to + 1 + up_to(200);
		}
	}
	return hours;
}

TEST(it_finds_what_a_search_minute_by_minute_finds)
{
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
		"Asia/Kathmandu" };
	static const char *const starts[] = { "20270327T120000Z", "20271030T120000Z", "20270313T000000Z",
		"20270403T000000Z", "20261124T051300Z" };
	(void)berlin();
	srand(20261124);
	for (int round = 0; round < 300; round++) {
		struct slot_span busy[12];
		struct working_hours hours = random_hours();
		struct slot_query q = { .from = s_at(starts[round % 5]) + up_to(60) * MINUTE_S,
			.duration_s = (5 + up_to(175)) * MINUTE_S,
			.buffer_s = round % 3 ? up_to(60) * MINUTE_S : 0,
			.zone = zone_by_name(str_of(zones[round / 5 % 5])),
			.hours = round % 4 ? &hours : NULL,
			.part = (enum day_part)(round % 4),
			.busy = busy,
			.limit = (size_t)(1 + up_to(24)) };
		struct time_slot expected[25];
		size_t count;
		q.to = q.from + (60 + up_to(2880)) * MINUTE_S;
		for (int64_t t = q.from - HOUR_S + up_to(200) * MINUTE_S; q.busy_count < 12 && t < q.to + HOUR_S;
			q.busy_count++) {
			int64_t until = t + (1 + up_to(120)) * MINUTE_S;
			busy[q.busy_count] = (struct slot_span){ t, until };
			t = until + (1 + up_to(400)) * MINUTE_S;
		}
		const struct time_slot *slots = slots_find(test_mem, &q, &count);
		size_t wanted = slots_by_minutes(&q, expected);
		for (size_t i = 0; i < count && i < wanted; i++)
			if (slots[i].start != expected[i].start || slots[i].score != expected[i].score)
				fail_msg("round %d, slot %zu: %lld %d, by minutes %lld %d", round, i,
					(long long)slots[i].start, slots[i].score, (long long)expected[i].start,
					expected[i].score);
		if (count != wanted)
			fail_msg("round %d: %zu slots, by minutes %zu", round, count, wanted);
	}
}

TESTS(RUN(the_earliest_come_first_and_none_overlap), RUN(busy_times_and_the_buffer_around_them_are_kept_free),
	RUN(working_hours_follow_the_wall_clock),
	RUN(an_hour_that_does_not_exist_has_no_slot_and_one_that_comes_twice_has_two),
	RUN(days_that_adjoin_are_one_time), RUN(the_preferred_part_of_the_day_counts_more_than_to_be_early),
	RUN(seconds_are_rounded_up_to_the_minute), RUN(it_finds_what_a_search_minute_by_minute_finds))
