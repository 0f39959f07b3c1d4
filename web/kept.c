/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A form that came after its user was signed out, or with the token of an earlier session: what was filled in stands in
 * the page, to be sent once more. Nothing is done, and nothing is kept on the server. A file that was chosen is not
 * kept: the form comes without it, and its page asks for it once more.
 *
 * Only where a browser says that a page of ours sent it (Sec-Fetch-Site): another site cannot have its own fields
 * signed with a good token here.
 */
#include "server/data/multipart.h"
#include "server/http/route.h"
#include "web/pages.h"
#include "web/page.h"

#define KEPT_MAX KIB(256)

static bool may_be_kept(struct request *rq, err_t e)
{
	const struct route *route = rq->route;
	return (e->kind == LOGIN_REQUIRED || e->kind == CSRF) && rq->method == METHOD_POST && route &&
	       (route->body == BODY_FORM || route->body == BODY_FILES) && !(route->flags & SENSITIVE_BODY) &&
	       str_eq(request_header(rq, "Sec-Fetch-Site"), STR("same-origin"));
}

/* Of a stranger it was not read yet. */
static bool read_form(struct request *rq)
{
	size_t most = rq->route->body_max < KEPT_MAX ? rq->route->body_max : KEPT_MAX;
	struct str type = request_media_type(rq);
	if (rq->form.count)
		return true;
	return (str_eq(type, STR(FORM_TYPE)) || str_eq(type, STR(MULTIPART_TYPE))) && !request_read_body(rq, most) &&
	       !request_read_form(rq) && rq->form.count;
}

bool kept_form(struct request *rq, struct response *rs, err_t e)
{
	bool out = e->kind == LOGIN_REQUIRED;
	if (!may_be_kept(rq, e) || !read_form(rq))
		return false;
	struct html_values *v = page_new(rq, out ? "You were signed out" : "Send this once more", "error");
	html_set_flag(v, "signed_out", out);
	html_set(v, "action", rq->target);
	html_set_flag(v, "had_files", rq->form.file_count > 0);
	for (size_t i = 0; i < rq->form.count; i++) {
		if (str_eq(rq->form.fields[i].name, STR("csrf")))
			continue;
		struct html_values *row = html_add_row(v, "fields");
		html_set(row, "field_name", rq->form.fields[i].name);
		html_set(row, "field_value", rq->form.fields[i].value);
	}
	return page_reply(rs, page_status(e), "kept", v) == OK;
}
