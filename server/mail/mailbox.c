/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/mailbox.h"

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/account/throttle.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "server/mail/letter.h"
#include "sql.h"

#define LETTERS_AN_HOUR 5

struct reached {
	struct str email;
};

struct link_row {
	struct str email, account_email;
	bool confirmed;
};
DB_RESULT(mailbox_link_find, struct link_row, email, account_email, confirmed);
DB_RESULT(mailbox_confirm, struct reached, email);
DB_RESULT(mailbox_change, struct reached, email);

bool mailbox_is_possible(const struct ctx *cx)
{
	return cx->config->smtp_url.len || cx->config->mail_folder.len;
}

/* ---- links ---- */

static err_t refuse_link(struct ctx *cx)
{
	return REFUSE(cx, NOT_FOUND, "",
		"This link was used already, is too old, or a newer letter took its place. Ask for a new one.");
}

err_t mailbox_token_read(struct ctx *cx, struct str token, struct id *account_out, struct bytes *hash_out)
{
	struct secret_parts parts;
	if (!secret_parse(cx->mem, token, &parts) || parts.kind != SECRET_MAILBOX)
		return refuse_link(cx);
	*account_out = parts.account;
	*hash_out = secret_hash(cx->mem, token);
	return OK;
}

err_t mailbox_link_new(struct ctx *cx, struct id account, enum mailbox_purpose purpose, const char *word,
	struct str email, int64_t lifetime_s, struct str *path_out)
{
	const struct secret_parts parts = { .kind = SECRET_MAILBOX, .account = id_in_mode(account, false) };
	struct str token = secret_new(cx->mem, &parts, (struct bytes){ NULL, 0 });
	TRY(db_exec(cx, &sql_mailbox_link_put, NULL, IN(parts.account), IN((int16_t)purpose),
		IN(secret_hash(cx->mem, token)), IN(email), IN(instant_add_s(cx->now, lifetime_s))));
	*path_out = str_fmt(cx->mem, "/link/%s/%.*s", word, STR_ARG(token));
	return OK;
}

err_t mailbox_link_read(struct ctx *cx, enum mailbox_purpose purpose, struct str token, struct mailbox_link *out)
{
	struct link_row row;
	struct bytes hash;
	struct id account;
	TRY(mailbox_token_read(cx, token, &account, &hash));
	err_t e = db_row(cx, &sql_mailbox_link_find, ROW(mailbox_link_find, &row), IN(account), IN((int16_t)purpose),
		IN(hash), IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return refuse_link(cx);
	TRY(e);
	*out = (struct mailbox_link){
		.account = account, .email = row.email, .account_email = row.account_email, .confirmed = row.confirmed
	};
	return OK;
}

/* ---- asking ---- */

/* Neither an account nor an address gets more, whoever asks. */
static err_t take_room(struct ctx *cx, struct id account, struct str email)
{
	const struct throttle limits[] = {
		{ "letters of account", id_uuid(cx->mem, id_in_mode(account, false)), LETTERS_AN_HOUR, 3600 },
		{ "letters to address", email, LETTERS_AN_HOUR, 3600 },
	};
	return throttle_take(cx, limits, ARRAY_LEN(limits));
}

err_t mailbox_ask_confirm(struct ctx *cx, struct id account, struct str email, const struct language *language)
{
	struct str path;
	if (!mailbox_is_possible(cx))
		return OK;
	TRY(take_room(cx, account, email));
	struct letter *letter = letter_new(cx, language, "Confirm your e-mail address", NULL);
	TRY(db_begin(cx));
	TRY(mailbox_link_new(cx, account, MAILBOX_CONFIRM, "confirm", email, MAILBOX_LINK_S, &path));
	letter_say(letter, "An account with this address was made at {brand}. Confirm that it is yours:", "brand",
		cx->config->brand, NULL);
	letter_link(letter, "Confirm the address", path);
	letter_say(
		letter, "The link is good for 24 hours, and once. If this wasn't you, there is nothing to do.", NULL);
	TRY(letter_send(cx, letter, account, email, NULL));
	return db_commit(cx);
}

static err_t change_at_once(struct ctx *cx, struct id account, struct str email)
{
	struct reached row;
	err_t e = db_row(cx, &sql_mailbox_change, ROW(mailbox_change, &row), IN(id_in_mode(account, false)),
		IN(id_in_mode(account, true)), IN(((struct bytes){ NULL, 0 })), IN(email), IN(cx->now),
		IN(audit_by(cx)));
	if (err_is(e, CONFLICT))
		return REFUSE(cx, CONFLICT, "email", "There is an account with this e-mail address already.");
	return e;
}

err_t mailbox_ask_change(struct ctx *cx, struct id account, struct str now_email, struct str email,
	const struct language *language, bool *at_once)
{
	struct str folded, path;
	TRY(email_fold(cx, email, &folded));
	if (str_eq(folded, now_email))
		return REFUSE(cx, INVALID_VALUE, "email", "This is your e-mail address already.");
	*at_once = !mailbox_is_possible(cx);
	if (*at_once)
		return change_at_once(cx, account, folded);
	if (!mail_is_address(folded))
		return REFUSE(cx, INVALID_VALUE, "email", "Mail cannot go to this address.");
	TRY(take_room(cx, account, folded));
	struct letter *letter = letter_new(cx, language, "Confirm your new e-mail address", NULL);
	TRY(db_begin(cx));
	TRY(mailbox_link_new(cx, account, MAILBOX_CHANGE, "email", folded, MAILBOX_LINK_S, &path));
	letter_say(letter, "The owner of an account at {brand} wants to use this address for it:", "brand",
		cx->config->brand, NULL);
	letter_fact(letter, "Account", now_email);
	letter_fact(letter, "New address", folded);
	letter_link(letter, "Use this address", path);
	letter_say(letter,
		"The link is good for 24 hours, and once. If this wasn't you, there is nothing to do: nothing changes "
		"without it.",
		NULL);
	TRY(letter_send(cx, letter, account, folded, NULL));
	return db_commit(cx);
}

/* ---- coming back ---- */

err_t mailbox_confirm(struct ctx *cx, struct str token)
{
	struct reached row;
	struct bytes hash;
	struct id live;
	TRY(mailbox_token_read(cx, token, &live, &hash));
	TRY(db_row(cx, &sql_mailbox_confirm, ROW(mailbox_confirm, &row), IN(live), IN(id_in_mode(live, true)), IN(hash),
		IN(cx->now), IN(audit_by(cx))));
	return row.email.ptr ? OK : refuse_link(cx);
}

err_t mailbox_change(struct ctx *cx, struct str token)
{
	struct reached row;
	struct bytes hash;
	struct id live;
	TRY(mailbox_token_read(cx, token, &live, &hash));
	err_t e = db_row(cx, &sql_mailbox_change, ROW(mailbox_change, &row), IN(live), IN(id_in_mode(live, true)),
		IN(hash), IN(STR_ABSENT), IN(cx->now), IN(audit_by(cx)));
	if (err_is(e, CONFLICT))
		return REFUSE(cx, CONFLICT, "email",
			"There is another account with this e-mail address. It can be used for one account only.");
	TRY(e);
	return row.email.ptr ? OK : refuse_link(cx);
}
