/* SPDX-License-Identifier: Apache-2.0 */
/* The consent page: the form names a stored request, and can only narrow it. */
#include "oauth/consent.h"

#include "oauth/answer.h"
#include "oauth/authorize.h"
#include "server/auth/scope.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/http/access.h"
#include "web/lifetimes.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/apps.h"
#include "web/ticks.h"

#define SCOPES_OF_PERSON (PROFILE_READ | SCOPES_IDENTITY) /* who they are, and nothing of what they do */

/* Ready answers to what is asked; what only some of it would be is offered where it is less than all. */
/* clang-format off */
static const struct preset { const char *value, *label; uint64_t scopes; } presets[] = {
	{ "all",       SAY("Everything it asks for"),        SCOPES_ASKABLE },
	{ "read",      SAY("Only see, and change nothing"),  CALENDARS_READ | EVENTS_READ | SCOPES_OF_PERSON },
	{ "free_busy", SAY("Only see when you are busy"),    CALENDARS_READ | SCOPES_OF_PERSON },
};
/* clang-format on */
#define CUSTOM "custom"

static bool is_offered(size_t preset, uint64_t asked)
{
	uint64_t given = asked & presets[preset].scopes;
	if (!preset) /* a choice needs another */
		return is_offered(1, asked) || is_offered(2, asked);
	return given && given != (asked & presets[preset - 1].scopes) && (given & ~(uint64_t)SCOPES_OF_PERSON);
}

static struct consent_user user_of(const struct request *rq)
{
	if (!rq->principal)
		return (struct consent_user){ 0 };
	return (struct consent_user){ rq->principal->account, rq->principal->auth_time, rq->principal->amr };
}

/* What ties a form to the request that it decides on: the token of the session is that of all its forms. */
static struct str request_tag(struct request *rq, struct str reference)
{
	struct arena *mem = rq->cx.mem;
	uint8_t tag[SHA256_SIZE];
	struct str text = str_cat(mem, id_text(mem, "acc", rq->principal->account), reference);
	hmac_sha256(keyring_key(rq->cx.keys, mem, "consent-form"), bytes_of(text.ptr, text.len), tag);
	return hex_of(mem, bytes_of(tag, sizeof tag));
}

static err_t check_tag(struct request *rq, struct str reference)
{
	struct str given = form_get(&rq->form, "request_tag");
	if (!rq->principal) /* they sign in, and are asked again */
		return OK;
	struct str expected = request_tag(rq, reference);
	if (!bytes_same(bytes_of(given.ptr, given.len), bytes_of(expected.ptr, expected.len)))
		return FAIL(&rq->cx, CSRF, "form of another request");
	return OK;
}

/* In words for people, where the domain's own would be for developers. */
static err_t explained(struct request *rq, err_t e)
{
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "",
			"This request is not known or older than ten minutes. Go back to the app and start again.");
	if (err_is(e, CONFLICT))
		return REFUSE(&rq->cx, CONFLICT, "",
			"This request was answered already. Go back to the app; if it is not connected, start again "
			"there.");
	return e;
}

static void lead_to_sign_in(struct request *rq, struct response *rs, struct str reference)
{
	reply_redirect(rs, 303, authorize_sign_in_url(rq->cx.mem, reference, STR_ABSENT, rq->principal != NULL));
}

static struct html_values *view_values(struct request *rq, struct str reference, const struct consent_view *view)
{
	struct html_values *v = page_new(rq, "Allow access?", NULL);
	int64_t left_s = instant_s(view->request.expires_at) - instant_s(rq->cx.now);

