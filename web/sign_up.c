/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who makes an account themselves. Where mail is sent they name their address first, and go on by the link of a letter
 * (server/mail/sign_up.h); where none is sent all of it is one page. Where they came from (a consent page, most of the
 * time) stands in a cookie meanwhile: in the letter it would be a stranger's word, who may have asked for it.
 */
#include "server/mail/sign_up.h"

#include "caldav/calendar/sample.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/resources.h"
#include "server/account/throttle.h"
#include "server/base/address.h"
#include "server/base/config.h"
#include "server/http/access.h"
#include "server/http/cookie.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/zones.h"

#define BEGUN_COOKIE "sign_up"
#define BEGUN_MAX (4 * PATH_OCTETS_MAX)

static err_t refuse_closed(struct request *rq)
{
	if (sign_up_is_open(rq))
		return OK;
	return REFUSE(&rq->cx, NOT_FOUND, "", "Accounts are made by the operator of this server.");
}

/* ---- what a browser began ---- */

struct begun {
	struct str email, next;
};

static void remember(struct request *rq, struct response *rs, struct begun begun)
{
	struct buf text = buf_new(rq->cx.mem, BEGUN_MAX);
	form_add(&text, "email", begun.email);
	form_add(&text, "next", page_local_path(rq, begun.next));
	struct str whole = buf_str(&text);
	response_cookie(rs, BEGUN_COOKIE, base64url_of(rq->cx.mem, bytes_of((const uint8_t *)whole.ptr, whole.len)),
		SIGN_UP_LINK_S);
}

/* Its words are the browser's: shown to it, and gone through page_local_path(). Nothing where it began nothing. */
static struct begun remembered(struct request *rq)
{
	struct str cookie = request_cookie(rq, cookie_name(&rq->cx, BEGUN_COOKIE));
	struct bytes plain;
	struct form form;
	if (!cookie.len || !base64url_to(rq->cx.mem, cookie, &plain) || form_parse(&rq->cx, bytes_str(plain), &form))
		return (struct begun){ STR_ABSENT, STR_ABSENT };
	return (struct begun){ form_get(&form, "email"), form_get(&form, "next") };
}

/* ---- the account ---- */

static err_t make_account(struct request *rq, struct str token, struct account_new *in, struct account *out)
{
	struct ctx *cx = &rq->cx;
	in->name = form_get(&rq->form, "name");
	in->password = form_get(&rq->form, "password");
	in->language = catalogue_tag(request_language(rq));
	in->accounts_max = cx->config->accounts_max;
	if (!plan_parse(cx->config->default_plan, &in->plan))
		return FAIL(cx, INTERNAL, "default-plan is none");
	if (!in->password.len)
		return REFUSE(cx, MISSING_FIELD, "password", "A password is needed.");
	TRY(token.ptr ? sign_up_finish(cx, token, in, out) : account_create(cx, in, out));
	sample_put_in_test_mode(cx, out->id);
	return OK;
}

static err_t taken(struct request *rq, err_t e)
{
	if (!err_is(e, CONFLICT))
		return e;
	return REFUSE(
		&rq->cx, CONFLICT, "email", "There is an account with this e-mail address already. Sign in instead.");
}

static void enter(struct request *rq, struct response *rs, const struct account *account, struct str next)
{
	next = page_local_path(rq, next);
	sign_in_after(rq, rs, account->id, next,
		str_cat(rq->cx.mem, sign_in_address(rq, "/sign-in", next), STR("&done=signed-up")));
}

/* ---- the first page ---- */

static struct html_values *first_values(struct request *rq, struct str next, struct str email)
{
	struct html_values *v = sign_in_values(rq, "Create an account", next, email);
	html_set(v, "name_value", form_get(&rq->form, "name"));
	return v;
}

static const char *first_template(const struct request *rq)
{
	return mailbox_is_possible(&rq->cx) ? "sign_up_ask" : "sign_up";
}

/* After the form was sent: the same for everybody. */
static err_t sent_page(struct request *rq, struct response *rs)
{
	struct begun begun = remembered(rq);
	struct html_values *v = sign_in_values(rq, "Look into your mail", begun.next, begun.email);
	return page_reply(rs, 200, "sign_up_sent", v);
}

