/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/sign_up.h"

#include "server/account/account.h"
#include "server/base/config.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "server/mail/letter.h"
#include "sql.h"

struct noted {
	bool noted;
	struct str dropped;
};
DB_RESULT(sign_up_put, struct noted, noted, dropped);

struct found {
	struct str email;
};
DB_RESULT(sign_up_find, struct found, email);

err_t sign_up_ask(struct ctx *cx, struct str email, struct str language)
{
	TRY(account_room(cx, cx->config->accounts_max));
	return letter_ask(cx, MAILBOX_SIGN_UP, email, language);
}

/* ---- letters ---- */

static struct letter *begin(struct ctx *cx, const char *subject, const char *text, const struct asked *who)
{
	struct letter *letter = letter_new(cx, locale_of(who->language, 0).language, subject, NULL);
	letter_say(letter, text, "brand", cx->config->brand, NULL);
	letter_fact(letter, "From the network", who->network);
	letter_was_asked_for(letter);
	return letter;
}

static err_t tell_owner(struct ctx *cx, const struct asked *who)
{
	struct letter *letter = begin(cx, SAY("You have an account"),
		SAY("Somebody wants to create an account at {brand} with this address, and there is one already: "
		    "yours. Sign in to it."),
		who);
	letter_link(letter, "Sign in", STR("/sign-in"));
	letter_link(letter, "If you forgot the password, set a new one", STR("/forgot-password"));
	letter_say(letter,
		"If this wasn't you, there is nothing to do: nothing changes, and whoever it was is not told that you "
		"have an account.",
		NULL);
	return letter_send(cx, letter, who->account, who->email, NULL);
}

err_t sign_up_letter(struct ctx *cx, const struct asked *who)
{
	if (!id_is_zero(who->account))
		return tell_owner(cx, who);
	if (!mail_is_address(who->email))
		return OK;
	const struct secret_parts parts = { .kind = SECRET_MAILBOX, .account = id_new(cx->now) };
	struct str token = secret_new(cx->mem, &parts, (struct bytes){ NULL, 0 });
	struct noted row;
	TRY(db_row(cx, &sql_sign_up_put, ROW(sign_up_put, &row), IN(parts.account), IN(who->email),
		IN(secret_hash(cx->mem, token)), IN(who->network), IN(instant_add_s(cx->now, SIGN_UP_LINK_S))));
	if (row.dropped.ptr)
		log_event(LOG_WARN, "sign_up_dropped", LOG_STR("network", row.dropped));
	if (!row.noted)
		return OK;
	struct letter *letter = begin(cx, SAY("Create your account"),
		SAY("Somebody wants to create an account at {brand} with this address. Go on if this was you:"), who);
	letter_link(letter, "Create the account", str_cat(cx->mem, STR("/link/sign-up/"), token));
	letter_say(letter,
		"The link is good for 24 hours, and once. If this wasn't you, there is nothing to do: there is no "
		"account without it.",
		NULL);
	return letter_send(cx, letter, parts.account, who->email, NULL);
}

/* ---- coming back ---- */

err_t sign_up_link_read(struct ctx *cx, struct str token, struct str *email_out)
{
	struct found row;
	struct bytes hash;
	struct id id;
	TRY(mailbox_token_read(cx, token, &id, &hash));
	err_t e = db_row(cx, &sql_sign_up_find, ROW(sign_up_find, &row), IN(id), IN(hash), IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "",
			"This link was used already, is too old, or a newer letter took its place. Ask for a new one.");
	TRY(e);
	*email_out = row.email;
	return OK;
}

err_t sign_up_finish(struct ctx *cx, struct str token, const struct account_new *in, struct account *out)
{
	struct account_new whole = *in;
	TRY(sign_up_link_read(cx, token, &whole.email));
	whole.email_known = true;
	return account_create(cx, &whole, out); /* once for an address; the link ends with it */
}
