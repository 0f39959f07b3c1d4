/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/bookable.h"

#include "tests/support/ical.h"

#define HOUR_S 3600
#define MINUTE_S 60

static struct working_hours hours;

static int64_t s_at(const char *text)
{
	return instant_s(at(text));
}

/* Half an hour each, beginning every half hour, on a Tuesday from 8 to 18 o'clock, open from 9 to 11. */
static struct bookable_query question(void)
{
	assert_ok(zone_setup(&test_cx));
	for (size_t i = 0; i < 7; i++)
		hours.days[i] = (struct day_hours){ { { 9 * 60, 11 * 60 } }, 1 };
	return (struct bookable_query){ .from = s_at("20261124T080000Z"),
		.to = s_at("20261124T180000Z"),
		.duration_s = 30 * MINUTE_S,
		.step = 30,
		.zone = zone_utc(),
		.hours = &hours,
		.limit = 50 };
}

/* When they begin, as "DDTHHMM …". */
static struct str found(const struct bookable_query *q)
{
	size_t count;
	struct buf out = buf_new(test_mem, 65536);
	const struct slot_span *slots = bookable_slots(test_mem, q, &count);
	assert_true(count <= q->limit);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(slots[i].to - slots[i].from, q->duration_s);
		buf_fmt(&out, "%s%.*s", i ? " " : "",
			STR_ARG(str_sub(instant_ical(test_mem, instant_of_s(slots[i].from)), 6, 13)));
	}
	return buf_str(&out);
}

TEST(slots_begin_by_steps_and_lie_within_the_hours)
{
	struct bookable_query q = question();
	assert_str(found(&q), STR("24T0900 24T0930 24T1000 24T1030"));
	q.duration_s = 2 * HOUR_S;
	assert_str(found(&q), STR("24T0900"));
	q.duration_s = 2 * HOUR_S + 1;
	assert_str(found(&q), STR(""));
	q = question();
	q.limit = 2;
	assert_str(found(&q), STR("24T0900 24T0930"));
	q.from = s_at("20261124T090100Z"); /* the steps are counted from nine all the same */
	assert_str(found(&q), STR("24T0930 24T1000"));
}

TEST(a_buffer_before_and_after_is_kept_free)
{
	const struct slot_span busy[] = { { s_at("20261124T094500Z"), s_at("20261124T100000Z") } };
	struct bookable_query q = question();
	q.busy = busy;
	q.busy_count = 1;
	assert_str(found(&q), STR("24T0900 24T1000 24T1030"));
	q.before_s = 1;
	assert_str(found(&q), STR("24T0900 24T1030"));
	q.after_s = 15 * MINUTE_S;
	assert_str(found(&q), STR("24T0900 24T1030"));
	q.after_s++;
	assert_str(found(&q), STR("24T1030"));
}

TEST(a_day_may_have_other_hours_or_none_or_be_full)
{
	struct bookable_query q = question();
	const int64_t day = bookable_day(q.zone, q.from);
	struct hours_exception other = { day, { { { 8 * 60, 9 * 60 }, { 17 * 60, 18 * 60 } }, 2 } };
	q.exceptions = &other;
	q.exception_count = 1;
	assert_str(found(&q), STR("24T0800 24T0830 24T1700 24T1730"));
	other.hours.count = 0;
	assert_str(found(&q), STR(""));
	other.day = day + 1; /* another day's */
	assert_str(found(&q), STR("24T0900 24T0930 24T1000 24T1030"));
	q.full_days = &day;
	q.full_day_count = 1;
	assert_str(found(&q), STR(""));
}

/* Berlin: 2 o'clock does not exist on 29 March 2026, and comes twice on 25 October. */
TEST(hours_follow_the_wall_clock)
{
	struct bookable_query q = question();
	q.zone = zone_by_name(STR("Europe/Berlin"));
	q.duration_s = HOUR_S;
	q.step = 60;
	for (size_t i = 0; i < 7; i++)
		hours.days[i] = (struct day_hours){ { { 60, 4 * 60 } }, 1 };
	q.from = s_at("20260328T230000Z");
	q.to = s_at("20260329T220000Z");
	assert_str(found(&q), STR("29T0000 29T0100"));
	q.from = s_at("20261024T220000Z");
	q.to = s_at("20261025T230000Z");
	assert_str(found(&q), STR("24T2300 25T0000 25T0100 25T0200"));
	assert_int_equal(
		bookable_day(q.zone, s_at("20261024T220000Z")), bookable_day(zone_utc(), s_at("20261025T000000Z")));
}

TESTS(RUN(slots_begin_by_steps_and_lie_within_the_hours), RUN(a_buffer_before_and_after_is_kept_free),
	RUN(a_day_may_have_other_hours_or_none_or_be_full), RUN(hours_follow_the_wall_clock))
