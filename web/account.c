/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account.h"

#include "caldav/calendar/zone/zone.h"
#include "server/account/hold.h"
#include "server/account/label.h"
#include "server/account/second_factor.h"
#include "server/account/session.h"
#include "server/account/resources.h"
#include "server/db/query.h"
#include "server/http/access.h"
#include "server/mail/mailbox.h"
#include "web/manner.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/stale.h"
#include "web/zones.h"

/* "" is: as the browser says. */
static void offer_languages(struct html_values *v, struct str chosen)
{
	struct html_values *english = html_add_row(v, "languages");
	html_set(english, "tag", STR("en"));
	html_set(english, "language", STR("English"));
	html_set_flag(english, "chosen", str_eq(chosen, STR("en")));
	for (size_t i = 0; i < catalogue_language_count; i++) {
		struct str tag = str_of(catalogue_languages[i].tag);
		struct html_values *row = html_add_row(v, "languages");
		html_set(row, "tag", tag);
		html_set(row, "language", str_of(catalogue_languages[i].name));
		html_set_flag(row, "chosen", str_eq(chosen, tag));
	}
}

#define EDIT_FIELDS 5

static const struct stale_field *edit_fields(struct request *rq, const struct account *account)
{
	struct arena *mem = rq->cx.mem;
	struct stale_field *fields = arena_array(mem, struct stale_field, EDIT_FIELDS);
	struct str language = rq->principal->language, hours = manner_hours_word(rq->principal->hours),
		   week = manner_week_word(rq->principal->week_start), there = say(rq, "As where my browser is");
	fields[0] = (struct stale_field){ "name", SAY("Name"), stale_one(mem, account->name), STR_ABSENT };
	fields[1] = (struct stale_field){ "tz", SAY("Time zone"), stale_one(mem, account->tz), STR_ABSENT };
	fields[2] = (struct stale_field){ "language", SAY("Language"), stale_one(mem, language),
		language.len ? language : say(rq, "As my browser says") };
	fields[3] =
		(struct stale_field){ "hours", SAY("Time format"), stale_one(mem, hours), hours.len ? hours : there };
	fields[4] = (struct stale_field){ "week_start", SAY("Weeks begin with"), stale_one(mem, week),
		week.len ? week : there };
	return fields;
}

static err_t account_values(struct request *rq, unsigned conflicts, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Profile", "profile");
	struct account account;

	TRY(account_by_id(&rq->cx, rq->principal->account, &account));
	stale_values(rq, v, edit_fields(rq, &account), EDIT_FIELDS, conflicts);
	html_set(v, "name_value", account.name);
	html_set(v, "tz_value", account.tz);
	picture_form_values(rq, v);
	html_set(v, "account_email", account.email);
	html_set_flag(v, "email_confirmed", rq->principal->email_confirmed);
	html_set_flag(v, "mail_possible", mailbox_is_possible(&rq->cx));
	html_set(v, "account_id", id_text(rq->cx.mem, "usr", account.id));
	html_set(v, "plan", str_of(plan_name(account.plan)));
	page_when(rq, v, "created", account.created_at);
	offer_languages(
		v, form_count(&rq->form, "language") ? form_get(&rq->form, "language") : rq->principal->language);
	manner_offer(rq, v);
	zones_offer(v);
	*out = v;
	return OK;
}

err_t account_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(account_values(rq, 0, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "account", v);
}

static err_t again(struct request *rq, struct response *rs, unsigned conflicts, err_t e)
{
	struct html_values *v;
	if (page_status(e) >= 500)
		return e;
	TRY(account_values(rq, conflicts, &v));
	if (form_count(&rq->form, "name")) {
		html_set(v, "name_value", form_get(&rq->form, "name"));
		html_set(v, "tz_value", form_get(&rq->form, "tz"));
	}
	html_set(v, "email_value", form_get(&rq->form, "email"));
	return page_again(rs, "account", v, e);
}