err_t sign_up_page(struct request *rq, struct response *rs)
{
	const struct form *params;
	TRY(refuse_closed(rq));
	TRY(request_params(rq, &params));
	if (str_eq(form_get(params, "done"), STR("sent")) && mailbox_is_possible(&rq->cx))
		return sent_page(rq, rs);
	struct html_values *v = first_values(rq, form_get(params, "next"), STR_ABSENT);
	return page_reply_to(rs, 200, first_template(rq), v, FORMS_LEAD_AWAY);
}

static err_t ask(struct request *rq, struct response *rs, struct begun begun)
{
	begun.email = str_trim(begun.email, STR_BLANK);
	if (!begun.email.len)
		return REFUSE(&rq->cx, MISSING_FIELD, "email", "Enter your e-mail address.");
	TRY(sign_up_ask(&rq->cx, begun.email, catalogue_tag(request_language(rq))));
	remember(rq, rs, begun);
	reply_redirect(rs, 303, STR("/sign-up?done=sent"));
	return OK;
}

static err_t make_at_once(struct request *rq, struct response *rs, struct begun begun)
{
	const struct throttle limit = { "sign-up", address_network(rq->cx.mem, rq->cx.client_ip), ASKS_FROM_A_NETWORK,
		3600 };
	struct account_new in = { .email = begun.email };
	struct account account;
	if (form_get(&rq->form, "password").len) /* else nothing is tried */
		TRY(throttle_take(&rq->cx, &limit, 1));
	TRY(taken(rq, make_account(rq, STR_ABSENT, &in, &account)));
	enter(rq, rs, &account, begun.next);
	return OK;
}

err_t sign_up_post(struct request *rq, struct response *rs)
{
	const struct begun begun = { form_get(&rq->form, "email"), form_get(&rq->form, "next") };
	TRY(refuse_closed(rq));
	err_t e = mailbox_is_possible(&rq->cx) ? ask(rq, rs, begun) : make_at_once(rq, rs, begun);
	if (!e)
		return OK;
	return page_again_to(rs, first_template(rq), first_values(rq, begun.next, begun.email), e, FORMS_LEAD_AWAY);
}

/* ---- the link of the letter ---- */

/* Guesses at links are visits, and counted as those. */
static err_t link_values(struct request *rq, struct html_values **out)
{
	struct str email;
	TRY(refuse_closed(rq));
	TRY(access_count_visit(rq));
	TRY(sign_up_link_read(&rq->cx, rq->args[0], &email));
	struct html_values *v = page_new(rq, "Create your account", NULL);
	html_set(v, "token", rq->args[0]);
	html_set(v, "link_email", email);
	html_set(v, "name_value", form_get(&rq->form, "name"));
	html_set(v, "tz_value", form_count(&rq->form, "tz") ? form_get(&rq->form, "tz") : STR("UTC"));
	zones_offer(v);
	*out = v;
	return OK;
}

err_t link_sign_up_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(link_values(rq, &v));
	return page_reply_to(rs, 200, "link_sign_up", v, FORMS_LEAD_AWAY);
}

static err_t make_by_link(struct request *rq, struct account *out)
{
	struct str tz = str_trim(form_get(&rq->form, "tz"), STR_BLANK);
	const struct zone *zone = tz.len ? zone_by_name(tz) : NULL;
	if (!zone)
		return REFUSE(&rq->cx, INVALID_VALUE, "tz",
			"This time zone is not known. Use a name like Europe/Berlin or America/New_York.");
	struct account_new in = { .tz = zone_name(zone) };
	return taken(rq, make_account(rq, rq->args[0], &in, out));
}

err_t link_sign_up_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct account account;
	TRY(link_values(rq, &v));
	err_t e = make_by_link(rq, &account);
	if (e)
		return page_again_to(rs, "link_sign_up", v, e, FORMS_LEAD_AWAY);
	struct str next = remembered(rq).next;
	response_cookie(rs, BEGUN_COOKIE, STR(""), 0);
	enter(rq, rs, &account, next);
	return OK;
}
