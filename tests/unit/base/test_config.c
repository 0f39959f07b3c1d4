/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/base/config.h"

static err_t read_words(struct config *config, struct str_list *rest, int argc, char *const *argv)
{
	return config_read(&test_cx, argc, argv, config, rest);
}

TEST(defaults_hold_where_nothing_is_said)
{
	struct config config;
	struct str_list rest;
	assert_ok(read_words(&config, &rest, 0, NULL));
	assert_str(config.listen, STR("127.0.0.1:8080"));
	assert_int_equal(config.threads, 128);
	assert_false(config.demo);
	assert_null(config.database_url.ptr);
}

TEST(a_flag_wins_over_the_environment_and_that_over_the_file)
{
	char path[] = "/tmp/calends-config-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	const char text[] = "# comment\n\nthreads = 5\nbrand=From file\ndrain-ms = 7\n";
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	setenv("CALENDS_BRAND", "From environment", 1);
	setenv("CALENDS_DRAIN_MS", "8", 1);
	char *argv[] = { (char[]){ "serve" }, (char[]){ "--drain-ms=9" }, (char[]){ "--config" }, path };
	struct config config;
	struct str_list rest;
	assert_ok(read_words(&config, &rest, 4, argv));
	unsetenv("CALENDS_BRAND");
	unsetenv("CALENDS_DRAIN_MS");
	unlink(path);
	assert_int_equal(config.threads, 5);
	assert_str(config.brand, STR("From environment"));
	assert_int_equal(config.drain_ms, 9);
	assert_int_equal(rest.count, 1);
	assert_str(rest.items[0], STR("serve"));
}

TEST(what_is_unknown_or_ill_typed_is_refused_by_name)
{
	struct {
		const char *word, *names;
	} cases[] = { { "--lisen=x", "--lisen" }, { "--threads=many", "--threads" }, { "--threads=2", "--threads" },
		{ "--signup=perhaps", "--signup" }, { "--demo=maybe", "--demo" }, { "--listen", "--listen" } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *argv[] = { strdup(cases[i].word) };
		struct config config;
		struct str_list rest;
		err_t e = read_words(&config, &rest, 1, argv);
		free(argv[0]);
		if (!err_is(e, INVALID_VALUE) || str_find(err_text(e), str_of(cases[i].names)) == SIZE_MAX)
			fail_msg("%s: %.*s", cases[i].word, STR_ARG(e ? err_text(e) : STR("accepted")));
	}
}

TEST(options_that_repeat_are_collected)
{
	char *argv[] = { (char[]){ "--redirect-uri=a" }, (char[]){ "--redirect-uri" }, (char[]){ "b" } };
	struct config config;
	struct str_list rest;
	assert_ok(read_words(&config, &rest, 3, argv));
	assert_int_equal(config.redirect_uri.count, 2);
	assert_str(config.redirect_uri.items[1], STR("b"));
}

TESTS(RUN(defaults_hold_where_nothing_is_said), RUN(a_flag_wins_over_the_environment_and_that_over_the_file),
	RUN(what_is_unknown_or_ill_typed_is_refused_by_name), RUN(options_that_repeat_are_collected))
