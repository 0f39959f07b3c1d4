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

/* A browser, that an app has led to where nothing is. */
static bool wants_page(const struct request *rq)
{
	return str_find(request_header_list(rq, "Accept"), STR("text/html")) != SIZE_MAX;
}

void oauth_show_refusal(struct json *j, int status, struct str message, struct str request_id)
{
	(void)status; /* each is 400 or what HTTP alone knows */
	json_object(j, NULL);
	json_str(j, "error", STR("invalid_request"));
	json_str(j, "error_description", message);
	json_str(j, "request_id", request_id);
	json_object_end(j);
}

void oauth_show_error(struct request *rq, struct response *rs, err_t e)
{
	const struct err_row *row = err_row(e->kind);
	if (rq->route ? rq->route->flags & FOR_PEOPLE : wants_page(rq)) {
		(rq->app->show_page ? rq->app->show_page : page_plain)(rq, rs, e);
		return;
	}
	int status = row->oauth_status ? row->oauth_status : 500;
	if (status == 401) /* RFC 9110 §15.5.2; OAuth 2.1 §3.2.4 asks for the scheme that was tried */
		response_header(rs, "WWW-Authenticate",
			err_is(e, TOKEN_INVALID) ? STR("Bearer realm=\"oauth\", error=\"invalid_token\"")
						 : STR("Basic realm=\"oauth\", charset=\"UTF-8\""));
	struct json j = json_begin(reply(rs, status, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "error", error_code(e));
	json_str(&j, "error_description", error_description(rq->cx.mem, e));
	json_str(&j, "error_uri", /* RFC 6749 §5.2: the page that doc_url names in REST */
		str_fmt(rq->cx.mem, "%.*s/docs/errors/%s", STR_ARG(oauth_issuer(&rq->cx)), row->api_code));
	json_str(&j, "request_id", id_text(rq->cx.mem, "req", rq->cx.request_id));
	json_object_end(&j);
}
