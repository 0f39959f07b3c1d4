/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key.h"

#include "caldav/calendar/sandbox.h"
#include "server/base/config.h"
#include "web/key_calendars.h"
#include "web/key_view.h"
#include "web/lifetimes.h"
#include "web/once.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/ticks.h"

/* ---- a new one ---- */

/* The form as it was sent, or empty. */
static err_t form_values(struct request *rq, struct html_values **out)
{
	struct key_calendars calendars;
	struct html_values *v = page_new(rq, "Generate New Key", "keys");
	struct str kind = form_get(&rq->form, "kind");
	enum key_kind known;
	uint64_t ticked;

	lifetimes_offer(rq, v, LIFETIME_OF_NEW_KEY, INSTANT_NONE, form_get(&rq->form, "expires"));
	if (ticks_read_scopes(rq, &ticked))
		ticked = 0;
	ticks_of_scopes(rq, v, "scopes", SCOPES_ALL, ticked, 0);
	TRY(key_calendars_load(rq, &calendars));
	key_calendars_offer(rq, v, &calendars);
	html_set(v, "name_value", form_get(&rq->form, "name"));
	static const char *const limits[] = { "allowed_ips", "allowed_origins", "rate_limit" };
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct str sent = form_get(&rq->form, limits[i]);
		html_set(v, limits[i], sent);
		if (sent.len)
			html_set_flag(v, "limited", true);
	}
	html_set_flag(v, "mode_test", page_asks_for_test(rq));
	if (!key_kind_parse(kind, &known)) /* a key of an account is of live data */
		known = page_asks_for_test(rq) ? KEY_SECRET : KEY_ACCOUNT;
	html_set_flag(v, str_c(rq->cx.mem, str_fmt(rq->cx.mem, "kind_%s", key_kind_name(known))), true);
	*out = v;
	return OK;
}

err_t key_form_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	bool is_free;
	TRY(form_values(rq, &v));
	TRY(key_plan_values(rq, v, &is_free));
	return page_reply(rs, 200, "key_form", v);
}

/*
 * The one time that a key is shown: in the answer itself, never stored and never at an address of its own. A reload
 * would send the form again, which the browser asks about.
 */
static err_t show_secret(struct request *rq, struct response *rs, const struct key *k, struct str secret, bool rotated)
{
	struct html_values *v = page_new(rq, rotated ? SAY("Your new key") : SAY("Your key is ready"), "keys");
	key_view_values(rq, v, k);
	html_set(v, "secret", secret);
	html_set(v, "public_url", rq->cx.config->public_url);
	html_set_flag(v, "was_rotated", rotated);
	html_set_flag(v, "for_calendar", k->kind == KEY_ACCOUNT);
	html_set_flag(v, "for_api", k->kind != KEY_PUBLISHABLE);
	return page_reply(rs, 200, "key_new", v);
}

/* Words with blanks or commas between. */
static struct str_list words_of(struct arena *mem, struct str text)
{
	struct str *words = arena_array(mem, struct str, text.len / 2 + 1);
	size_t count = 0, begin = 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != ' ' && text.ptr[i] != ',')
			continue;
		if (i > begin)
			words[count++] = (struct str){ text.ptr + begin, i - begin };
		begin = i + 1;
	}
	return count ? (struct str_list){ words, count } : (struct str_list){ 0 };
}

static err_t read_limits(struct request *rq, struct key_limits *out)
{
	struct arena *mem = rq->cx.mem;
	struct str rate = form_get(&rq->form, "rate_limit");
	uint64_t number = 0;
	if (rate.len && (!str_to_u64(rate, KEY_RATE_MAX, &number) || number == 0))
		return REFUSE(
			&rq->cx, INVALID_VALUE, "rate_limit", "A rate is 1 to %d requests a second.", KEY_RATE_MAX);
	*out = (struct key_limits){
		.ips = words_of(mem, form_get(&rq->form, "allowed_ips")),
		.origins = words_of(mem, form_get(&rq->form, "allowed_origins")),
		.rate = (int32_t)number,
	};
	return OK;
}

