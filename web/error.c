/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/log.h"
#include "server/http/access.h"
#include "server/http/match.h"
#include "web/apps.h"
#include "web/pages.h"
#include "web/routes.h"
#include "web/say.h"

static const char *title_of(int status)
{
	switch (status) {
	case 403:
		return SAY("This is not allowed");
	case 404:
		return SAY("There is nothing here");
	case 405:
		return SAY("This cannot be done here");
	case 409:
		return SAY("This was done already");
	case 413:
		return SAY("That is too much");
	case 415:
		return SAY("This format is not accepted");
	case 429:
		return SAY("Too many tries");
	case 503:
		return SAY("Busy for a moment");
	default:
		return status >= 500 ? SAY("Something went wrong") : SAY("This request cannot be handled");
	}
}

/* To sign in and come back: to the page of the form, where it was a form that was sent. */
static struct str sign_in_link(struct request *rq)
{
	struct match page;
	match_find(rq->cx.mem, rq->app, &rq->path, METHOD_GET, &page);
	struct buf to = buf_new(rq->cx.mem, 4 * PATH_OCTETS_MAX);
	BUF_LIT(&to, "/sign-in");
	if (page.route && rq->target.len <= PATH_OCTETS_MAX) {
		BUF_LIT(&to, "?");
		form_add(&to, "next", rq->target);
	}
	return buf_str(&to);
}

/* Whoever asked for a page is led to it after sign-in; who sent a form must look at it again. */
static bool lead_to_sign_in(struct request *rq, struct response *rs, err_t e)
{
	if (e->kind != LOGIN_REQUIRED || (rq->method != METHOD_GET && rq->method != METHOD_HEAD))
		return false;
	reply_redirect(rs, 303, sign_in_link(rq));
	return true;
}

/* An address that belongs to no route was not asked who calls; the page has the bar of who is signed in all the same.
 */
static void recognise(struct request *rq, err_t e)
{
	if (rq->principal || e->kind == LOGIN_REQUIRED || err_row(e->kind)->api_status >= 500)
		return;
	err_t none = access_identify(rq, OPTIONAL_SESSION);
	(void)none; /* a stranger, then */
}

static struct str advice_of(struct request *rq, err_t e)
{
	if (e->kind == LOGIN_REQUIRED)
		return say(rq, "You are not signed in any more. Sign in and try once more.");
	if (e->kind == CSRF)
		return say(rq, "This form is out of date or was not sent from our own page, so nothing was done. Go "
			       "back, reload the page and try once more.");
	return page_text(rq, e);
}

/* A form whose file is too large is shown again: what was wrong with it stands there. False: it is another failure. */
static bool file_too_large(struct request *rq, struct response *rs, err_t e)
{
	/* clang-format off */
	static const struct { handler *posted; err_t (*again)(struct request *rq, struct response *rs, err_t e); const char *field; } forms[] = {
		{ calendar_import_post, calendar_import_again, "file" },
		{ account_picture_post, account_again, "picture" },
		{ app_logo_post, app_again, "picture" },
	};
	/* clang-format on */
	if (e->kind != TOO_LARGE || !rq->route || rq->route->body != BODY_FILES)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].posted == rq->route->run)
			return forms[i].again(rq, rs,
				       REFUSE(&rq->cx, TOO_LARGE, forms[i].field,
					       "This file is too large: at most %zu MB are taken here.",
					       rq->route->body_max / MIB(1))) == OK;
	return false;
}

/* Where somebody goes on whose page is not there: the list that it would stand in, or where another link is asked for.
 */
static void next_step(struct request *rq, struct html_values *v)
{
	static const struct {
		const char *first, *second, *path, *label;
	} steps[] = {
		{ "link", "reset", "/forgot-password", SAY("Forgot your password?") },
		{ "link", "sign-up", "/sign-up", SAY("Create an account") },
		{ "link", "email", "/account", SAY("Profile") },
		{ "link", "confirm", "/account", SAY("Profile") },
		{ "link", "device", "/setup", SAY("Devices") },
		{ "calendar", NULL, "/calendar", SAY("Calendar") },
		{ "calendars", NULL, "/calendars", SAY("Calendars") },
		{ "booking-pages", NULL, "/booking-pages", SAY("Booking pages") },
		{ "setup", NULL, "/setup", SAY("Devices") },
		{ "connected-accounts", NULL, "/connected-accounts", SAY("Connected apps") },
		{ "keys", NULL, "/keys", SAY("API keys") },
		{ "apps", NULL, "/apps", SAY("My apps") },
		{ "webhooks", NULL, "/webhooks", SAY("Webhooks") },
		{ "logs", NULL, "/logs", SAY("Logs") },
		{ "security", NULL, "/security", SAY("Security") },
	};
	const struct path *path = &rq->path;
	for (size_t i = 0; i < ARRAY_LEN(steps) && path->count > 1; i++)
		if (str_eq(path->segments[0], str_of(steps[i].first)) &&
			(!steps[i].second || str_eq(path->segments[1], str_of(steps[i].second)))) {
			html_set(v, "next_path", str_of(steps[i].path));
			html_set(v, "next_label", say(rq, steps[i].label));
			return;
		}
}

void web_show_error(struct request *rq, struct response *rs, err_t e)
{
	if (lead_to_sign_in(rq, rs, e) || kept_form(rq, rs, e) || file_too_large(rq, rs, e))
		return;
	if (e->kind == PROOF_REQUIRED) {
		e = confirm_first(rq, rs);
		if (!e)
			return;
	}
	int status = page_status(e);
	recognise(rq, e);
	struct html_values *v = page_new(rq, title_of(status), "error");
	html_set(v, "status", str_fmt(rq->cx.mem, "%d", status));
	html_set(v, "alert", advice_of(rq, e));
	html_set_flag(v, "server_fault", status >= 500);
	html_set(v, "request_id", id_text(rq->cx.mem, "req", rq->cx.request_id));
	if (status == 404)
		next_step(rq, v);
	if (e->kind == LOGIN_REQUIRED)
		html_set(v, "sign_in", sign_in_link(rq));
	err_t broken = page_reply(rs, status, "error", v);
	if (broken) {
		log_event(LOG_ERROR, "error_page", LOG_STR("detail", broken->detail));
		buf_add(reply(rs, status, "text/plain; charset=utf-8"), err_text(e));
	}
}
