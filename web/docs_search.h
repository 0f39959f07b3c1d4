/* SPDX-License-Identifier: Apache-2.0 */
/* Search in the documentation. For the page of it, and for tests. */
#pragma once

#include "web/docs.h"

#define DOCS_QUERY_MAX 200 /* octets; what comes after is not looked at */
#define DOCS_WORDS_MAX 8
#define DOCS_FOUND_MAX 20
#define DOCS_EXCERPT 200 /* octets of a section's text that are shown */

/* For tests: the words of a query in lower case, at most DOCS_WORDS_MAX; how many. */
size_t docs_words(struct arena *mem, struct str query, struct str *words);

/*
 * For tests: the sections that have all words (or words that begin with them), the heaviest first, at most
 * DOCS_FOUND_MAX; how many. None for no words.
 */
size_t docs_search(struct arena *mem, const struct str *words, size_t count, const struct docs_section **found);

/* For tests: rows `parts` (`part`, and whether it is a `hit`) of the text around the first of the words. */
void docs_excerpt(struct arena *mem, struct html_values *row, struct str text, const struct str *words, size_t count);
