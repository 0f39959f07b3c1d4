/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/asked.h"

#include "server/account/account.h"
#include "server/account/throttle.h"
#include "server/base/address.h"
#include "server/base/log.h"
#include "server/db/query.h"
#include "server/mail/message.h"
#include "server/mail/reset.h"
#include "server/mail/sign_up.h"
#include "sql.h"

#define HOUR_S 3600
#define LETTERS_A_RUN 20
#define AGAIN_S 60 /* there is room again by then */

DB_RESULT(letter_take, struct asked, id, purpose, account, email, network, language);

struct noted {
	bool noted;
	struct str dropped;
};
DB_RESULT(letter_ask, struct noted, noted, dropped);

err_t letter_ask(struct ctx *cx, enum mailbox_purpose purpose, struct str email, struct str language)
{
	bool reset = purpose == MAILBOX_RESET;
	struct str folded;
	if (!mailbox_is_possible(cx))
		return FAIL(cx, MAIL_NOT_CONFIGURED, "no way to mail a link");
	/* What is no address is nobody's: to say so tells of no account, and who mistyped theirs waits for no letter.
	 */
	TRY(email_fold(cx, email, &folded));
	if (!mail_is_address(folded))
		return REFUSE(cx, INVALID_VALUE, "email", "Mail cannot go to this address.");
	const struct throttle limits[] = {
		{ reset ? "reset of address" : "sign-up of address", folded, ASKS_AN_HOUR, HOUR_S },
		{ reset ? "resets from network" : "sign-up", address_network(cx->mem, cx->client_ip),
			ASKS_FROM_A_NETWORK, HOUR_S },
	};
	TRY(throttle_take(cx, limits, ARRAY_LEN(limits)));
	struct str network = address_coarse(cx->mem, cx->client_ip);
	struct noted row;
	TRY(db_row(cx, &sql_letter_ask, ROW(letter_ask, &row), IN(id_new(cx->now)), IN((int16_t)purpose), IN(folded),
		IN(network.ptr ? network : STR("")), IN(language)));
	if (row.dropped.ptr)
		log_event(LOG_WARN, "letter_dropped", LOG_STR("network", row.dropped));
	if (row.noted)
		return OK;
	struct err *e = FAIL(cx, UNAVAILABLE, "too many wait for a letter");
	e->retry_after_s = AGAIN_S;
	return e;
}

static err_t write_one(struct ctx *cx, const struct asked *who)
{
	if (who->purpose == MAILBOX_SIGN_UP)
		return sign_up_letter(cx, who);
	return id_is_zero(who->account) ? OK : reset_letter(cx, who);
}

/* What cannot be written must not hold up all that come after it: whoever asked may ask again. The others are taken
 * anew. */
static err_t drop(struct ctx *cx, const struct asked *who, err_t why)
{
	log_event(LOG_ERROR, "letter_not_written", LOG_STR("network", who->network),
		LOG_C("error", err_row(why->kind)->name), LOG_STR("detail", err_logged(why)));
	db_rollback(cx);
	cx->found = true;
	return db_exec(cx, &sql_letter_drop, NULL, IN(who->id));
}

err_t asked_write(struct ctx *cx, void *unused)
{
	struct asked *rows;
	size_t count;
	(void)unused;
	if (!mailbox_is_possible(cx))
		return OK;
	TRY(db_begin(cx));
	TRY(db_rows(cx, &sql_letter_take, letter_take, &rows, &count, IN(LETTERS_A_RUN), IN(cx->now)));
	for (size_t i = 0; i < count; i++) {
		err_t e = write_one(cx, &rows[i]);
		if (e && !err_passes(e))
			return drop(cx, &rows[i], e);
		TRY(e);
	}
	return db_commit(cx);
}
