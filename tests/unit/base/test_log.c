/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "server/base/log.h"

#define STAMP "2026-11-24T05:30:54.123456Z"

static int written[2];
static char line[8192];

static void log_begin(enum log_level level)
{
	assert_int_equal(pipe(written), 0);
	log_setup(level, written[1]);
}

/* What came, without its stamp. */
static struct str log_end(void)
{
	log_setup(LOG_INFO, STDERR_FILENO);
	close(written[1]);
	ssize_t n = read(written[0], line, sizeof line);
	close(written[0]);
	assert_true(n >= 0);
	struct str all = { line, (size_t)n };
	return all.len ? str_from(all, sizeof STAMP - 1) : all;
}

static void assert_text(struct str got, const char *wanted)
{
	if (!str_eq(got, str_of(wanted)))
		fail_msg("%.*s instead of %s", STR_ARG(got), wanted);
}

TEST(a_line_has_its_time_and_what_is_told)
{
	log_begin(LOG_INFO);
	log_event(LOG_WARN, "tried", LOG_STR("word", STR("plain-1/2")), LOG_INT("n", 7), LOG_STR("absent", STR_ABSENT),
		LOG_STR("empty", STR("")));
	assert_text(log_end(), " level=warn event=tried word=plain-1/2 n=7 empty=\"\"\n");
	for (size_t i = 0; i < sizeof STAMP - 1; i++)
		if (char_is_digit(STAMP[i]) ? !char_is_digit(line[i]) : line[i] != STAMP[i])
			fail_msg("octet %zu of the stamp is %c", i, line[i]);
}

TEST(values_that_would_end_a_field_or_a_line_are_quoted)
{
	const struct {
		const char *value, *wanted;
	} cases[] = {
		{ "a b", "\"a b\"" },
		{ "a=b", "\"a=b\"" },
		{ "say \"no\"", "\"say \\\"no\\\"\"" },
		{ "C:\\x", "\"C:\\\\x\"" },
		{ "one\ntwo", "\"one\\x0atwo\"" },
		{ "\x1b[2J", "\"\\x1b[2J\"" },
		{ "\x7f", "\"\\x7f\"" },
		{ "é", "é" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		log_begin(LOG_INFO);
		log_event(LOG_INFO, "x", LOG_C("v", cases[i].value));
		assert_text(
			log_end(), str_c(test_mem, str_fmt(test_mem, " level=info event=x v=%s\n", cases[i].wanted)));
	}
}

TEST(numbers_are_whole_from_the_least_to_the_greatest)
{
	log_begin(LOG_INFO);
	log_event(LOG_ERROR, "x", LOG_INT("a", INT64_MIN), LOG_INT("b", INT64_MAX), LOG_INT("c", 0), LOG_INT("d", -1));
	assert_text(log_end(), " level=error event=x a=-9223372036854775808 b=9223372036854775807 c=0 d=-1\n");
}

/* One write(2), so that lines of several threads do not mix: what is longer is cut, and is a line all the same. */
TEST(a_line_is_cut_at_4096_octets_and_ends)
{
	char *text = arena_array(test_mem, char, 5000);
	for (size_t len = 4000; len < 4200; len++) {
		memset(text, 'x', len);
		log_begin(LOG_INFO);
		log_event(LOG_INFO, "x", LOG_STR("v", ((struct str){ text, len })));
		struct str got = log_end();
		assert_true(got.len <= 4096 - (sizeof STAMP - 1));
		assert_int_equal(got.ptr[got.len - 1], '\n');
		assert_null(memchr(got.ptr, '\n', got.len - 1));
	}
}

TEST(what_the_level_leaves_out_is_not_written)
{
	log_begin(LOG_WARN);
	assert_false(log_enabled(LOG_INFO));
	log_event(LOG_INFO, "x", LOG_INT("n", 1));
	assert_int_equal(log_end().len, 0);
}

TESTS(RUN(a_line_has_its_time_and_what_is_told), RUN(values_that_would_end_a_field_or_a_line_are_quoted),
	RUN(numbers_are_whole_from_the_least_to_the_greatest), RUN(a_line_is_cut_at_4096_octets_and_ends),
	RUN(what_the_level_leaves_out_is_not_written))
