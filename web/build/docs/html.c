/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown to HTML, with md4c telling what it reads. */
#include <md4c.h>

#include "web/build/docs/docs.h"

#define COLUMNS_MAX 16
#define HERE "https://calends.example" /* stands for the server that shows the page */

struct writer {
	struct site *site;
	struct page *page;
	struct section *section;
	struct buf html, words; /* words: plain text of what is open, a heading or a cell of a table's head */
	struct buf text;        /* of the section */
	struct str columns[COLUMNS_MAX];
	size_t column;
	size_t heading_at, text_at; /* where in html and text the open heading begins */
	bool dropped_link;
	struct tabs tabs;
};

/* What a page may ask of the server that shows it: web/docs.c sets them all. */
static const char *const values[] = { "public_url", "host", "brand", "version", "security_contact", "rate_limit",
	"write_rate", "api_keys_rate", "freebusy_rate", "account_rate", "client_rate", "heavy_requests",
	"account_storage_mib", ">copy" };

static struct str attribute(const MD_ATTRIBUTE *a)
{
	return (struct str){ a->text ? a->text : "", a->size };
}

static void escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.ptr[i]) {
		case '&':
			BUF_LIT(out, "&amp;");
			break;
		case '<':
			BUF_LIT(out, "&lt;");
			break;
		case '>':
			BUF_LIT(out, "&gt;");
			break;
		case '"':
			BUF_LIT(out, "&quot;");
			break;
		default:
			buf_char(out, text.ptr[i]);
		}
}

/* ---- headings and sections ---- */

static void section_begin(struct writer *w, struct str id, struct str title)
{
	struct site *site = w->site;
	if (w->section)
		w->section->text = str_dup(site->mem, buf_str(&w->text));
	buf_clear(&w->text);
	if (site->section_count == SECTIONS_MAX)
		docs_die("more than %d sections", SECTIONS_MAX);
	w->section = &site->sections[site->section_count++];
	*w->section = (struct section){ .page = w->page, .id = id, .title = title };
}

static bool id_is_taken(const struct page *page, struct str id)
{
	for (size_t i = 0; i < page->heading_count; i++)
		if (str_eq(page->headings[i].id, id))
			return true;
	return false;
}

