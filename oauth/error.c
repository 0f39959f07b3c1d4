/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/error.h"

#include "oauth/answer.h"
#include "server/data/html.h"
#include "server/data/json.h"

static void page_plain(struct request *rq, struct response *rs, err_t e)
{
	struct buf *out = reply_page(rs, err_row(e->kind)->api_status, FORMS_STAY);
	BUF_LIT(out,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not possible</title></head>"
		"<body><main><h1>Not possible</h1><p role=\"alert\">");
	html_escape(out, err_text(e));
	BUF_LIT(out, "</p><p>");
	html_escape(out, id_text(rq->cx.mem, "req", rq->cx.request_id));
	BUF_LIT(out, "</p></main></body></html>\n");
}

/* Set once, before the first request. */
static page_renderer *render_page = page_plain;

void oauth_set_page_renderer(page_renderer *renderer)
{
	render_page = renderer;
}

/* The endpoints that a person's browser is led to; all others answer programs. */
static bool is_for_people(const struct request *rq)
{
	static const struct str segments[] = { STR_INIT("authorize"), STR_INIT("continue") };
	for (size_t i = 0; i < ARRAY_LEN(segments); i++)
		if (rq->path.count == 2 && str_eq(rq->path.segments[1], segments[i]))
			return true;
	return false;
}

void oauth_show_error(struct request *rq, struct response *rs, err_t e)
{
	const struct err_row *row = err_row(e->kind);
	if (is_for_people(rq)) {
		render_page(rq, rs, e);
		return;
	}
	int status = row->oauth_status ? row->oauth_status : 500;
	if (status == 401) /* RFC 9110 §15.5.2; OAuth 2.1 §3.2.4 asks for the scheme that was tried */
		response_header(rs, "WWW-Authenticate", STR("Basic realm=\"oauth\", charset=\"UTF-8\""));
	struct json j = json_begin(reply(rs, status, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "error", error_code(e));
	json_str(&j, "error_description", error_description(rq->cx.mem, e));
	json_str(&j, "request_id", id_text(rq->cx.mem, "req", rq->cx.request_id));
	json_object_end(&j);
}
