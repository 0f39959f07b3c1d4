/* SPDX-License-Identifier: Apache-2.0 */
/* The words of all sections, for a search that needs neither a database nor a script. */
#include <stdlib.h>

#include "web/build/docs/docs.h"

#define WORDS_MAX ((size_t)1 << 18)

/* How heavy a word is: of a page's title, of a heading, of the text (as often as it stands there, up to three times).
 */
enum { IN_TITLE = 12, IN_HEADING = 6, IN_TEXT = 1, IN_TEXT_MAX = 3 };

struct found {
	struct str word;
	unsigned section, weight;
};

struct words {
	struct arena *mem;
	struct found *items;
	size_t count;
};

static bool is_word(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

static void add_words(struct words *words, struct str text, unsigned section, unsigned weight)
{
	for (size_t i = 0; i < text.len;) {
		size_t from = i;
		while (i < text.len && is_word(text.ptr[i]))
			i++;
		if (i - from > 1 && i - from <= 64) {
			if (words->count == WORDS_MAX)
				docs_die("more than %zu words", WORDS_MAX);
			words->items[words->count++] =
				(struct found){ str_lower(words->mem, str_sub(text, from, i)), section, weight };
		}
		i = i == from ? i + 1 : i;
	}
}

static int by_word_and_section(const void *left, const void *right)
{
	const struct found *a = left, *b = right;
	int order = str_cmp(a->word, b->word);
	if (!order)
		order = (a->section > b->section) - (a->section < b->section);
	return order ? order : (a->weight < b->weight) - (a->weight > b->weight); /* the heaviest first */
}

/* One entry for each word of each section. */
static void join_same(struct words *words)
{
	size_t kept = 0;
	for (size_t i = 0; i < words->count; i++) {
		struct found *last = kept ? &words->items[kept - 1] : NULL, now = words->items[i];
		if (!last || last->section != now.section || !str_eq(last->word, now.word))
			words->items[kept++] = now;
		else if (now.weight > IN_TEXT || last->weight < IN_TEXT_MAX)
			last->weight += now.weight;
	}
	words->count = kept;
}

static void put_terms(const struct words *words, struct buf *out)
{
	BUF_LIT(out, "const struct docs_term docs_terms[] = {\n");
	for (size_t i = 0, first = 0; i < words->count; i++) {
		if (i + 1 < words->count && str_eq(words->items[i].word, words->items[i + 1].word))
			continue;
		BUF_LIT(out, "\t{ STR_INIT(");
		docs_literal(out, words->items[i].word);
		buf_fmt(out, "), %zu, %zu },\n", first, i + 1 - first);
		first = i + 1;
	}
	BUF_LIT(out, "};\nconst size_t docs_term_count = ARRAY_LEN(docs_terms);\n\n");
}

void docs_index(const struct site *site, struct buf *out)
{
	struct words words = { site->mem, arena_array(site->mem, struct found, WORDS_MAX), 0 };
	for (unsigned i = 0; i < site->section_count; i++) {
		const struct section *section = &site->sections[i];
		bool is_page = section->id.len == 0;
		add_words(&words, section->title, i, is_page ? IN_TITLE : IN_HEADING);
		if (!is_page)
			add_words(&words, section->page->title, i, IN_TEXT);
		add_words(&words, section->text, i, IN_TEXT);
	}
	qsort(words.items, words.count, sizeof *words.items, by_word_and_section);
	join_same(&words);
	put_terms(&words, out);
	BUF_LIT(out, "const struct docs_posting docs_postings[] = {\n");
	for (size_t i = 0; i < words.count; i++)
		buf_fmt(out, "\t{ %u, %u },\n", words.items[i].section, words.items[i].weight);
	BUF_LIT(out, "};\n");
}
