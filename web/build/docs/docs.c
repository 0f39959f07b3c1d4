/* SPDX-License-Identifier: Apache-2.0 */
#include "web/build/docs/docs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define EACH STR("/*") /* at the end of an address: each heading of the second level is a page */

void docs_die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("docs: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static struct str load(struct arena *mem, struct str folder, struct str name)
{
	const char *path = str_c(mem, str_fmt(mem, "%.*s%.*s", STR_ARG(folder), STR_ARG(name)));
	struct buf text = buf_new(mem, PAGE_OCTETS_MAX);
	char part[8192];
	size_t got;
	FILE *in = fopen(path, "rb");
	if (!in)
		docs_die("%s cannot be read", path);
	while ((got = fread(part, 1, sizeof part, in)) > 0)
		buf_add(&text, (struct str){ part, got });
	if (ferror(in) || fclose(in) || text.full)
		docs_die("%s cannot be read, or is too long", path);
	return buf_str(&text);
}

void docs_literal(struct buf *out, struct str text)
{
	BUF_LIT(out, "\"");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '\n')
			BUF_LIT(out, "\\n\"\n\t\"");
		else if (c == '"' || c == '\\' || c == '?')
			buf_fmt(out, "\\%c", c);
		else if (c >= 0x20 && c < 0x7F)
			buf_char(out, (char)c);
		else
			buf_fmt(out, "\\%03o", c);
	}
	BUF_LIT(out, "\"");
}

/* ---- the table of contents ---- */

static struct str word_of(struct str *line)
{
	struct str word;
	*line = str_trim(*line, " \t");
	if (!str_cut(line, ' ', &word))
		return STR("");
	*line = line->ptr ? str_trim(*line, " \t") : STR("");
	return word;
}

static struct page *page_add(struct site *site)
{
	if (site->page_count == PAGES_MAX)
		docs_die("more than %d pages", PAGES_MAX);
	struct page *page = arena_new(site->mem, struct page);
	site->pages[site->page_count++] = page;
	return page;
}

/* "Group" begins one; "	ADDRESS FILE what it is about" is a page of it, / the first of all; # begins a comment.
 */
static void read_contents(struct site *site, struct str text)
{
	struct str line, group = STR("");
	while (str_cut(&text, '\n', &line)) {
		if (!line.len || line.ptr[0] == '#')
			continue;
		if (line.ptr[0] != '\t') {
			group = line;
			continue;
		}
		struct page *page = page_add(site);
		page->group = group;
		page->address = word_of(&line);
		page->file = word_of(&line);
		page->about = line;
		if (!page->file.len || !page->about.len)
			docs_die(
				"contents: a line without its file, or what it is about: %.*s", STR_ARG(page->address));
		if (str_eq(page->address, STR("/")))
			page->address = STR("");
	}
}

/* "../webhooks.md" and "webhooks.md" are one name in a folder whose own files are named without "../". */
static struct str base_of(struct str path)
{
	struct str part, rest = path;
	while (str_cut(&rest, '/', &part))
		;
	return part;
}

const struct page *docs_linked(const struct site *site, const struct page *from, struct str path)
{
	(void)from;
	for (size_t i = 0; i < site->page_count; i++) {
		const struct page *page = site->pages[i];
		if (page->file.len && !str_ends(page->address, EACH) && str_eq(base_of(page->file), base_of(path)))
			return page;
	}
	return NULL;
}

/* ---- pages ---- */

static size_t next_heading(struct str text)
{
	size_t at = str_find(text, STR("\n## "));
	return at == SIZE_MAX ? text.len : at + 1;
}

/* A file whose headings are pages: what stands under each, with the heading as its title. They are in no list. */
static void render_each(struct site *site, struct page *all, struct str markdown)
{
	struct str prefix = str_sub(all->address, 0, all->address.len - EACH.len);
	struct str rest = str_from(markdown, next_heading(markdown));
	while (rest.len) {
		size_t end = next_heading(str_from(rest, 1)) + 1;
		struct str part = str_sub(rest, 0, end), line, title = part;
		struct page *page = page_add(site);
		str_cut(&title, '\n', &line);
		page->file = all->file;
		page->about = str_trim(str_from(line, 3), "` ");
		page->address = str_fmt(site->mem, "%.*s/%.*s", STR_ARG(prefix), STR_ARG(page->about));
		docs_render(site, page, str_from(part, 1)); /* "## x" is "# x" then */
		rest = str_from(rest, end);
	}
}

