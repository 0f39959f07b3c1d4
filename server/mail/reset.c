/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/reset.h"

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/account/throttle.h"
#include "server/base/address.h"
#include "server/base/config.h"
#include "server/base/log.h"
#include "server/crypto/password.h"
#include "server/db/query.h"
#include "server/mail/letter.h"
#include "server/mail/mailbox.h"
#include "sql.h"

#define ASKS_AN_HOUR 5         /* for an address */
#define ASKS_FROM_A_NETWORK 20 /* in an hour */
#define LETTERS_A_RUN 20
#define AGAIN_S 60 /* there is room again by then */

struct asked {
	struct id account; /* zero: there is none, or it may not be signed in to */
	struct str email, network;
};
DB_RESULT(reset_take, struct asked, account, email, network);

struct noted {
	bool noted;
	struct str dropped;
};
DB_RESULT(reset_ask, struct noted, noted, dropped);

struct reached {
	struct str email;
};
DB_RESULT(mailbox_reset, struct reached, email);

err_t reset_ask(struct ctx *cx, struct str email)
{
	struct str folded = STR("");
	if (!mailbox_is_possible(cx))
		return FAIL(cx, MAIL_NOT_CONFIGURED, "no way to mail a link");
	if (email_fold(cx, email, &folded))
		folded = STR("");
	const struct throttle limits[] = {
		{ "reset of address", folded, ASKS_AN_HOUR, 3600 },
		{ "resets from network", address_network(cx->mem, cx->client_ip), ASKS_FROM_A_NETWORK, 3600 },
	};
	/* What is no address is told apart neither: it counts for the network alone. */
	TRY(throttle_take(cx, folded.len ? limits : limits + 1, folded.len ? 2 : 1));
	struct str network = address_coarse(cx->mem, cx->client_ip);
	struct noted row;
	TRY(db_row(cx, &sql_reset_ask, ROW(reset_ask, &row), IN(id_new(cx->now)), IN(folded),
		IN(network.ptr ? network : STR(""))));
	if (row.dropped.ptr)
		log_event(LOG_WARN, "reset_dropped", LOG_STR("network", row.dropped));
	if (row.noted)
		return OK;
	struct err *e = FAIL(cx, UNAVAILABLE, "too many wait for a new password");
	e->retry_after_s = AGAIN_S;
	return e;
}

static err_t write_letter(struct ctx *cx, const struct asked *who)
{
	struct str path, brand = cx->config->brand;
	struct letter *letter = letter_new(cx, str_fmt(cx->mem, "%.*s: Set a new password", STR_ARG(brand)));
	TRY(mailbox_link_new(cx, who->account, MAILBOX_RESET, "reset", who->email, RESET_LINK_S, &path));
	letter_say(
		letter, str_fmt(cx->mem, "Somebody asked for a new password of your account at %.*s.", STR_ARG(brand)));
	letter_fact(letter, "From the network", who->network);
	letter_link(letter, STR("Set a new password"), path);
	letter_say(letter, STR("The link is good for 30 minutes, and once. If this wasn't you, there is nothing to do: "
			       "your password stays as it is."));
	return letter_send(cx, letter, who->account, who->email, NULL);
}

err_t resets_write(struct ctx *cx, void *unused)
{
	struct asked *rows;
	size_t count;
	(void)unused;
	if (!mailbox_is_possible(cx))
		return OK;
	TRY(db_begin(cx));
	TRY(db_rows(cx, &sql_reset_take, reset_take, &rows, &count, IN(LETTERS_A_RUN), IN(cx->now)));
	for (size_t i = 0; i < count; i++)
		if (!id_is_zero(rows[i].account))
			TRY(write_letter(cx, &rows[i]));
	return db_commit(cx);
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
