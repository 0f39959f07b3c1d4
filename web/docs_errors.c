/* SPDX-License-Identifier: Apache-2.0 */
/* Where doc_url of the API's errors leads: a page for each code of errors.def, and the list of them. */
#include <string.h>

#include "web/docs.h"
#include "web/pages.h"

/* Several kinds of failure share a code: the first row of errors.def speaks for it. */
static const struct err_row *first_of(struct str code)
{
	for (unsigned kind = 0; kind < ERR_KINDS; kind++)
		if (str_eq(str_of(err_row((enum err_kind)kind)->api_code), code))
			return err_row((enum err_kind)kind);
	return NULL;
}

static void set_error(struct arena *mem, struct html_values *row, const struct err_row *error)
{
	html_set(row, "code", str_of(error->api_code));
	html_set(row, "type", str_of(error->api_type));
	html_set(row, "status", str_fmt(mem, "%d", error->api_status));
	html_set(row, "text", str_of(error->text));
}

err_t docs_errors(struct request *rq, struct response *rs)
{
	const struct docs_page *page = docs_find(STR("errors"));
	struct html_values *v = docs_values(rq, page->title, page);
	struct buf *out = reply_public_page(rs, 200);
	for (unsigned kind = 0; kind < ERR_KINDS; kind++) {
		const struct err_row *error = err_row((enum err_kind)kind);
		if (first_of(str_of(error->api_code)) == error)
			set_error(rq->cx.mem, html_add_row(v, "errors"), error);
	}
	TRY(html_render(&rq->cx, out, "docs_top", v));
	TRY(docs_text(&rq->cx, out, page, v));
	TRY(html_render(&rq->cx, out, "docs_errors", v));
	TRY(html_render(&rq->cx, out, "docs_bottom", v));
	return docs_send(rq, rs);
}

/* One code is a DAV condition here, an OAuth error there, depending on what failed: each is told once. */
static void set_other_names(struct html_values *v, struct str code)
{
	for (unsigned kind = 0; kind < ERR_KINDS; kind++) {
		const struct err_row *error = err_row((enum err_kind)kind);
		if (!str_eq(str_of(error->api_code), code))
			continue;
		if (error->oauth_status && error->oauth_error)
			html_set(v, "oauth", str_of(error->oauth_error));
		if (error->dav_condition) {
			struct html_values *row = html_add_row(v, "conditions");
			html_set_flag(v, "by_dav", true);
			html_set(row, "condition", str_of(error->dav_condition));
			html_set(row, "condition_text", str_of(error->text));
		}
	}
}

err_t docs_error(struct request *rq, struct response *rs)
{
	struct str code = rq->args[0];
	const struct err_row *error = first_of(code);
	const struct docs_page *page = docs_find(str_cat(rq->cx.mem, STR("errors/"), code));
	if (!error || !page)
		return REFUSE(&rq->cx, NOT_FOUND, "", "No error has this code. The list of them is at /docs/errors.");
	struct html_values *v = docs_values(rq, page->title, page);
	struct buf *out = reply_public_page(rs, 200);
	set_error(rq->cx.mem, v, error);
	set_other_names(v, code);
	TRY(html_render(&rq->cx, out, "docs_top", v));
	TRY(html_render(&rq->cx, out, "docs_error", v));
	TRY(docs_text(&rq->cx, out, page, v));
	TRY(html_render(&rq->cx, out, "docs_error_names", v));
	TRY(html_render(&rq->cx, out, "docs_bottom", v));
	return docs_send(rq, rs);
}
