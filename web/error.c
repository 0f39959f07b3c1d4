/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/log.h"
#include "web/page.h"
#include "web/routes.h"

static const char *title_of(int status)
{
	switch (status) {
	case 403:
		return "This is not allowed";
	case 404:
		return "There is nothing here";
	case 405:
		return "This cannot be done here";
	case 409:
		return "This was done already";
	case 413:
		return "That is too much";
	case 415:
		return "This format is not accepted";
	case 429:
		return "Too many tries";
	case 503:
		return "Busy for a moment";
	default:
		return status >= 500 ? "Something went wrong" : "This request cannot be handled";
	}
}

/* Whoever asked for a page is led to it after sign-in; who sent a form must look at it again. */
static bool lead_to_sign_in(struct request *rq, struct response *rs, err_t e)
{
	if (e->kind != LOGIN_REQUIRED || (rq->method != METHOD_GET && rq->method != METHOD_HEAD))
		return false;
	struct buf to = buf_new(rq->cx.mem, 16384);
	BUF_LIT(&to, "/sign-in?");
	form_add(&to, "next", rq->target);
	reply_redirect(rs, 303, buf_str(&to));
	return true;
}

static struct str advice_of(err_t e)
{
	if (e->kind == LOGIN_REQUIRED)
		return STR("You are not signed in any more. Sign in and try once more.");
	if (e->kind == CSRF)
		return STR("This form is out of date or was not sent from our own page, so nothing was done. Go back, "
			   "reload the "
			   "page and try once more.");
	if (e->kind == NOT_FOUND && !e->said.ptr)
		return STR("The address may be mistyped, or what was here is gone.");
	return err_text(e);
}

void web_show_error(struct request *rq, struct response *rs, err_t e)
{
	if (lead_to_sign_in(rq, rs, e))
		return;
	int status = page_status(e);
	struct html_values *v = page_new(rq, title_of(status), NULL);
	html_set(v, "status", str_fmt(rq->cx.mem, "%d", status));
	html_set(v, "alert", advice_of(e));
	html_set(v, "request_id", id_text(rq->cx.mem, "req", rq->cx.request_id));
	html_set_flag(v, "sign_in", e->kind == LOGIN_REQUIRED);
	err_t broken = page_reply(rs, status, "error", v);
	if (broken) {
		log_event(LOG_ERROR, "error_page", LOG_STR("detail", broken->detail));
		buf_add(reply(rs, status, "text/plain; charset=utf-8"), err_text(e));
	}
}
