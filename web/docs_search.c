/* SPDX-License-Identifier: Apache-2.0 */
/* The search over the words that were gathered when the program was built: no database, no script. */
#include "web/docs_search.h"

#include <stdlib.h>

#include "web/pages.h"
#include "web/reference.h"

#define WORD_MIN 2

/* A section that has all words so far, or (words < asked) some of them. */
struct candidate {
	unsigned section, words, weight;
};

static bool is_word(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The words of a query in lower case, at most DOCS_WORDS_MAX; how many. */
static size_t docs_words(struct arena *mem, struct str query, struct str *words)
{
	size_t count = 0;
	struct str lower = str_lower(mem, str_beginning(query, DOCS_QUERY_MAX));
	for (size_t i = 0; i < lower.len && count < DOCS_WORDS_MAX;) {
		size_t from = i;
		while (i < lower.len && is_word(lower.ptr[i]))
			i++;
		if (i - from >= WORD_MIN)
			words[count++] = str_sub(lower, from, i);
		i = i == from ? i + 1 : i;
	}
	return count;
}

/* The first term that does not come before the word. */
static size_t first_term(struct str word)
{
	size_t low = 0, high = docs_term_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (str_cmp(docs_terms[middle].word, word) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A word stands for all that begin with it; as itself it counts twice. */
static void count_word(struct candidate *candidates, struct str word, unsigned number)
{
	for (size_t t = first_term(word); t < docs_term_count && str_starts(docs_terms[t].word, word); t++) {
		const struct docs_term *term = &docs_terms[t];
		unsigned times = term->word.len == word.len ? 2 : 1;
		for (size_t i = term->first; i < term->first + term->count; i++) {
			struct candidate *at = &candidates[docs_postings[i].section];
			if (at->words == number)
				at->words++;
			if (at->words == number + 1)
				at->weight += times * docs_postings[i].weight;
		}
	}
}

static int by_weight(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return a->section < b->section ? -1 : 1;
}

/* The sections that have all words (or words that begin with them), the heaviest first, at most DOCS_FOUND_MAX; how
 * many. None for no words. */
static size_t docs_search(struct arena *mem, const struct str *words, size_t count, const struct docs_section **found)
{
	struct candidate *candidates = arena_array(mem, struct candidate, docs_section_count);
	size_t kept = 0;
	for (unsigned i = 0; i < docs_section_count; i++)
		candidates[i].section = i;
	for (unsigned i = 0; i < count; i++)
		count_word(candidates, words[i], i);
	for (size_t i = 0; i < docs_section_count; i++)
		if (count && candidates[i].words == count)
			candidates[kept++] = candidates[i];
	qsort(candidates, kept, sizeof *candidates, by_weight);
	if (kept > DOCS_FOUND_MAX)
		kept = DOCS_FOUND_MAX;
	for (size_t i = 0; i < kept; i++)
		found[i] = &docs_sections[candidates[i].section];
	return kept;
}

/* ---- what stands around the words ---- */

/* Where a word begins that starts with one of the words, from `at` on; SIZE_MAX: nowhere. Its length in `len`. */
static size_t next_hit(struct str lower, size_t at, const struct str *words, size_t count, size_t *len)
{
	for (; at < lower.len; at++) {
		if (at > 0 && is_word(lower.ptr[at - 1]))
			continue;
		for (size_t i = 0; i < count; i++)
			if (str_starts(str_from(lower, at), words[i])) {
				*len = words[i].len;
				return at;
			}
	}
	return SIZE_MAX;
}

static void add_part(struct html_values *row, struct str text, bool hit)
{
	struct html_values *part = html_add_row(row, "parts");
	html_set(part, "part", text);
	html_set_flag(part, "hit", hit);
}

/* The octet at or before `at` that begins a character. */
static size_t whole(struct str text, size_t at)
{
	while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
		at--;
	return at < text.len ? at : text.len;
}

/* Rows `parts` (`part`, and whether it is a `hit`) of the text around the first of the words. */
static void docs_excerpt(
	struct arena *mem, struct html_values *row, struct str text, const struct str *words, size_t count)
{
	struct str lower = str_lower(mem, text);
	size_t len = 0, hit = next_hit(lower, 0, words, count, &len);
	size_t from = hit == SIZE_MAX || hit < DOCS_EXCERPT / 3 ? 0 : whole(text, hit - DOCS_EXCERPT / 3);
	while (from > 0 && from < text.len && is_word(text.ptr[from]))
		from++;
	size_t end = whole(text, from + DOCS_EXCERPT), at = from;
	if (from > 0)
		add_part(row, STR("… "), false);
	for (hit = next_hit(lower, at, words, count, &len); hit < end; hit = next_hit(lower, at, words, count, &len)) {
		add_part(row, str_sub(text, at, hit), false);
		add_part(row, str_sub(text, hit, hit + len), true);
		at = hit + len;
	}
	if (at < end)
		add_part(row, str_sub(text, at, end), false);
	if (end < text.len)
		add_part(row, STR(" …"), false);
}

static void add_found(struct arena *mem, struct html_values *v, const struct docs_section *section,
	const struct str *words, size_t count)
{
	const struct docs_page *page = &docs_pages[section->page];
	struct html_values *row = html_add_row(v, "found");
	html_set(row, "href",
		str_fmt(mem, "/docs%s%.*s%s%.*s", page->address.len ? "/" : "", STR_ARG(page->address),
			section->id.len ? "#" : "", STR_ARG(section->id)));
	html_set(row, "page_title", page->title);
	if (section->id.len)
		html_set(row, "heading", section->title);
	docs_excerpt(mem, row, docs_plain(mem, section->text, v), words, count);
}

/* What was searched for stands in the page, so it is neither kept nor compressed. */
err_t docs_search_page(struct request *rq, struct response *rs)
{
	struct arena *mem = rq->cx.mem;
	const struct form *params;
	struct str words[DOCS_WORDS_MAX];
	const struct docs_section *found[DOCS_FOUND_MAX];
	TRY(request_params(rq, &params));
	struct str query = form_get(params, "q");
	size_t count = docs_words(mem, query, words), found_count = docs_search(mem, words, count, found);

	struct html_values *v = docs_values(rq, STR("Search"), NULL);
	html_set(v, "query", str_beginning(query, DOCS_QUERY_MAX));
	html_set_flag(v, "asked", count > 0);
	size_t operations = reference_search(mem, v, rq->app, words, count);
	html_set_flag(v, "of_reference", operations > 0);
	bool more = found_count == DOCS_FOUND_MAX || operations == REFERENCE_FOUND_MAX;
	html_set(v, "count", str_fmt(mem, "%zu%s", found_count + operations, more ? " or more" : ""));
	for (size_t i = 0; i < found_count; i++)
		add_found(mem, v, found[i], words, count);
	struct buf *out = reply_page(rs, 200, FORMS_STAY);
	TRY(html_render(&rq->cx, out, "docs_top", v));
	TRY(html_render(&rq->cx, out, "docs_search", v));
	return html_render(&rq->cx, out, "docs_bottom", v);
}
