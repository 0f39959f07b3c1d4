/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of a stream's events. */
#include "tests/support/test.h"

#include "server/stream/streams.h"

static const struct str base = STR_INIT("https://calends.example");

static struct str written(struct arena *mem, const struct stream_position *positions, size_t count, size_t first)
{
	struct buf out = buf_new(mem, 65536);
	stream_id_write(&out, base, positions, count, first);
	return buf_str(&out);
}

static struct stream_position position(uint8_t n, int64_t modseq)
{
	return (struct stream_position){ { { 1, 2, 3, n } }, modseq };
}

TEST(the_id_of_one_calendar_is_its_sync_token)
{
	struct arena *mem = arena_open();
	struct stream_position p = position(1, 7);
	struct str expected =
		str_fmt(mem, "https://calends.example/dav/sync/%s/7", id_text(mem, "cal", p.calendar).ptr);
	assert_true(str_eq(written(mem, &p, 1, 0), expected));
	arena_close(mem);
}

TEST(an_id_says_where_all_calendars_are)
{
	struct arena *mem = arena_open();
	enum { MANY = 250 };
	struct stream_position positions[MANY], *read;
	size_t count;
	for (size_t i = 0; i < MANY; i++)
		positions[i] = position((uint8_t)i, INT64_MAX - (int64_t)i);
	struct str text = written(mem, positions, MANY, 3);
	assert_true(text.len < 16000);
	assert_true(stream_id_parse(mem, text, &read, &count));
	assert_int_equal(count, MANY);
	assert_true(id_eq(read[0].calendar, positions[3].calendar));
	for (size_t i = 0; i < MANY; i++) {
		size_t at = 0;
		while (!id_eq(read[at].calendar, positions[i].calendar))
			at++;
		assert_true(read[at].modseq == positions[i].modseq);
	}
	arena_close(mem);
}

TEST(a_calendar_without_a_number_is_left_out)
{
	struct arena *mem = arena_open();
	struct stream_position positions[] = { position(1, 0), position(2, 9), position(3, 0) }, *read;
	size_t count;
	assert_true(stream_id_parse(mem, written(mem, positions, 3, 0), &read, &count));
	assert_int_equal(count, 1);
	assert_int_equal(read[0].modseq, 9);
	assert_int_equal(written(mem, positions, 1, 0).len, 0);
	assert_int_equal(written(mem, positions, 0, 0).len, 0);
	arena_close(mem);
}

TEST(what_is_no_id_is_refused)
{
	struct arena *mem = arena_open();
	struct stream_position p = position(1, 7), *read;
	size_t count;
	const char *good = written(mem, &p, 1, 0).ptr, *name = id_text(mem, "cal", p.calendar).ptr;
	const struct str bad[] = {
		STR(""),
		STR("?"),
		STR("/dav/sync/"),
		str_fmt(mem, "%s?", good),
		str_fmt(mem, "%s?%s", good, name),
		str_fmt(mem, "%s?%s=", good, name),
		str_fmt(mem, "%s?%s=0", good, name),
		str_fmt(mem, "%s?%s=-1", good, name),
		str_fmt(mem, "%s?%s=1&", good, name),
		str_fmt(mem, "%s?%s=1&&%s=2", good, name, name),
		str_fmt(mem, "%s?%s=9223372036854775808", good, name),
		str_fmt(mem, "%s?cal_x=1", good),
		str_fmt(mem, "%s?%s=1?%s=2", good, name, name),
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(stream_id_parse(mem, bad[i], &read, &count));
	assert_true(stream_id_parse(mem, str_fmt(mem, "%s?%s=1", good, name), &read, &count));
	arena_close(mem);
}

TESTS(RUN(the_id_of_one_calendar_is_its_sync_token), RUN(an_id_says_where_all_calendars_are),
	RUN(a_calendar_without_a_number_is_left_out), RUN(what_is_no_id_is_refused))
