/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/html.h"

static struct str render(struct str text, const struct html_values *v)
{
	struct buf out = buf_new(test_mem, 1 << 20);
	assert_ok(html_render_text(&test_cx, &out, text, v));
	return buf_str(&out);
}

TEST(every_value_is_escaped)
{
	struct html_values *v = html_values_new(test_mem);
	html_set(v, "x", STR("<script>alert('&\"')</script>"));
	assert_str(render(STR("<b title=\"{{x}}\">{{x}}</b>"), v),
		STR("<b title=\"&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;\">"
		    "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;</b>"));
}

TEST(a_value_is_never_a_template)
{
	struct html_values *v = html_values_new(test_mem);
	html_set(v, "x", STR("{{y}}{{>layout}}"));
	html_set(v, "y", STR("secret"));
	assert_str(render(STR("{{x}}"), v), STR("{{y}}{{&gt;layout}}"));
}

TEST(sections_follow_flags_texts_and_lists)
{
	struct html_values *v = html_values_new(test_mem);
	html_set_flag(v, "yes", true);
	html_set_flag(v, "no", false);
	html_set(v, "text", STR("t"));
	html_set(v, "empty", STR(""));
	html_set(v, "absent", STR_ABSENT);
	html_set(v, "outer", STR("o"));
	for (int i = 0; i < 3; i++) {
		struct html_values *row = html_add_row(v, "rows");
		html_set(row, "n", str_fmt(test_mem, "%d", i));
		if (i == 1)
			html_set(html_add_row(row, "rows"), "n", STR("x"));
	}
	const struct {
		struct str text, expected;
	} cases[] = {
		{ STR("{{#yes}}a{{/yes}}{{^yes}}b{{/yes}}"), STR("a") },
		{ STR("{{#no}}a{{/no}}{{^no}}b{{/no}}"), STR("b") },
		{ STR("{{#text}}[{{text}}]{{/text}}"), STR("[t]") },
		{ STR("{{#empty}}a{{/empty}}{{#absent}}a{{/absent}}{{#unset}}a{{/unset}}{{unset}}"), STR("") },
		{ STR("{{^empty}}a{{/empty}}{{^absent}}b{{/absent}}{{^unset}}c{{/unset}}"), STR("abc") },
		{ STR("{{#rows}}<{{n}}{{outer}}>{{/rows}}{{^rows}}none{{/rows}}"), STR("<0o><1o><2o>") },
		{ STR("{{#yes}}{{#yes}}x{{/yes}}{{/yes}}y"), STR("xy") },
		{ STR("{{#yes}}{{#no}}x{{/no}}y{{/yes}}"), STR("y") },
		{ STR("a{{#yes}}{{/yes}}b{{#t}}c{{/t}}d{{^no}}e{{#t}}f{{outer}}{{/t}}{{/no}}g"), STR("abcdefog") },
		{ STR("{{#rows}}{{#rows}}{{n}}{{/rows}}{{^outer}}-{{/outer}}{{/rows}}"), STR("012x012") },
		{ STR("a { b } {{"), STR("a { b } {{") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(render(cases[i].text, v), cases[i].expected);
}

TEST(ill_formed_templates_fail)
{
	const struct str cases[] = { STR("{{#a}}"), STR("{{#a}}{{/b}}"), STR("{{/a}}"), STR("{{}}"),
		STR("{{>nowhere}}"), STR("{{^a}}{{#b}}{{/a}}"), STR("{{#a}}{{>nowhere}}{{/a}}") };
	struct html_values *v = html_values_new(test_mem);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = buf_new(test_mem, 4096);
		if (!err_is(html_render_text(&test_cx, &out, cases[i], v), INTERNAL))
			fail_msg("rendered: %.*s", STR_ARG(cases[i]));
	}
}

static void render_template(size_t i, const struct language *language)
{
	for (int all = 0; all <= 1; all++) {
		struct buf out = buf_new(test_mem, 1 << 20);
		struct html_values *v = html_values_new(test_mem);
		html_set_language(v, language);
		for (struct str rest = html_templates[i].text, head; all && str_cut(&rest, '#', &head);)
			if (str_ends(head, STR("{{")) && rest.ptr)
				html_set_flag(v, str_c(test_mem, str_sub(rest, 0, str_find(rest, STR("}")))), true);
		assert_ok(html_render(&test_cx, &out, html_templates[i].name, v));
		assert_true(str_find(buf_str(&out), STR("{{")) == SIZE_MAX);
	}
}

/* Every name both true and false: each section's body is rendered once, so each include and each tag is tried. */
TEST(every_template_renders_in_every_language)
{
	for (size_t i = 0; i < html_template_count; i++) {
		render_template(i, NULL);
		for (size_t l = 0; l < catalogue_language_count; l++)
			render_template(i, &catalogue_languages[l]);
	}
}

TEST(static_files_have_a_hash_in_their_name)
{
	assert_true(html_asset_count > 0);
	const struct html_asset *css = NULL;
	for (size_t i = 0; i < html_asset_count; i++)
		if (str_starts(str_of(html_assets[i].name), STR("app.")) &&
			str_ends(str_of(html_assets[i].name), STR(".css")))
			css = html_asset_find(str_of(html_assets[i].name));
	assert_non_null(css);
	assert_int_equal(strlen(css->name), strlen("app.0123456789abcdef.css"));
	assert_string_equal(css->type, "text/css; charset=utf-8");
	assert_null(html_asset_find(STR("app.css")));
}

TESTS(RUN(every_value_is_escaped), RUN(a_value_is_never_a_template), RUN(sections_follow_flags_texts_and_lists),
	RUN(ill_formed_templates_fail), RUN(every_template_renders_in_every_language),
	RUN(static_files_have_a_hash_in_their_name))