/* As code hosts make them of a heading, so that a link works there too. */
static struct str id_of(struct writer *w, struct str title)
{
	struct buf id = buf_new(w->site->mem, 1024);
	for (size_t i = 0; i < title.len; i++) {
		char c = char_lower(title.ptr[i]);
		if (char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_')
			buf_char(&id, c);
		else if (c == ' ')
			buf_char(&id, '-');
	}
	struct str made = buf_str(&id);
	for (unsigned again = 1; id_is_taken(w->page, made); again++)
		made = str_fmt(w->site->mem, "%.*s-%u", STR_ARG(buf_str(&id)), again);
	return made;
}

static void heading_end(struct writer *w, unsigned level)
{
	struct arena *mem = w->site->mem;
	struct str inner = str_dup(mem, str_from(buf_str(&w->html), w->heading_at));
	struct str title = str_dup(mem, buf_str(&w->words));
	w->html.len = w->heading_at;
	w->text.len = w->text_at;
	if (level == 1) {
		w->page->title = title;
		w->section->title = title;
		buf_fmt(&w->html, "<h1>%.*s</h1>\n", STR_ARG(inner));
		return;
	}
	if (w->page->heading_count == HEADINGS_MAX)
		docs_die("%.*s: more than %d headings", STR_ARG(w->page->file), HEADINGS_MAX);
	struct str id = id_of(w, title);
	w->page->headings[w->page->heading_count++] = (struct heading){ id, title, level };
	section_begin(w, id, title);
	buf_fmt(&w->html, "<h%u id=\"%.*s\"><a href=\"#%.*s\">%.*s</a></h%u>\n", level, STR_ARG(id), STR_ARG(id),
		STR_ARG(inner), level);
}

/* ---- code ---- */

static void code_begin(struct writer *w, const MD_BLOCK_CODE_DETAIL *code)
{
	/* clang-format off */
	static const struct { const char *lang, *label; } languages[] = {
		{ "sh", "Shell" }, { "js", "JavaScript" }, { "python", "Python" }, { "json", "JSON" }, { "http", "HTTP" },
		{ "html", "HTML" }, { "ini", "Configuration" }, { "text", "Text" },
	};
	/* clang-format on */
	struct str lang = attribute(&code->lang);
	tabs_add(&w->tabs, w->site->mem, &w->html, lang);
	if (!code->fence_char)
		docs_die("%.*s: indented code; fence it and name its language", STR_ARG(w->page->file));
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (str_eq(lang, str_of(languages[i].lang))) {
			buf_fmt(&w->html,
				"<div class=\"code\"><pre tabindex=\"0\" role=\"group\" aria-label=\"%s\"><code "
				"class=\"language-%s\">",
				languages[i].label, languages[i].lang);
			return;
		}
	docs_die("%.*s: code in a language that is not known: '%.*s'", STR_ARG(w->page->file), STR_ARG(lang));
}

/* ---- tables: on narrow screens each cell says what its column is ---- */

static void cell_begin(struct writer *w)
{
	struct str column = w->column < COLUMNS_MAX ? w->columns[w->column] : STR("");
	w->column++;
	if (!column.len) {
		BUF_LIT(&w->html, "<td>");
		return;
	}
	BUF_LIT(&w->html, "<td data-label=\"");
	escape(&w->html, column);
	BUF_LIT(&w->html, "\">");
}

static void head_cell_end(struct writer *w)
{
	if (!w->words.len)
		docs_die("%.*s: a column without a name", STR_ARG(w->page->file));
	if (w->column < COLUMNS_MAX)
		w->columns[w->column++] = str_dup(w->site->mem, buf_str(&w->words));
	BUF_LIT(&w->html, "</th>");
}

/* ---- links ---- */

static bool is_elsewhere(struct str href)
{
	return str_starts(href, STR("https://")) || str_starts(href, STR("http://")) ||
	       str_starts(href, STR("mailto:"));
}

static void note_link(struct writer *w, struct str address, struct str id)
{
	if (w->site->link_count == LINKS_MAX)
		docs_die("more than %d links", LINKS_MAX);
	w->site->links[w->site->link_count++] = (struct page_link){ w->page, address, str_dup(w->site->mem, id) };
}

static void link_to_page(struct writer *w, struct str href)
{
	struct str id = href, path;
	str_cut(&id, '#', &path);
	const struct page *to = path.len ? docs_linked(w->site, w->page, path) : w->page;
	if (!to) { /* a file of the source: named, since there is no page of it */
		w->dropped_link = true;
		return;
	}
	note_link(w, to->address, id.ptr ? id : STR(""));
	buf_fmt(&w->html, "<a href=\"/docs%s%.*s%s%.*s\">", to->address.len ? "/" : "", STR_ARG(to->address),
		id.ptr ? "#" : "", STR_ARG(id));
}

static void link_begin(struct writer *w, struct str href)
{
	w->dropped_link = false;
	if (!is_elsewhere(href) && !str_starts(href, STR("/"))) {
		link_to_page(w, href);
		return;
	}
	BUF_LIT(&w->html, "<a href=\"");
	escape(&w->html, href);
	BUF_LIT(&w->html, "\">");
}

/* ---- what md4c calls ---- */

static const char *const plain_blocks[][3] = {
	[MD_BLOCK_QUOTE] = { "<blockquote>\n", "</blockquote>\n" },
	[MD_BLOCK_UL] = { "<ul>\n", "</ul>\n" },
	[MD_BLOCK_LI] = { "<li>", "</li>\n" },
	[MD_BLOCK_P] = { "<p>", "</p>\n" },
	[MD_BLOCK_HR] = { "<hr>\n", "" },
	[MD_BLOCK_OL] = { "<ol>\n", "</ol>\n" },
	[MD_BLOCK_CODE] = { "", "</code></pre>{{>copy}}</div>\n" },
	[MD_BLOCK_TABLE] = { "<div class=\"table\"><table>\n", "</table></div>\n" },
	[MD_BLOCK_THEAD] = { "<thead>", "</thead>\n" },
	[MD_BLOCK_TBODY] = { "<tbody>\n", "</tbody>\n" },
	[MD_BLOCK_TR] = { "<tr>", "</tr>\n" },
	[MD_BLOCK_TH] = { "<th scope=\"col\">", "" },
	[MD_BLOCK_TD] = { "", "</td>" },
};

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
	struct writer *w = data;
	if (type == MD_BLOCK_HTML)
		docs_die("%.*s: raw HTML", STR_ARG(w->page->file));
	if (type != MD_BLOCK_CODE)
		tabs_end(&w->tabs, w->site->mem, &w->html);
	if (type < ARRAY_LEN(plain_blocks) && plain_blocks[type][0])
		buf_add(&w->html, str_of(plain_blocks[type][0]));
	if (type == MD_BLOCK_H) {
		w->heading_at = w->html.len;
		w->text_at = w->text.len;
		buf_clear(&w->words);
	} else if (type == MD_BLOCK_CODE) {
		code_begin(w, detail);
	} else if (type == MD_BLOCK_TABLE) {
		memset(w->columns, 0, sizeof w->columns);
	} else if (type == MD_BLOCK_TR) {
		w->column = 0;
	} else if (type == MD_BLOCK_TH) {
		buf_clear(&w->words);
	} else if (type == MD_BLOCK_TD) {
		cell_begin(w);
	}
	return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
	struct writer *w = data;
	if (type != MD_BLOCK_CODE)
		tabs_end(&w->tabs, w->site->mem, &w->html);
	if (type < ARRAY_LEN(plain_blocks) && plain_blocks[type][1])
		buf_add(&w->html, str_of(plain_blocks[type][1]));
	if (type == MD_BLOCK_H)
		heading_end(w, ((MD_BLOCK_H_DETAIL *)detail)->level);
	else if (type == MD_BLOCK_TH)
		head_cell_end(w);
	buf_char(&w->text, ' ');
	return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *data)
{
	struct writer *w = data;
	if (type == MD_SPAN_EM)
		BUF_LIT(&w->html, "<em>");
	else if (type == MD_SPAN_STRONG)
		BUF_LIT(&w->html, "<strong>");
	else if (type == MD_SPAN_CODE)
		BUF_LIT(&w->html, "<code>");
	else if (type == MD_SPAN_A)
		link_begin(w, attribute(&((MD_SPAN_A_DETAIL *)detail)->href));
	else
		docs_die("%.*s: pages have no pictures", STR_ARG(w->page->file));
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *data)
{
	struct writer *w = data;
	(void)detail;
	if (type == MD_SPAN_EM)
		BUF_LIT(&w->html, "</em>");
	else if (type == MD_SPAN_STRONG)
		BUF_LIT(&w->html, "</strong>");
	else if (type == MD_SPAN_CODE)
		BUF_LIT(&w->html, "</code>");
	else if (type == MD_SPAN_A && !w->dropped_link)
		BUF_LIT(&w->html, "</a>");
	return 0;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *ptr, MD_SIZE size, void *data)
{
	struct writer *w = data;
	struct str text = { ptr, size };
	if (type == MD_TEXT_HTML)
		docs_die("%.*s: raw HTML: %.*s", STR_ARG(w->page->file), STR_ARG(text));
	if (type == MD_TEXT_BR)
		BUF_LIT(&w->html, "<br>");
	if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR)
		text = STR("\n");
	if (type == MD_TEXT_ENTITY)
		buf_add(&w->html, text);
	else
		escape(&w->html, text);
	buf_add(&w->words, text);
	buf_add(&w->text, text);
	return 0;
}

