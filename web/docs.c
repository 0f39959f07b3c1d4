/* SPDX-License-Identifier: Apache-2.0 */
#include "web/docs.h"

#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/http/etag.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/reference.h"

#define A_WHILE STR("public, max-age=300")

const struct docs_page *docs_find(struct str address)
{
	for (size_t i = 0; i < docs_page_count; i++)
		if (str_eq(docs_pages[i].address, address))
			return &docs_pages[i];
	return NULL;
}

static struct str href_of(struct arena *mem, const struct docs_page *page)
{
	return page->address.len ? str_cat(mem, STR("/docs/"), page->address) : STR("/docs");
}

/* ---- the frame ---- */

static void set_pages(struct arena *mem, struct html_values *v, const struct docs_page *present)
{
	struct html_values *group = NULL;
	struct str name = STR("");
	for (size_t i = 0; i < docs_page_count && docs_pages[i].group.len; i++) {
		const struct docs_page *page = &docs_pages[i];
		if (!group || !str_eq(name, page->group)) {
			name = page->group;
			group = html_add_row(v, "groups");
			html_set(group, "group", name);
		}
		struct html_values *row = html_add_row(group, "pages");
		html_set(row, "href", href_of(mem, page));
		html_set(row, "page_title", page->address.len ? page->title : STR("Overview"));
		html_set_flag(row, "present", page == present);
		html_set_flag(row, "of_reference", str_eq(page->address, STR("reference")));
	}
}

void docs_within_reference(struct html_values *v, const struct reference_group *present)
{
	html_set_flag(v, "within", true);
	for (size_t i = 0; i < reference_group_count; i++) {
		struct html_values *row = html_add_row(v, "within_reference");
		html_set(row, "name", str_of(reference_groups[i].name));
		html_set(row, "group", str_of(reference_groups[i].title));
		html_set_flag(row, "present", &reference_groups[i] == present);
	}
}

static void set_neighbour(struct arena *mem, struct html_values *v, const char *name, const struct docs_page *page)
{
	struct html_values *row = html_add_row(v, name);
	html_set(row, "href", href_of(mem, page));
	html_set(row, "page_title", page->title);
}

static void set_neighbours(struct arena *mem, struct html_values *v, const struct docs_page *page)
{
	size_t at = (size_t)(page - docs_pages);
	if (!page->group.len)
		return;
	if (at > 0)
		set_neighbour(mem, v, "before", page - 1);
	if (at + 1 < docs_page_count && page[1].group.len)
		set_neighbour(mem, v, "after", page + 1);
}

static void set_headings(struct html_values *v, const struct docs_page *page)
{
	for (size_t i = 0; i < page->heading_count; i++) {
		if (page->headings[i].level > 3)
			continue;
		struct html_values *row = html_add_row(v, "headings");
		html_set(row, "id", page->headings[i].id);
		html_set(row, "heading", page->headings[i].title);
		html_set_flag(row, "below", page->headings[i].level == 3);
	}
}

static struct str number(struct arena *mem, int64_t value)
{
	return str_fmt(mem, "%lld", (long long)value);
}

/* What the Markdown may ask for: web/build/docs/html.c has the same names. */
static void set_server(struct arena *mem, struct html_values *v, const struct config *config)
{
	struct str url = config->public_url, contact = config->security_contact;
	html_set(v, "public_url", url);
	html_set(v, "host", page_host(config));
	html_set(v, "version", STR(CALENDS_VERSION));
	html_set(v, "security_contact", contact.len ? contact : STR("the operator of this server"));
	html_set(v, "rate_limit", number(mem, config->rate_limit));
	html_set(v, "write_rate", number(mem, config->write_rate));
	html_set(v, "api_keys_rate", number(mem, config->api_keys_rate));
	html_set(v, "freebusy_rate", number(mem, config->freebusy_rate));
	html_set(v, "account_rate", number(mem, config->account_rate));
	html_set(v, "client_rate", number(mem, config->client_rate));
	html_set(v, "heavy_requests", number(mem, config->heavy_requests));
	html_set(v, "account_storage_mib", number(mem, config->account_storage_mib));
}

struct html_values *docs_values(struct request *rq, struct str title, const struct docs_page *page)
{
	struct html_values *v = html_values_new(rq->cx.mem);
	html_set(v, "title", title);
	html_set(v, "brand", rq->cx.config->brand);
	set_server(rq->cx.mem, v, rq->cx.config);
	set_pages(rq->cx.mem, v, page);
	if (page) {
		set_headings(v, page);
		html_set_flag(v, "headed", page->heading_count > 1);
		set_neighbours(rq->cx.mem, v, page);
	}
	return v;
}

err_t docs_text(struct ctx *cx, struct buf *out, const struct docs_page *page, const struct html_values *v)
{
	return html_render_text(cx, out, page->html, v);
}

#define ELSEWHERE STR("https://calends.example") /* as web/build/docs/html.c has it */

/* The name of a value at this place, and how long it is there; 0: it is a plain octet. */
static size_t value_here(struct str text, struct str *name)
{
	size_t end;
	*name = STR("public_url");
	if (str_starts(text, ELSEWHERE))
		return ELSEWHERE.len;
	if (!str_starts(text, STR("{{")) || (end = str_find(text, STR("}}"))) == SIZE_MAX)
		return 0;
	*name = str_sub(text, 2, end);
	return end + 2;
}

struct str docs_plain(struct arena *mem, struct str text, const struct html_values *v)
{
	struct buf out = buf_new(mem, text.len * 8 + KIB(16));
	for (size_t i = 0; i < text.len;) {
		struct str name;
		size_t taken = value_here(str_from(text, i), &name);
		if (taken)
			buf_add(&out, html_get(v, name));
		else
			buf_char(&out, text.ptr[i]);
		i += taken ? taken : 1;
	}
	return buf_str(&out);
}

/* The tag is weak, so that it is of the compressed page too (RFC 9110 §8.8.1). */
err_t docs_send(struct request *rq, struct response *rs)
{
	uint8_t hash[SHA256_SIZE];
	struct etag_list none_match;
	TRY(etags_read(rq, "If-None-Match", &none_match));
	sha256(bytes_of(rs->body.ptr, rs->body.len), hash);
	struct str tag =
		str_fmt(rq->cx.mem, "W/\"%.*s\"", STR_ARG(base64url_of(rq->cx.mem, bytes_of(hash, sizeof hash / 2))));
	response_header(rs, "Cache-Control", A_WHILE);
	response_header(rs, "ETag", tag);
	if (!etags_hold(&none_match, tag, true))
		return OK;
	buf_clear(&rs->body);
	reply_empty(rs, 304);
	response_header(rs, "Vary", STR("Accept-Encoding"));
	return OK;
}

/* ---- pages ---- */

static err_t show_page(struct request *rq, struct response *rs, const struct docs_page *page)
{
	struct html_values *v = docs_values(rq, page->title, page);
	struct buf *out = reply_public_page(rs, 200);
	TRY(html_render(&rq->cx, out, "docs_top", v));
	TRY(docs_text(&rq->cx, out, page, v));
	TRY(html_render(&rq->cx, out, "docs_bottom", v));
	return docs_send(rq, rs);
}

err_t docs_home(struct request *rq, struct response *rs)
{
	return show_page(rq, rs, docs_find(STR("")));
}

err_t docs_page(struct request *rq, struct response *rs)
{
	const struct docs_page *page = docs_find(rq->args[0]);
	if (!page || !page->group.len) /* those of codes have addresses of their own */
		return REFUSE(&rq->cx, NOT_FOUND, "", "The documentation has no such page.");
	return show_page(rq, rs, page);
}
