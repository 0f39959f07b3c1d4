/* SPDX-License-Identifier: Apache-2.0 */
/* The documentation as it is compiled in: made of Markdown by web/build/docs (cmake/docs.cmake). */
#pragma once

#include "server/base/str.h"

struct docs_heading {
	unsigned level; /* 2 … */
	struct str id, title;
};

struct docs_page {
	struct str group;   /* the heading above it in the list of pages; empty: it stands in no list */
	struct str address; /* below /docs/; empty: /docs itself */
	struct str about;   /* one line; of an error's page its code */
	struct str title;
	struct str html; /* a template (server/data/html.h): the server's own values are put in */
	const struct docs_heading *headings;
	size_t heading_count;
};

/* In the order of the table of contents; after them those that stand in no list. */
extern const struct docs_page docs_pages[];
extern const size_t docs_page_count;

/* What a search finds: a heading of a page, or (without id) what stands above the first one. */
struct docs_section {
	size_t page;
	struct str id, title, text;
};
extern const struct docs_section docs_sections[];
extern const size_t docs_section_count;

/* A word in lower case, and where in docs_postings[] the sections stand that have it. Sorted by octets. */
struct docs_term {
	struct str word;
	size_t first, count;
};
struct docs_posting {
	unsigned section, weight;
};
extern const struct docs_term docs_terms[];
extern const size_t docs_term_count;
extern const struct docs_posting docs_postings[];
