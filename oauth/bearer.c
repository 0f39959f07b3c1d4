/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens as credentials (cat_). One statement on each request looks at the token, its family, its connection,
 * its client and its account: whatever was revoked is dead in the very next request, on every instance.
 */
#include "oauth/routes.h"
#include "oauth/tokens.h"
#include "server/account/account.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

struct bearer {
	struct id connected_account, client, platform, family;
	struct id_list calendars;
	uint64_t scopes;
	struct instant expires_at;
	int16_t audience, plan;
	struct str email, name, tz, api_version;
	int64_t ahead_s;
};
#define BEARER_COLS                                                                                                    \
	connected_account, client, platform, family, calendars, scopes, audience, expires_at, plan, email, name, tz,   \
		api_version, ahead_s
DB_RESULT(token_find_0, struct bearer, BEARER_COLS);
DB_RESULT(token_find_1, struct bearer, BEARER_COLS);
DB_RESULT(token_find_2, struct bearer, BEARER_COLS);
DB_RESULT(token_find_3, struct bearer, BEARER_COLS);

struct token_state {
	bool expired, bound, revoked, stopped;
	int16_t status;
};
DB_RESULT(token_state, struct token_state, expired, bound, revoked, stopped, status);

static const struct leaf {
	const struct query *find;
	const struct db_result *result;
} leaves[TOKEN_SLOTS] = {
	{ &sql_token_find_0, &db_result_token_find_0 },
	{ &sql_token_find_1, &db_result_token_find_1 },
	{ &sql_token_find_2, &db_result_token_find_2 },
	{ &sql_token_find_3, &db_result_token_find_3 },
};

/* The hour is not trusted, but altering it changes the hash: what it says can only make a token worse. */
static err_t check_hour(struct ctx *cx, const struct secret_parts *parts)
{
	int64_t now_s = instant_s(cx->now), hour_begins_s = (int64_t)parts->expiry_hour * 3600;
	if (now_s >= hour_begins_s + 3600)
		return FAIL(cx, TOKEN_EXPIRED, "by the hour inside it");
	if (hour_begins_s > now_s + ACCESS_LIFETIME_S)
		return FAIL(cx, TOKEN_INVALID, "its hour is too far ahead");
	return OK;
}

/* The statement found nothing that lives: what was wrong? */
static err_t refusal(struct ctx *cx, const struct secret_parts *parts, struct bytes hash)
{
	struct token_state state;
	err_t e = db_row(cx, &sql_token_state, ROW(token_state, &state), IN(parts->account), IN(hash),
		IN((int16_t)(parts->expiry_hour % TOKEN_SLOTS)));
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, TOKEN_INVALID, "unknown token");
	TRY(e);
	if (state.revoked || state.status == STATUS_DELETED)
		return FAIL(cx, TOKEN_REVOKED, "family or connection ended");
	if (state.stopped)
		return REFUSE(
			cx, TOKEN_REVOKED, "", "The account that the app of this token belongs to is deactivated.");
	if (state.expired)
		return FAIL(cx, TOKEN_EXPIRED, "expired");
	if (state.status == STATUS_DEACTIVATED)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "by token");
	return FAIL(cx, TOKEN_INVALID, state.bound ? "bound to a key, sent as Bearer" : "no reason found");
}

err_t bearer_authenticate(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	struct secret_parts parts;
	struct bearer row;
	if (sent->transport != VIA_BEARER || !secret_parse(cx->mem, sent->secret, &parts) ||
		parts.kind != SECRET_ACCESS)
		return FAIL(cx, TOKEN_INVALID, "not an access token, or not sent as Bearer");
	TRY(check_hour(cx, &parts));

	const struct leaf *leaf = &leaves[parts.expiry_hour % TOKEN_SLOTS];
	struct bytes hash = secret_hash(cx->mem, sent->secret);
	err_t e = db_row(cx, leaf->find, ((struct db_into){ leaf->result, &row }), IN(parts.account), IN(hash));
	if (err_is(e, NOT_FOUND))
		return refusal(cx, &parts, hash);
	TRY(e);
	if (row.plan < PLAN_PRO)
		return FAIL(cx, PLAN_REQUIRED, "by token");

	*out = (struct principal){ .kind = TOKEN,
		.account = parts.account,
		.credential = row.connected_account, /* what "last used" is kept for: tokens come and go */
		.scopes = row.scopes,
		.connected_account = row.connected_account,
		.client = row.client,
		.family = row.family,
		.platform = row.platform,
		.audience = row.audience,
		.calendars = row.calendars,
		.api_version = row.api_version,
		.email = row.email,
		.name = row.name,
		.tz = row.tz,
		.auth_time = INSTANT_NONE,
		.expires_at = row.expires_at,
		.ahead_s = row.ahead_s };
	return OK;
}