err_t account_again(struct request *rq, struct response *rs, err_t e)
{
	return again(rq, rs, 0, e);
}

/* A zone that has two names keeps the one that is stored. */
static err_t save_profile(struct request *rq, const struct account *present)
{
	struct str name, tz = str_trim(form_get(&rq->form, "tz"), STR_BLANK);
	int16_t hours, week_start;
	TRY(label_clean(&rq->cx, "name", form_get(&rq->form, "name"), &name));
	const struct zone *zone = tz.len ? zone_by_name(tz) : NULL;
	if (!zone)
		return REFUSE(&rq->cx, INVALID_VALUE, "tz",
			"This time zone is not known. Use a name like Europe/Berlin or America/New_York.");
	TRY(manner_read(rq, &hours, &week_start));
	if (form_count(&rq->form, "language")) {
		struct str language = form_get(&rq->form, "language");
		const struct language *known;
		if (language.len && !catalogue_find(language, &known))
			return REFUSE(
				&rq->cx, INVALID_VALUE, "language", "These pages are not there in this language.");
		TRY(account_set_language(&rq->cx, rq->principal->account, language.len ? language : STR_ABSENT));
	}
	TRY(account_set_manner(&rq->cx, rq->principal->account, hours, week_start));
	return account_set_name(&rq->cx, rq->principal->account, name,
		zone == zone_by_name(present->tz) ? present->tz : zone_name(zone));
}

/* Read, checked and changed while nobody else changes it. */
static err_t edit_profile(struct request *rq, unsigned *conflicts)
{
	const struct id id = rq->principal->account;
	struct account account;
	TRY(row_hold(&rq->cx, HELD_ACCOUNT, id, id));
	TRY(account_by_id(&rq->cx, id, &account));
	TRY(stale_check(rq, edit_fields(rq, &account), EDIT_FIELDS, conflicts));
	return save_profile(rq, &account);
}

err_t account_profile_post(struct request *rq, struct response *rs)
{
	unsigned conflicts = 0;
	bool own;
	TRY(db_join(&rq->cx, &own));
	err_t e = db_settle(&rq->cx, own, edit_profile(rq, &conflicts));
	if (e)
		return again(rq, rs, conflicts, e);
	reply_redirect(rs, 303, STR("/account?done=saved"));
	return OK;
}

/* Who changes a password proves the old one, with the same limit on guessing as at sign-in. */
static err_t change_password(struct request *rq)
{
	struct str fresh = form_get(&rq->form, "new_password");
	struct account account;

	/* Who is signed in is known, whatever became of the cookie. */
	struct known_browser browser = { rq->principal->account, rq->principal->credential };
	err_t e = sign_in(&rq->cx, rq->principal->email, form_get(&rq->form, "current_password"), browser, &account);
	if (err_is(e, CREDENTIALS_INVALID))
		return REFUSE(&rq->cx, INVALID_VALUE, "current_password", "The current password is wrong.");
	TRY(e);
	if (!str_eq(fresh, form_get(&rq->form, "new_password_again")))
		return REFUSE(&rq->cx, INVALID_VALUE, "new_password", "The two new passwords are not the same.");
	e = account_set_password(&rq->cx, account.id, fresh);
	return err_is(e, INVALID_VALUE) ? err_about(rq->cx.mem, e, "new_password") : e;
}

/* All sessions end with the old password; this browser gets a new one. */
err_t account_password_post(struct request *rq, struct response *rs)
{
	struct second_factors factors;
	TRY(second_factors_of(&rq->cx, rq->principal->account, &factors));
	if (!instant_is_none(
		    factors.totp_since)) /* a stolen session and the password do not shut out who has the app */
		TRY(access_need_proof(rq));
	err_t e = change_password(rq);
	if (e)
		return account_again(rq, rs, e);
	sign_in_after(rq, rs, rq->principal->account, STR("/account?done=password"), STR("/sign-in?done=password"));
	return OK;
}
