/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/leaving.h"

#include <string.h>

#include "caldav/calendar/event/event.h"
#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/base/config.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/db/query.h"
#include "server/mail/invitation.h"
#include "server/mail/letter.h"
#include "sql.h"

#define TOKEN_S (15 * 60)
#define ROWS_AT_ONCE 1000
#define PORTIONS_A_RUN 200
#define CONTEXT STR("taken back")

DB_RESULT(
	leaving_counts, struct leaving_counts, calendars, objects, keys, connections, apps, app_users, pages, webhooks);

struct reached {
	bool found;
};
DB_RESULT(account_leave, struct reached, found);
DB_RESULT(account_take_back, struct reached, found);

struct found {
	struct id id;
	struct instant delete_at;
};
DB_RESULT(leaving_find, struct found, id, delete_at);

struct portion {
	int32_t count;
};
DB_RESULT(account_delete_some, struct portion, count);

/* What a token holds. */
struct grant {
	struct id account;
	struct instant until;
};

err_t leaving_count(struct ctx *cx, struct id account, struct leaving_counts *out)
{
	return db_row(cx, &sql_leaving_counts, ROW(leaving_counts, out), IN(id_in_mode(account, false)),
		IN(id_in_mode(account, true)));
}

static err_t write_letter(
	struct ctx *cx, struct id account, const struct leaving_owner *owner, struct instant delete_at)
{
	struct str zone = str_eq(owner->tz, STR("UTC")) ? STR_ABSENT : owner->tz;
	const struct event moment = { .start = delete_at, .end = delete_at, .zone = zone };
	struct letter *letter = letter_new(cx, owner->locale.language, "Your account will be deleted", NULL);
	letter_say(letter,
		"Your account at {brand} is deactivated, as you asked for: all browsers are signed out, and keys and "
		"connected apps are refused.",
		"brand", cx->config->brand, NULL);
	letter_fact(letter, "Deleted on", invitation_when(cx->mem, owner->locale, &moment));
	letter_say(letter,
		"Until then you can take it back, with all that is in it: sign in, and say so. If this wasn't you, do "
		"that now, and change your password.",
		NULL);
	letter_link(letter, "Sign in", STR("/sign-in"));
	return letter_send(cx, letter, account, owner->email, NULL);
}

err_t leaving_begin(struct ctx *cx, struct id account, const struct leaving_owner *owner, struct instant *delete_at_out)
{
	struct reached reached;
	struct id live = id_in_mode(account, false);
	struct instant delete_at = instant_add_s(cx->now, LEAVING_S);
	TRY(db_begin(cx));
	TRY(db_row(cx, &sql_account_leave, ROW(account_leave, &reached), IN(live), IN(id_in_mode(live, true)),
		IN(cx->now), IN(delete_at), IN(audit_by(cx))));
	if (!reached.found)
		return FAIL(cx, NOT_FOUND, "no such account");
	TRY(write_letter(cx, live, owner, delete_at));
	TRY(db_commit(cx));
	*delete_at_out = delete_at;
	return OK;
}

static struct bytes token_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "taken-back");
}

err_t leaving_find(struct ctx *cx, struct str email, struct instant *delete_at_out, struct str *token_out)
{
	struct found row;
	struct str folded;
	TRY(email_fold(cx, email, &folded));
	TRY(db_row(cx, &sql_leaving_find, ROW(leaving_find, &row), IN(folded), IN(cx->now)));
	const struct grant grant = { row.id, instant_add_s(cx->now, TOKEN_S) };
	*delete_at_out = row.delete_at;
	*token_out = base64url_of(
		cx->mem, seal(cx->mem, token_key(cx), CONTEXT, bytes_of((const uint8_t *)&grant, sizeof grant)));
	return OK;
}

static bool read_token(struct ctx *cx, struct str token, struct grant *out)
{
	struct bytes sealed, plain;
	if (!token.len || !base64url_to(cx->mem, token, &sealed) ||
		!unseal(cx->mem, token_key(cx), CONTEXT, sealed, &plain) || plain.len != sizeof *out)
		return false;
	memcpy(out, plain.ptr, sizeof *out);
	return out->until.us > cx->now.us;
}

static err_t too_old(struct ctx *cx)
{
	return REFUSE(cx, NOT_FOUND, "", "This page is too old. Sign in once more to take the account back.");
}

err_t leaving_token_read(struct ctx *cx, struct str token, struct id *account_out)
{
	struct grant grant;
	if (!read_token(cx, token, &grant))
		return too_old(cx);
	*account_out = grant.account;
	return OK;
}

err_t leaving_take_back(struct ctx *cx, struct str token)
{
	struct id account;
	struct reached reached;
	TRY(leaving_token_read(cx, token, &account));
	TRY(db_row(cx, &sql_account_take_back, ROW(account_take_back, &reached), IN(account),
		IN(id_in_mode(account, true)), IN(cx->now), IN(audit_by(cx))));
	return reached.found ? OK : too_old(cx);
}

err_t leaving_delete(struct ctx *cx, void *unused)
{
	struct portion row = { 1 };
	(void)unused;
	for (int i = 0; i < PORTIONS_A_RUN && row.count; i++) {
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(db_row(
			cx, &sql_account_delete_some, ROW(account_delete_some, &row), IN(cx->now), IN(ROWS_AT_ONCE)));
		arena_rewind(cx->mem, mark);
	}
	return OK;
}