static void render_all(struct site *site, struct str folder)
{
	size_t listed = site->page_count, kept = 0;
	for (size_t i = 0; i < listed; i++) {
		struct page *page = site->pages[i];
		struct str markdown = load(site->mem, folder, page->file);
		if (str_ends(page->address, EACH))
			render_each(site, page, markdown);
		else
			docs_render(site, page, markdown);
	}
	for (size_t i = 0; i < site->page_count; i++)
		if (!str_ends(site->pages[i]->address, EACH))
			site->pages[kept++] = site->pages[i];
	site->page_count = kept;
}

static bool has_heading(const struct site *site, struct str address, struct str id)
{
	for (size_t i = 0; i < site->page_count; i++)
		for (size_t j = 0; str_eq(site->pages[i]->address, address) && j < site->pages[i]->heading_count; j++)
			if (str_eq(site->pages[i]->headings[j].id, id))
				return true;
	return false;
}

static void check_links(const struct site *site)
{
	for (size_t i = 0; i < site->link_count; i++) {
		const struct page_link *link = &site->links[i];
		if (link->id.len && !has_heading(site, link->address, link->id))
			docs_die("%.*s: leads to #%.*s of %.*s, which has no such heading", STR_ARG(link->from->file),
				STR_ARG(link->id), STR_ARG(link->address));
	}
}

/* ---- out ---- */

static void field(struct buf *out, const char *name, struct str text)
{
	buf_fmt(out, ".%s = STR_INIT(", name);
	docs_literal(out, text);
	BUF_LIT(out, "),\n\t");
}

static void put_headings(struct buf *out, const struct page *page, size_t number)
{
	buf_fmt(out, "static const struct docs_heading headings_%zu[] = {\n", number);
	for (size_t i = 0; i < page->heading_count; i++) {
		buf_fmt(out, "\t{ %u, ", page->headings[i].level);
		field(out, "id", page->headings[i].id);
		field(out, "title", page->headings[i].title);
		BUF_LIT(out, "},\n");
	}
	BUF_LIT(out, "};\n");
}

static void put_page(struct buf *out, const struct page *page, size_t number)
{
	BUF_LIT(out, "\t{ ");
	field(out, "group", page->group);
	field(out, "address", page->address);
	field(out, "about", page->about);
	field(out, "title", page->title);
	field(out, "html", page->html);
	if (page->heading_count)
		buf_fmt(out, ".headings = headings_%zu, .heading_count = %zu ", number, page->heading_count);
	BUF_LIT(out, "},\n");
}

static size_t number_of(const struct site *site, const struct page *page)
{
	size_t i = 0;
	while (site->pages[i] != page)
		i++;
	return i;
}

static void put_sections(struct buf *out, const struct site *site)
{
	BUF_LIT(out, "const struct docs_section docs_sections[] = {\n");
	for (size_t i = 0; i < site->section_count; i++) {
		buf_fmt(out, "\t{ .page = %zu, ", number_of(site, site->sections[i].page));
		field(out, "id", site->sections[i].id);
		field(out, "title", site->sections[i].title);
		field(out, "text", site->sections[i].text);
		BUF_LIT(out, "},\n");
	}
	BUF_LIT(out, "};\nconst size_t docs_section_count = ARRAY_LEN(docs_sections);\n\n");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		docs_die("usage: docs CONTENTS OUT.c");
	struct arena *mem = arena_open();
	struct site *site = arena_new(mem, struct site);
	struct str contents = str_of(argv[1]), folder = contents;
	site->mem = mem;
	folder.len -= base_of(contents).len;
	read_contents(site, load(mem, STR(""), contents));
	render_all(site, folder);
	check_links(site);

	struct buf out = buf_new(mem, 16 * PAGE_OCTETS_MAX);
	BUF_LIT(&out, "#include \"web/docs_pages.h\"\n\n");
	for (size_t i = 0; i < site->page_count; i++)
		if (site->pages[i]->heading_count)
			put_headings(&out, site->pages[i], i);
	BUF_LIT(&out, "\nconst struct docs_page docs_pages[] = {\n");
	for (size_t i = 0; i < site->page_count; i++)
		put_page(&out, site->pages[i], i);
	BUF_LIT(&out, "};\nconst size_t docs_page_count = ARRAY_LEN(docs_pages);\n\n");
	put_sections(&out, site);
	docs_index(site, &out);

	FILE *file = fopen(argv[2], "wb");
	if (out.full || !file || fwrite(out.ptr, 1, out.len, file) != out.len || fclose(file))
		docs_die("%s cannot be written", argv[2]);
	arena_close(mem);
	return 0;
}
