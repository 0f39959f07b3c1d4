/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to what never became a request. */
#include "civetweb.h"

#include "server/base/log.h"
#include "server/data/html.h"
#include "server/data/json.h"
#include "server/http/civet_private.h"
#include "server/http/head.h"
#include "server/http/head_check.h"
#include "server/http/match.h"

#define PAGE_POLICY "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

static const char *code_of(int status)
{
	return status == 431 || status == 414 ? "request_too_large" : "malformed_request";
}

static void error_json(struct buf *body, int status, const char *reason, struct str id)
{
	struct json j = json_begin(body);
	json_object(&j, NULL);
	json_object(&j, "error");
	json_str(&j, "type", STR("invalid_request_error"));
	json_str(&j, "code", str_of(code_of(status)));
	json_str(&j, "message", str_fmt(body->mem, "%s.", reason));
	json_str(&j, "request_id", id);
	json_object_end(&j);
	json_object_end(&j);
}

/* Without the frame of our pages: there is no request that they could be made for. */
static void error_page(struct buf *body, const char *reason, struct str id)
{
	BUF_LIT(body, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		      "content=\"width=device-width, initial-scale=1\"><title>This address cannot be "
		      "read</title></head><body>"
		      "<main><h1>This address cannot be read</h1><p role=\"alert\">");
	html_escape(body, str_of(reason));
	BUF_LIT(body, ". Go back to where you came from and try again.</p><p>If you ask somebody for help, quote ");
	html_escape(body, id);
	BUF_LIT(body, ".</p></main></body></html>\n");
}

int civet_refused(struct mg_connection *mg, int status, const char *reason)
{
	struct civet *server = mg_get_user_data(mg_get_context(mg));
	struct worker *worker = mg_get_thread_pointer(mg);
	struct arena *mem = worker->mem;
	struct instant now = instant_now();
	struct str id = id_text(mem, "req", id_new(now));
	struct buf body = buf_new(mem, 4096), wire = buf_new(mem, 8192);
	size_t len;
	const char *head = civet_head_here(mg, &len);
	const struct module *module = match_raw(server->app, head_path(head, len));
	bool page = head_wants_page(head, len);
	struct json j = json_begin(&body);

	if (page)
		error_page(&body, reason, id);
	else if (module && module->show_refusal)
		module->show_refusal(&j, status, str_fmt(mem, "%s.", reason), id);
	else
		error_json(&body, status, reason, id);
	buf_fmt(&wire,
		"HTTP/1.1 %d %s\r\nDate: %.*s\r\nRequest-Id: %.*s\r\nX-Content-Type-Options: nosniff\r\n"
		"Content-Type: %s\r\nCache-Control: no-store\r\nContent-Length: %zu\r\n%s"
		"Connection: close\r\n\r\n",
		status, status_phrase(status), STR_ARG(instant_imf(mem, now)), STR_ARG(id),
		page ? "text/html; charset=utf-8" : "application/json", body.len,
		page ? "Content-Security-Policy: " PAGE_POLICY
		       "\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
		     : "");
	buf_add(&wire, buf_str(&body));
	atomic_fetch_add(&server->refused_heads, 1);
	(void)mg_write(mg, wire.ptr, wire.len);
	log_event(LOG_INFO, "refused", LOG_STR("id", id), LOG_INT("status", status), LOG_C("reason", reason),
		LOG_C("ip", mg_get_request_info(mg)->remote_addr));
	arena_reset(mem);
	return 0;
}
