/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/agent.h"

#define ENGINE "AppleWebKit/537.36 (KHTML, like Gecko) "
#define EDGE "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " ENGINE "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"

TEST(a_program_has_a_name_for_people)
{
	static const struct {
		const char *agent, *words;
	} cases[] = {
		{ EDGE, "Edge on Windows" },
		{ "Mozilla/5.0 (Linux; Android 15) " ENGINE "Chrome/140.0.0.0 Mobile Safari/537.36",
			"Chrome on Android" },
		{ "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
			"Thunderbird on Linux" },
		{ "curl/8.5", "curl" },
		{ "DAVx5/4.5-ose (2026/11/01; dav4jvm; okhttp/5) Android/15",
			"DAVx5/4.5-ose (2026/11/01; dav4jvm; okhttp/5) Android/15" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_str(agent_words(test_mem, NULL, str_of(cases[i].agent)), str_of(cases[i].words));
	assert_null(agent_words(test_mem, NULL, STR("")).ptr);
}

/* Edge calls itself Chrome, too, and says at its end that it is none. */
TEST(what_is_cut_has_the_part_that_tells_browsers_apart)
{
	struct str cut = agent_beginning(test_mem, STR(EDGE), 95);
	assert_str(cut, STR("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"));
	assert_str(agent_words(test_mem, NULL, cut), STR("Edge on Windows"));
	assert_str(agent_beginning(test_mem, STR("curl/8.5 (KHTML, like Gecko)"), 95),
		STR("curl/8.5 (KHTML, like Gecko)"));
	assert_int_equal(agent_beginning(test_mem, STR("x AppleWebKit/"), 5).len, 1);
	assert_str(agent_beginning(test_mem, STR("\u00e4\u00e4\u00e4"), 5), STR("\u00e4\u00e4"));
}

TESTS(RUN(a_program_has_a_name_for_people), RUN(what_is_cut_has_the_part_that_tells_browsers_apart))
