/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/index/occurrences.h"

#include "tests/support/test.h"

struct seen {
	struct occurrence_span spans[16];
	size_t count;
};

static bool see(void *to, struct occurrence_span span)
{
	struct seen *s = to;
	assert_true(s->count < ARRAY_LEN(s->spans));
	s->spans[s->count++] = span;
	return true;
}

static struct seen walk(struct bytes occ, int64_t a, int64_t b)
{
	struct seen s = { .count = 0 };
	occurrences_walk(occ, a, b, see, &s);
	return s;
}

/* The example at the head of occurrences.c. */
TEST(a_series_is_packed_as_its_description_says)
{
	static const uint8_t packed[] = { 0x01, 0xc8, 0x01, 0x78, 0x1e, 0x00, 0x04, 0x64, 0x96, 0x01, 0x01, 0x32 };
	const struct occurrence_span spans[] = { { 100, 130 }, { 200, 230 }, { 300, 330 }, { 450, 500 } };
	struct bytes occ = occurrences_pack(test_mem, spans, ARRAY_LEN(spans), 40);
	assert_int_equal(occ.len, sizeof packed);
	assert_memory_equal(occ.ptr, packed, sizeof packed);
	assert_int_equal(occurrences_from(occ), 40);
	struct seen s = walk(occ, 310, 460);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.spans[0].first, 300);
	assert_int_equal(s.spans[1].first, 450);
}

/* A run must not swallow a span of another length. */
TEST(the_tail_of_a_longer_span_is_found_among_its_run)
{
	const struct occurrence_span spans[] = { { 0, 60 }, { 1000, 1060 }, { 2000, 2900 }, { 3000, 3060 },
		{ 4000, 4060 } };
	struct bytes occ = occurrences_pack(test_mem, spans, ARRAY_LEN(spans), INT64_MIN);
	struct seen s = walk(occ, 2500, 2600);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.spans[0].first, 2000);
	assert_int_equal(s.spans[0].last, 2900);
	assert_int_equal(walk(occ, 1500, 1600).count, 0);
	assert_int_equal(walk(occ, 3500, 3600).count, 0);
	assert_int_equal(walk(occ, INT64_MIN, INT64_MAX).count, ARRAY_LEN(spans));
}

/* Each span, asked for by its first second, its last and one in the middle, whatever is around it. */
TEST(every_span_of_a_mixed_series_is_found_by_any_second_of_it)
{
	struct occurrence_span spans[12];
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		spans[i] = (struct occurrence_span){ (int64_t)i * 1000, (int64_t)i * 1000 + (i % 5 == 3 ? 700 : 50) };
	struct bytes occ = occurrences_pack(test_mem, spans, ARRAY_LEN(spans), INT64_MIN);
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		const int64_t at[] = { spans[i].first, (spans[i].first + spans[i].last) / 2, spans[i].last - 1 };
		for (size_t k = 0; k < ARRAY_LEN(at); k++) {
			struct seen s = walk(occ, at[k], at[k] + 1);
			assert_int_equal(s.count, 1);
			assert_int_equal(s.spans[0].first, spans[i].first);
		}
		assert_int_equal(walk(occ, spans[i].last, spans[i].last + 1).count, 0);
	}
}

/* Windows at the ends of time, and octets that no packer makes, under the sanitizer. */
TEST(the_ends_of_time_overflow_nothing)
{
	const struct occurrence_span spans[] = { { -62135596800, -62135596740 }, { 253402300000, 253402300799 } };
	const int64_t ends[] = { INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX };
	const char *const strange[] = {
		/* version, origin, from, length, gap, head, step: each as large as seven bits a time allow */
		"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x01\x02\x01",
		"\x01\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x01\x02\x01",
		"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x1f\x01\x7f\x01\x02\x01",
		"\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\x1f\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x02\x01",
		"\x01\x01\x01\x01\x01\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	};
	struct bytes occ = occurrences_pack(test_mem, spans, ARRAY_LEN(spans), INT64_MIN);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		for (size_t k = i; k < ARRAY_LEN(ends); k++) {
			(void)walk(occ, ends[i], ends[k]);
			for (size_t n = 0; n < ARRAY_LEN(strange); n++) {
				struct bytes bad = bytes_of(strange[n], strlen(strange[n]));
				(void)walk(bad, ends[i], ends[k]);
				(void)occurrences_from(bad);
			}
		}
	assert_int_equal(walk(occ, INT64_MIN, INT64_MAX).count, 2);
	assert_int_equal(walk(occ, 253402300798, INT64_MAX).count, 1);
}

/* A span without an end is kept within what can be added. */
TEST(a_span_for_ever_is_packed_and_found)
{
	const struct occurrence_span spans[] = { { -1000, INT64_MAX } };
	struct bytes occ = occurrences_pack(test_mem, spans, 1, INT64_MIN);
	assert_int_equal(walk(occ, 0, 1).count, 1);
	assert_int_equal(walk(occ, 253402300798, 253402300799).count, 1);
}

TESTS(RUN(a_series_is_packed_as_its_description_says), RUN(the_tail_of_a_longer_span_is_found_among_its_run),
	RUN(every_span_of_a_mixed_series_is_found_by_any_second_of_it), RUN(the_ends_of_time_overflow_nothing),
	RUN(a_span_for_ever_is_packed_and_found))
