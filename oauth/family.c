/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/family.h"

#include "server/account/account.h"
#include "server/db/query.h"
#include "sql.h"

struct family_state {
	struct instant revoked_at, code_used_at, code_expires_at, idle_expires_at;
	struct instant connection_ended_at, connection_expires_at;
	int16_t audience, revoked_why, status;
	int64_t ahead_s;
	struct bytes code_hash, refresh_hash, previous_hash;
};
DB_RESULT(family_state, struct family_state, revoked_at, revoked_why, code_hash, code_used_at, code_expires_at,
	refresh_hash, previous_hash, idle_expires_at, audience, connection_ended_at, connection_expires_at, status,
	ahead_s);

/* Of the request, not of what is stored. */
static const char *const other_fault = "verifier, redirect URI, scope or resource";

static bool is_past(const struct ctx *cx, struct instant t)
{
	return !instant_is_none(t) && !instant_before(account_now(cx), t);
}

/* NULL: nothing is wrong with this secret but the account's state. */
static const char *fault(const struct ctx *cx, const struct family_state *f, struct bytes hash)
{
	bool is_code = bytes_same(f->code_hash, hash),
	     is_refresh = bytes_same(f->refresh_hash, hash) || bytes_same(f->previous_hash, hash);
	if (!is_code && !is_refresh)
		return "not a secret of its family now";
	if (!instant_is_none(f->revoked_at))
		return "family revoked";
	if (is_code && (!instant_is_none(f->code_used_at) || is_past(cx, f->code_expires_at)))
		return "code used or expired";
	if (is_refresh && is_past(cx, f->idle_expires_at))
		return "unused for too long";
	if (!instant_is_none(f->connection_ended_at) || is_past(cx, f->connection_expires_at))
		return "connection ended";
	return f->status == STATUS_ACTIVE ? other_fault : NULL;
}

/* The tokens are good, and for something else. */
static bool is_for_other(const struct family_state *f, int16_t audience)
{
	return f->status == STATUS_ACTIVE && f->audience && (audience & ~f->audience);
}

err_t family_refusal(struct ctx *cx, const struct family_claim *claim)
{
	struct family_state state;
	err_t e = db_row(cx, &sql_family_state, ROW(family_state, &state), IN(claim->account), IN(claim->family),
		IN(claim->client->id));
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, INVALID_GRANT, "no such family of this client");
	TRY(e);
	cx->ahead_s = state.ahead_s;
	const char *why = fault(cx, &state, claim->hash);
	if (is_for_other(&state, claim->audience) && why == other_fault)
		return REFUSE(cx, INVALID_TARGET, "resource", "A resource is named that was not asked for at first.");
	if (why)
		return FAIL(cx, INVALID_GRANT, "%s (revoked_why %d)", why, state.revoked_why);
	return state.status == STATUS_DEACTIVATED ? FAIL(cx, ACCOUNT_DEACTIVATED, "at the token endpoint")
						  : FAIL(cx, INVALID_GRANT, "account deleted");
}