static err_t read_new(struct request *rq, struct key_new *out)
{
	struct key_new in = {
		.account = rq->principal->account,
		.name = form_get(&rq->form, "name"),
		.expires_at = INSTANT_NONE,
	};
	int64_t lifetime_s;
	if (!key_kind_parse(form_get(&rq->form, "kind"), &in.kind))
		return REFUSE(&rq->cx, INVALID_VALUE, "kind", "Choose what kind of key it shall be.");
	TRY(lifetime_read(rq, LIFETIME_OF_NEW_KEY, "expires", &lifetime_s));
	TRY(read_limits(rq, &in.limits));
	struct str mode = form_get(&rq->form, "mode");
	in.test = str_eq(mode, STR("test"));
	if (mode.len && !in.test && !str_eq(mode, STR("live")))
		return REFUSE(&rq->cx, INVALID_VALUE, "mode", "Choose live or test data.");
	if (in.test)
		TRY(sandbox_ahead(&rq->cx, id_in_mode(in.account, true), &rq->cx.ahead_s));
	if (lifetime_s)
		in.expires_at = instant_add_s(account_now(&rq->cx), lifetime_s);
	if (in.kind == KEY_RESTRICTED) {
		TRY(ticks_read_scopes(rq, &in.scopes));
		if (!in.scopes)
			return REFUSE(&rq->cx, INVALID_VALUE, "scope", "Tick what the restricted key may do.");
		TRY(key_calendars_read(rq, in.test, &in.calendars));
	}
	*out = in;
	return OK;
}

err_t keys_create(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct key_new in;
	struct key made;
	struct str secret;
	struct once once;
	bool is_free, done;

	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	TRY(form_values(rq, &v));
	TRY(key_plan_values(rq, v, &is_free));
	err_t e = is_free ? FAIL(&rq->cx, PLAN_REQUIRED, "a key on the free plan") : read_new(rq, &in);
	if (!e)
		e = key_create(&rq->cx, &in, &made, &secret);
	e = once_end(rq, &once, e, e ? STR("") : once_path(rq, "/keys", "key", made.id, true));
	if (!e)
		return show_secret(rq, rs, &made, secret, false);
	return page_again(rs, "key_form", v, e);
}

/* ---- rotate and revoke ---- */

static err_t confirm_page(struct request *rq, struct response *rs, const char *name, const char *title)
{
	struct key k;
	TRY(key_in_path(rq, &k));
	if (!instant_is_none(k.revoked_at))
		return REFUSE(&rq->cx, CONFLICT, "", "This key is revoked already.");
	struct html_values *v = page_new(rq, title, "keys");
	key_view_values(rq, v, &k);
	return page_reply(rs, 200, name, v);
}

err_t key_rotate_page(struct request *rq, struct response *rs)
{
	return confirm_page(rq, rs, "key_rotate", SAY("Rotate this key?"));
}

err_t key_rotate_post(struct request *rq, struct response *rs)
{
	struct key k, made;
	struct str secret;
	struct once once;
	bool done;
	TRY(key_in_path(rq, &k));
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = key_rotate(&rq->cx, rq->principal->account, k.id, &made, &secret);
	TRY(once_end(rq, &once, e, once_path(rq, "/keys", "key", k.id, true)));
	return show_secret(rq, rs, &made, secret, true);
}

err_t key_revoke_page(struct request *rq, struct response *rs)
{
	return confirm_page(rq, rs, "key_revoke", SAY("Revoke this key?"));
}

err_t key_revoke_post(struct request *rq, struct response *rs)
{
	struct key k, revoked;
	TRY(key_in_path(rq, &k));
	TRY(key_revoke(&rq->cx, rq->principal->account, k.id, &revoked));
	reply_redirect(rs, 303, STR("/keys?done=revoked"));
	return OK;
}