	html_set(v, "request", reference);
	html_set(v, "request_tag", request_tag(rq, reference));
	html_set(v, "app_name", view->client.name);
	html_set(v, "app_initials", page_initials(rq->cx.mem, view->client.name));
	html_set(v, "owner", view->client.owner_name);
	html_set_flag(v, "own_scheme", view->own_scheme);
	html_set(v, "described_at", view->client.url);
	html_set_flag(v, "verified", view->client.verified);
	html_set(v, "redirect_host", view->redirect_host);
	html_set(v, "redirect_uri", view->request.redirect_uri);
	html_set_flag(v, "loopback", view->loopback);
	html_set_flag(v, "by_device", view->request.device.hash.ptr != NULL);
	html_set(v, "user_code", view->request.device.user_code);
	html_set(v, "device_ip", view->request.device.ip);
	html_set(v, "device_agent", view->request.device.agent);
	html_set_flag(v, "test", view->test);
	html_set_flag(v, "signs_in", !(view->request.scopes & SCOPES_ALL)); /* no calendar is concerned */
	html_set_flag(v, "connected", view->connected);
	html_set(v, "good_for",
		say_count(rq, (left_s + 59) / 60, SAY("This page is good for 1 more minute."),
			SAY("This page is good for {n} more minutes.")));
	html_set(v, "switch_url", authorize_sign_in_url(rq->cx.mem, reference, STR_ABSENT, true));
	page_when(rq, v, "app_since", view->client.created_at);
	page_when(rq, v, "has_since", view->authorized_at);
	ticks_of_scopes(rq, v, "has", view->granted, 0, 0);
	return v;
}

/* A logo that nobody looked at could be that of somebody else: letters stand for it. */
static err_t logo_value(struct request *rq, struct html_values *v, const struct consent_view *view)
{
	return view->client.verified ? app_logo_value(rq, v, view->client.id) : OK;
}

static void preset_rows(struct request *rq, struct html_values *v, const struct consent_view *view, struct str chosen)
{
	for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
		if (!is_offered(i, view->request.scopes))
			continue;
		struct html_values *row = html_add_row(v, "presets");
		html_set(row, "value", str_of(presets[i].value));
		html_set(row, "label", say(rq, presets[i].label));
		html_set_flag(row, "chosen", chosen.len ? str_eq(chosen, str_of(presets[i].value)) : !i);
		ticks_of_scopes(rq, row, "gives", view->request.scopes & presets[i].scopes, 0,
			view->connected ? view->granted : ~UINT64_C(0));
	}
	html_set_flag(v, "has_presets", is_offered(0, view->request.scopes));
	html_set_flag(v, "custom", str_eq(chosen, STR(CUSTOM)));
}

/* What can be answered, with these answers given: of a form that was sent, or of before. */
static void choices(struct request *rq, struct html_values *v, const struct consent_view *view,
	const struct decision *chosen, struct str lifetime)
{
	preset_rows(rq, v, view, form_get(&rq->form, "access"));
	ticks_of_scopes(
		rq, v, "scopes", view->request.scopes, chosen->scopes, view->connected ? view->granted : ~UINT64_C(0));
	ticks_of_calendars(rq->cx.mem, v, view->calendars, view->calendar_count, chosen->calendars);
	html_set_flag(v, "only_some", chosen->calendars.items != NULL || view->request.calendars.items);
	html_set_flag(v, "asked_some", view->request.calendars.items != NULL);
	html_set_flag(v, "none_here", !view->calendar_count);
	lifetimes_offer(rq, v, LIFETIME_OF_CONSENT, INSTANT_NONE,
		lifetime.ptr ? lifetime : lifetime_within(LIFETIME_OF_CONSENT, view->lifetime_s));
}

err_t consent_page(struct request *rq, struct response *rs)
{
	struct consent_user user = user_of(rq);
	struct consent_view view;
	const struct form *params;

	TRY(request_params(rq, &params));
	struct str reference = form_get(params, "request");
	err_t e = consent_load(&rq->cx, reference, &user, &view);
	if (err_is(e, LOGIN_REQUIRED)) {
		lead_to_sign_in(rq, rs, reference);
		return OK;
	}
	if (e)
		return explained(rq, e);
	struct html_values *v = view_values(rq, reference, &view);
	TRY(logo_value(rq, v, &view));
	const struct decision before = { .scopes = view.request.scopes, .calendars = view.chosen };
	choices(rq, v, &view, &before, STR_ABSENT);
	return page_reply_to(rs, 200, "consent", v, FORMS_LEAD_AWAY);
}

