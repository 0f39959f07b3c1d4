/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build tool after cmake/docs.cmake: docs CONTENTS OUT.c makes docs_pages[] (web/docs_pages.h) of the Markdown
 * files that the table of contents names, so that no server ever parses one. What a reader could not follow stops the
 * build: raw HTML, a link to no page or heading, code that names no language, a value that pages don't have.
 */
#pragma once

#include "server/base/arena.h"
#include "server/base/buf.h"

#define PAGES_MAX 256
#define HEADINGS_MAX 128 /* of a page */
#define SECTIONS_MAX 2048
#define LINKS_MAX 2048
#define PAGE_OCTETS_MAX ((size_t)1024 * 1024)

struct heading {
	struct str id, title; /* the title as plain text */
	unsigned level;
};

/* What a search finds: a heading and the plain text up to the next one. */
struct section {
	const struct page *page;
	struct str id, title, text; /* no id: above the first heading */
};

struct page {
	struct str group;   /* the heading in the table of contents; empty: not listed there */
	struct str address; /* below /docs/; empty: /docs itself */
	struct str file;    /* as the table of contents names it */
	struct str about;   /* one line */
	struct str title;
	struct str html;
	struct heading headings[HEADINGS_MAX];
	size_t heading_count;
};

/* A link between pages, to be looked at when all headings are known. */
struct page_link {
	const struct page *from;
	struct str address, id;
};

struct site {
	struct arena *mem;
	struct page *pages[PAGES_MAX];
	size_t page_count;
	struct section sections[SECTIONS_MAX];
	size_t section_count;
	struct page_link links[LINKS_MAX];
	size_t link_count;
};

#define TABS_MAX 3 /* languages of one example */

/* Blocks of code that stand next to each other, as they are written. */
struct tabs {
	size_t languages[TABS_MAX], at[TABS_MAX]; /* where in the HTML each begins */
	size_t count;
	unsigned number; /* of the last one on this page */
};

/* A block of this language begins at the end of `html`. */
void tabs_add(struct tabs *tabs, struct arena *mem, struct buf *html, struct str language);
/* Something else follows. */
void tabs_end(struct tabs *tabs, struct arena *mem, struct buf *html);

/* Say what is wrong on stderr, and end. */
__attribute__((noreturn, format(printf, 1, 2))) void docs_die(const char *format, ...);

/* Fill in title, html and headings of the page from its Markdown, and add sections and links to the site. */
void docs_render(struct site *site, struct page *page, struct str markdown);

/* The page that a link of `from` with this path means ("webhooks.md"), or NULL. */
const struct page *docs_linked(const struct site *site, const struct page *from, struct str path);

/* Append docs_terms[] and docs_postings[]: which words stand in which section, and how heavily. */
void docs_index(const struct site *site, struct buf *out);

/* Append text as a C string literal. */
void docs_literal(struct buf *out, struct str text);
