/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/html.h"

static const char *chosen(const char *accept_language)
{
	const struct language *language = catalogue_choose(str_of(accept_language));
	return language ? language->tag : "en";
}

TEST(the_language_that_is_liked_best_is_chosen)
{
	static const struct {
		const char *header, *tag;
	} cases[] = {
		{ NULL, "en" },
		{ "", "en" },
		{ "de", "de" },
		{ "DE-at", "de" },
		{ "den", "en" },
		{ "fr, de;q=0.8, en;q=0.9", "en" },
		{ "fr, de;q=0.9, en;q=0.8", "de" },
		{ "en-GB, de", "en" },
		{ "de;q=0, en;q=0.1", "en" },
		{ "de;q=0", "en" },
		{ "de ; q=0.001", "de" },
		{ "*", "en" },
		{ ",,;;,de;;q=1", "de" },
		{ "de;q=abc", "en" },
		{ "de-", "de" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(chosen(cases[i].header), cases[i].tag);
}

TEST(a_header_without_end_is_not_read_to_its_end)
{
	struct buf header = buf_new(test_mem, 1 << 20);
	for (int i = 0; i < 10000; i++)
		BUF_LIT(&header, "xx,");
	BUF_LIT(&header, "de");
	assert_null(catalogue_choose(buf_str(&header)));
}

TEST(a_text_in_a_template_is_of_the_language_with_its_values)
{
	static const struct catalogue_text texts[] = {
		{ STR_INIT("<b>{{n}}</b> keys"), STR_INIT("{{n}} <i>Schlüssel</i>{{#many}}!{{/many}}") },
		{ STR_INIT("Name"), STR_INIT("Name der Sache") },
	};
	static const struct language language = { "xx", "X", false, texts, ARRAY_LEN(texts) };
	struct str template = STR("{{#t}}<b>{{n}}</b> keys{{/t}}|{{#rows}}{{#t}}Name{{/t}} {{#t}}Other{{/t}}{{/rows}}");
	struct html_values *v = html_values_new(test_mem);
	struct buf out = buf_new(test_mem, 1 << 16), english = buf_new(test_mem, 1 << 16);
	html_set(v, "n", STR("<2>"));
	html_set_flag(v, "many", true);
	html_add_row(v, "rows");
	assert_ok(html_render_text(&test_cx, &english, template, v));
	assert_str(buf_str(&english), STR("<b>&lt;2&gt;</b> keys|Name Other"));
	v = html_values_new(test_mem);
	html_set_language(v, &language);
	html_set(v, "n", STR("<2>"));
	html_set_flag(v, "many", true);
	html_add_row(v, "rows");
	assert_ok(html_render_text(&test_cx, &out, template, v));
	assert_str(buf_str(&out), STR("&lt;2&gt; <i>Schlüssel</i>!|Name der Sache Other"));
}

TEST(each_language_is_in_order)
{
	assert_true(catalogue_language_count > 0);
	for (size_t i = 0; i < catalogue_language_count; i++)
		for (size_t k = 1; k < catalogue_languages[i].count; k++) {
			const struct catalogue_text *texts = catalogue_languages[i].texts;
			assert_true(str_cmp(texts[k - 1].english, texts[k].english) < 0);
			assert_str(catalogue_text(&catalogue_languages[i], texts[k].english), texts[k].text);
		}
}

TESTS(RUN(the_language_that_is_liked_best_is_chosen), RUN(a_header_without_end_is_not_read_to_its_end),
	RUN(a_text_in_a_template_is_of_the_language_with_its_values), RUN(each_language_is_in_order))