/* What could be read in two ways is no decision, as OAuth 2.1 §3.1 has it for every parameter. */
static err_t check_single(struct request *rq)
{
	static const char *const single[] = { "request", "request_tag", "decision", "access", "calendars", "lifetime" };
	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		if (form_count(&rq->form, single[i]) > 1)
			return REFUSE(&rq->cx, INVALID_VALUE, single[i], "The field %s was sent twice.", single[i]);
	return OK;
}

/* A preset leaves of what was asked what it is for: consent_decide() cuts it to that. */
static err_t read_access(struct request *rq, struct decision *out)
{
	struct str sent = form_get(&rq->form, "access");
	if (!sent.ptr || str_eq(sent, STR(CUSTOM)))
		return ticks_read_scopes(rq, &out->scopes);
	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (str_eq(sent, str_of(presets[i].value))) {
			out->scopes = presets[i].scopes;
			out->preset = true;
			return OK;
		}
	return REFUSE(&rq->cx, INVALID_VALUE, "access", "Choose what the app may do.");
}

static err_t read_decision(struct request *rq, struct decision *out)
{
	struct str sent = form_get(&rq->form, "decision");
	*out = (struct decision){ .allow = str_eq(sent, STR("allow")) };
	TRY(check_single(rq));
	if (!out->allow && !str_eq(sent, STR("deny")))
		return REFUSE(&rq->cx, INVALID_VALUE, "decision", "Choose to allow or to deny the access.");
	if (!out->allow)
		return OK;
	TRY(read_access(rq, out));
	if (!out->scopes)
		return REFUSE(
			&rq->cx, INVALID_VALUE, "scope", "Leave at least one permission ticked, or deny the access.");
	TRY(ticks_read_calendars(rq, &out->calendars));
	return lifetime_read(rq, LIFETIME_OF_CONSENT, "lifetime", &out->lifetime_s);
}

/* What the user can mend is shown on the page itself, with their ticks as they were. */
static err_t show_again(struct request *rq, struct response *rs, const struct decision *sent, err_t wrong)
{
	struct consent_user user = user_of(rq);
	struct consent_view view;
	struct str reference = form_get(&rq->form, "request");

	err_t e = consent_load(&rq->cx, reference, &user, &view);
	if (e)
		return explained(rq, e);
	struct html_values *v = view_values(rq, reference, &view);
	TRY(logo_value(rq, v, &view));
	const struct decision as_sent = { .scopes = sent->scopes, .calendars = ticks_sent_calendars(rq) };
	choices(rq, v, &view, &as_sent, form_get(&rq->form, "lifetime"));
	html_set_flag(
		v, "only_some", view.request.calendars.items || str_eq(form_get(&rq->form, "calendars"), STR("some")));
	return page_again_to(rs, "consent", v, wrong, FORMS_LEAD_AWAY);
}

err_t consent_post(struct request *rq, struct response *rs)
{
	struct consent_user user = user_of(rq);
	struct decision decision;
	struct str reference = form_get(&rq->form, "request");
	struct redirect_answer answer;

	TRY(check_tag(rq, reference));
	err_t e = read_decision(rq, &decision);
	if (!e && decision.allow && (decision.scopes & ~(uint64_t)SCOPES_OF_PERSON)) /* it outlives the session */
		TRY(access_need_proof(rq));
	if (!e)
		e = consent_decide(&rq->cx, reference, &user, &decision, &answer);
	if (err_is(e, INVALID_VALUE))
		return show_again(rq, rs, &decision, e);
	if (err_is(e, LOGIN_REQUIRED)) {
		lead_to_sign_in(rq, rs, reference);
		return OK;
	}
	if (e)
		return explained(rq, e);
	return answer_send(rq, rs, &answer);
}
