/* SPDX-License-Identifier: Apache-2.0 */
/* The page to which an app leads its user for signing out (OpenID Connect RP-Initiated Logout §2). */
#include "oauth/logout.h"

#include "oauth/redirect.h"
#include "server/account/session.h"
#include "server/http/cookie.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define LINK_MAX ((size_t)32 * 1024)

static err_t finish(struct request *rq, struct response *rs, struct str to)
{
	TRY(session_end(&rq->cx, request_cookie(rq, cookie_name(&rq->cx, "session"))));
	response_cookie(rs, "session", STR(""), 0);
	reply_redirect(rs, 303, to.ptr ? to : STR("/sign-in?done=signed-out"));
	return OK;
}

static err_t show_question(struct request *rq, struct response *rs, const struct logout *l)
{
	struct html_values *v = page_new(rq, rq->principal ? "Sign out?" : "Signed out", NULL);
	html_set_flag(v, "signed_in", rq->principal != NULL);
	html_set_flag(v, "by_app", l->by_client);
	if (l->by_client) {
		html_set(v, "app_name", l->client.name);
		html_set(v, "client_id", id_text(rq->cx.mem, "cli", l->client.id));
	}
	html_set_flag(v, "leads_on", l->to.ptr != NULL);
	if (l->to.ptr) {
		html_set(v, "uri", l->uri);
		html_set_flag(v, "has_state", l->state.ptr != NULL);
		html_set(v, "state", l->state);
		html_set(v, "to", l->to);
		html_set(v, "to_host", redirect_host(rq->cx.mem, l->uri));
	}
	return page_reply_to(rs, 200, "logout", v, FORMS_LEAD_AWAY);
}

/*
 * Without a question where the app shows a token of who is signed in: it was given to that app alone. Any page can lead
 * a browser here without one; then its user is asked.
 */
err_t logout_page(struct request *rq, struct response *rs)
{
	struct params params;
	struct logout l;
	TRY(params_read(&rq->cx, rq->query, &params));
	request_language_asked(rq, param_get(&params, "ui_locales"));
	TRY(logout_read(&rq->cx, &params, &l));
	bool hinted = !id_is_zero(l.user);
	bool theirs = hinted && rq->principal && id_eq(l.user, id_in_mode(rq->principal->account, false));
	if (theirs || (!rq->principal && (hinted || !l.to.ptr)))
		return finish(rq, rs, l.to);
	return show_question(rq, rs, &l);
}

/* The session's cookie does not come with a cross-site POST; it does with the GET that this leads to. */
err_t logout_post(struct request *rq, struct response *rs)
{
	static const char *const names[] = { "id_token_hint", "client_id", "post_logout_redirect_uri", "state",
		"ui_locales" };
	struct params params;
	struct buf link = buf_new(rq->cx.mem, LINK_MAX);
	if (!str_eq(request_media_type(rq), STR(FORM_TYPE)))
		return FAIL(&rq->cx, MEDIA_TYPE, "logout by POST");
	TRY(params_read(&rq->cx, rq->body, &params));
	TRY(params_check(&rq->cx, &params));
	BUF_LIT(&link, "/oauth/logout?");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (param_get(&params, names[i]).ptr)
			form_add(&link, names[i], param_get(&params, names[i]));
	reply_redirect(rs, 303, buf_str(&link));
	return OK;
}

/* The form of that page, and of all others: those have nowhere to lead to. */
err_t sign_out_post(struct request *rq, struct response *rs)
{
	struct params params;
	struct logout l;
	TRY(params_read(&rq->cx, rq->body, &params));
	TRY(logout_read(&rq->cx, &params, &l));
	return finish(rq, rs, l.to);
}
