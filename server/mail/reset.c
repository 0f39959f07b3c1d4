/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/reset.h"

#include "server/account/audit.h"
#include "server/base/config.h"
#include "server/crypto/password.h"
#include "server/db/query.h"
#include "server/mail/letter.h"
#include "sql.h"

struct reached {
	struct str email;
};
DB_RESULT(mailbox_reset, struct reached, email);

err_t reset_letter(struct ctx *cx, const struct asked *who)
{
	struct str path, brand = cx->config->brand;
	struct locale locale = locale_of(who->language, 0);
	struct letter *letter = letter_new(cx, locale.language, "Set a new password", NULL);
	letter_was_asked_for(letter);
	TRY(mailbox_link_new(cx, who->account, MAILBOX_RESET, "reset", who->email, RESET_LINK_S, &path));
	letter_say(letter, "Somebody asked for a new password of your account at {brand}.", "brand", brand, NULL);
	letter_fact(letter, "From the network", who->network);
	letter_link(letter, "Set a new password", path);
	letter_say(letter,
		"The link is good for 30 minutes, and once. If this wasn't you, there is nothing to do: your password "
		"stays as it is.",
		NULL);
	return letter_send(cx, letter, who->account, who->email, NULL);
}

err_t reset_password(struct ctx *cx, struct str token, struct str password)
{
	struct reached row;
	struct bytes link;
	struct mailbox_link about;
	struct str hash;
	struct id live;
	/* First, so that who guesses links makes no work. */
	TRY(mailbox_link_read(cx, MAILBOX_RESET, token, &about));
	TRY(mailbox_token_read(cx, token, &live, &link));
	TRY(password_hash(cx, password, &hash));
	TRY(db_row(cx, &sql_mailbox_reset, ROW(mailbox_reset, &row), IN(live), IN(id_in_mode(live, true)), IN(link),
		IN(hash), IN(cx->now), IN(audit_by(cx))));
	return row.email.ptr ? OK : REFUSE(cx, NOT_FOUND, "", "This link was used already. Ask for a new one.");
}
