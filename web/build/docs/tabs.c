/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of code that follow each other and are in different languages are one example: the reader chooses. */
#include "web/build/docs/docs.h"

static const struct {
	const char *language, *label;
} languages[] = { { "sh", "curl" }, { "js", "Node" }, { "python", "Python" } };

static size_t language_of(struct str name)
{
	size_t i = 0;
	while (i < ARRAY_LEN(languages) && !str_eq(name, str_of(languages[i].language)))
		i++;
	return i;
}

static bool has(const struct tabs *tabs, size_t language)
{
	for (size_t i = 0; i < tabs->count; i++)
		if (tabs->languages[i] == language)
			return true;
	return false;
}

void tabs_add(struct tabs *tabs, struct arena *mem, struct buf *html, struct str name)
{
	size_t language = language_of(name);
	if (language == ARRAY_LEN(languages) || has(tabs, language))
		tabs_end(tabs, mem, html);
	if (language == ARRAY_LEN(languages))
		return;
	tabs->languages[tabs->count] = language;
	tabs->at[tabs->count++] = html->len;
}

static void add_choice(struct buf *html, unsigned number, size_t i, const char *label)
{
	buf_fmt(html,
		"<input type=\"radio\" name=\"code-%u\" id=\"code-%u-%zu\"%s><label for=\"code-%u-%zu\">%s</label>",
		number, number, i + 1, i ? "" : " checked", number, i + 1, label);
}

void tabs_end(struct tabs *tabs, struct arena *mem, struct buf *html)
{
	size_t count = tabs->count;
	tabs->count = 0;
	if (count < 2)
		return;
	struct str blocks = str_dup(mem, str_from(buf_str(html), tabs->at[0]));
	html->len = tabs->at[0];
	tabs->number++;
	BUF_LIT(html, "<fieldset class=\"tabbed\"><legend class=\"docs-hidden\">Language</legend>\n");
	for (size_t i = 0; i < count; i++)
		add_choice(html, tabs->number, i, languages[tabs->languages[i]].label);
	buf_fmt(html, "\n%.*s</fieldset>\n", STR_ARG(blocks));
}