/* ---- values of the server ---- */

static void check_value(const struct page *page, struct str from)
{
	size_t end = str_find(from, STR("}}"));
	struct str name = str_sub(from, 2, end);
	for (size_t i = 0; end != SIZE_MAX && i < ARRAY_LEN(values); i++)
		if (str_eq(name, str_of(values[i])))
			return;
	docs_die("%.*s: no value {{%.*s", STR_ARG(page->file), STR_ARG(str_beginning(name, 40)));
}

/* The made-up address becomes the server's own; {{…}} is what a template has it for. */
static struct str with_values(struct arena *mem, const struct page *page, struct str html)
{
	struct buf out = buf_new(mem, PAGE_OCTETS_MAX);
	for (size_t i = 0; i < html.len; i++) {
		struct str rest = str_from(html, i);
		if (str_starts(rest, STR("{{")))
			check_value(page, rest);
		if (!str_starts(rest, STR(HERE)) || str_starts(rest, STR(HERE "."))) {
			buf_char(&out, html.ptr[i]);
			continue;
		}
		BUF_LIT(&out, "{{public_url}}");
		i += sizeof HERE - 2;
	}
	return buf_str(&out);
}

void docs_render(struct site *site, struct page *page, struct str markdown)
{
	static const MD_PARSER parser = {
		.flags = MD_FLAG_TABLES,
		.enter_block = enter_block,
		.leave_block = leave_block,
		.enter_span = enter_span,
		.leave_span = leave_span,
		.text = add_text,
	};
	struct writer w = { .site = site, .page = page };
	w.html = buf_new(site->mem, PAGE_OCTETS_MAX);
	w.words = buf_new(site->mem, PAGE_OCTETS_MAX);
	w.text = buf_new(site->mem, PAGE_OCTETS_MAX);
	section_begin(&w, STR(""), STR(""));
	if (md_parse(markdown.ptr, (MD_SIZE)markdown.len, &parser, &w) || w.html.full)
		docs_die("%.*s: cannot be parsed, or is too long", STR_ARG(page->file));
	w.section->text = str_dup(site->mem, buf_str(&w.text));
	if (!page->title.len)
		docs_die("%.*s: no title (# …)", STR_ARG(page->file));
	page->html = with_values(site->mem, page, buf_str(&w.html));
}
