/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/event/words.h"
#include "server/base/buf.h"

#define EVENT(lines) "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20270302T090000Z\r\n" lines "END:VEVENT\r\n"

static struct str kept_of(const char *components)
{
	struct ical *object;
	struct str data = str_fmt(
		test_mem, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n%sEND:VCALENDAR\r\n", components);
	assert_ok(ical_parse(&test_cx, data, &object));
	return words_of(test_mem, object);
}

TEST(what_is_kept_are_the_folded_texts_of_all_events)
{
	assert_str(kept_of(EVENT("SUMMARY:CAF\u00c9 a\\, b\r\n")), STR("cafe a, b\n"));
	assert_str(kept_of(EVENT("DESCRIPTION:Gro\u00dfe Stra\u00df\r\n e\\nZwei\r\nLOCATION:R4\r\nCOMMENT:no\r\n")),
		STR("r4\ngrosse strasse\nzwei\n"));
	assert_str(kept_of(EVENT("SUMMARY:One\r\n") EVENT("RECURRENCE-ID:20270303T090000Z\r\nSUMMARY:Two\r\n")),
		STR("one\ntwo\n"));
	assert_str(kept_of(EVENT("")), STR(""));
}

TEST(nothing_is_kept_of_long_texts_and_of_what_is_no_event)
{
	struct buf line = buf_new(test_mem, SIZE_MAX);
	BUF_LIT(&line, "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20270302T090000Z\r\nSUMMARY:");
	for (int i = 0; i < WORDS_KEPT_MAX - 1; i++)
		buf_char(&line, 'a');
	BUF_LIT(&line, "\r\nEND:VEVENT\r\n");
	assert_int_equal(kept_of(str_c(test_mem, buf_str(&line))).len, WORDS_KEPT_MAX);
	struct str longer = str_cat(test_mem, str_sub(buf_str(&line), 0, line.len - 14), STR("b\r\nEND:VEVENT\r\n"));
	assert_null(kept_of(str_c(test_mem, longer)).ptr);
	assert_null(kept_of("BEGIN:VTODO\r\nUID:x\r\nSUMMARY:To do\r\nEND:VTODO\r\n").ptr);
}

TEST(patterns_mean_what_they_are)
{
	struct words words;
	assert_ok(words_read(&test_cx, STR("100% A_b  c\\d"), &words));
	struct str_list patterns = words_patterns(test_mem, &words);
	assert_int_equal(patterns.count, 3);
	assert_str(patterns.items[0], STR("%100\\%%"));
	assert_str(patterns.items[1], STR("%a\\_b%"));
	assert_str(patterns.items[2], STR("%c\\\\d%"));
}

TESTS(RUN(what_is_kept_are_the_folded_texts_of_all_events), RUN(nothing_is_kept_of_long_texts_and_of_what_is_no_event),
	RUN(patterns_mean_what_they_are))
