/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/code.h"

#include "oauth/family.h"
#include "oauth/pkce.h"
#include "server/account/audit.h"
#include "server/auth/scope.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

/* As the function code_redeem says. */
enum redeem_outcome { REDEEM_ISSUED, REDEEM_INVALID, REDEEM_REPLAYED };

struct redeemed {
	struct id_list calendars;
	bool with_details;
	int32_t outcome;
	struct id connected_account;
	uint64_t scopes;
	struct instant connection_until;
	int64_t told; /* the row of the audit log, or 0 */
	struct instant auth_time;
	int16_t amr;
	struct str nonce, email, name, tz, language;
	bool email_confirmed;
};
DB_RESULT(code_redeem, struct redeemed, outcome, connected_account, scopes, connection_until, calendars, with_details,
	told, auth_time, amr, nonce, email, email_confirmed, name, tz, language);

struct code_draft code_draft(struct ctx *cx, struct id account)
{
	struct id family = id_new(cx->now);
	struct str code =
		secret_new(cx->mem, &(struct secret_parts){ .kind = SECRET_CODE, .account = account, .family = family },
			(struct bytes){ 0 });
	return (struct code_draft){ code, secret_hash(cx->mem, code), family, instant_add_s(cx->now, CODE_LIFETIME_S) };
}

static err_t refusal(
	struct ctx *cx, const struct code_claim *claim, const struct secret_parts *parts, enum redeem_outcome outcome)
{
	if (outcome == REDEEM_REPLAYED) {
		log_event(LOG_WARN, "code_replayed", LOG_STR("client", id_text(cx->mem, "cli", claim->client->id)),
			LOG_STR("account", id_text(cx->mem, "usr", parts->account)));
		return FAIL(cx, INVALID_GRANT, "code replayed: its family is revoked");
	}
	return family_refusal(cx, &(struct family_claim){ parts->account, parts->family, claim->client,
					  secret_hash(cx->mem, claim->code), claim->audience });
}

static err_t redeem(struct ctx *cx, const struct code_claim *claim, const struct secret_parts *parts,
	struct bytes challenge, struct token_pair *out)
{
	struct redeemed got;
	struct token_draft draft = token_draft(cx, &(struct token_lineage){ .account = parts->account,
							   .family = parts->family,
							   .generation = 1,
							   .idle_s = claim->client->refresh_idle_s });
	TRY(db_row(cx, &sql_code_redeem, ROW(code_redeem, &got), IN(parts->account), IN(parts->family),
		IN(secret_hash(cx->mem, claim->code)), IN(claim->client->id), IN(claim->redirect_uri), IN(challenge),
		IN(draft.access_hash), IN(draft.slot), IN(draft.access_until), IN(draft.refresh_hash),
		IN(draft.refresh_until), IN(audit_by(cx)), IN(claim->audience), IN(claim->bound.jkt),
		IN((uint64_t)OPENID), IN(claim->bound.x5t), IN(token_grant_end(cx, claim->client))));
	if (got.outcome != REDEEM_ISSUED)
		return refusal(cx, claim, parts, (enum redeem_outcome)got.outcome);

	*out = (struct token_pair){ draft.access, draft.refresh, got.scopes, got.connected_account, parts->account,
		token_until(draft.access_until, got.connection_until), claim->bound.jkt.ptr != NULL,
		{ got.with_details, got.calendars },
		{ !instant_is_none(got.auth_time), got.auth_time, got.amr, got.nonce, got.email, got.email_confirmed,
			got.name, got.tz, got.language },
		token_until(token_grant_end(cx, claim->client), got.connection_until) };
	return OK;
}

err_t code_redeem(struct ctx *cx, const struct code_claim *claim, struct token_pair *out)
{
	struct secret_parts parts;
	if (!claim->code.ptr)
		return REFUSE(cx, MISSING_FIELD, "code", "The parameter code is missing.");
	if (!secret_parse(cx->mem, claim->code, &parts) || parts.kind != SECRET_CODE)
		return FAIL(cx, INVALID_GRANT, "not a code");
	struct bytes challenge = pkce_challenge(cx->mem, claim->verifier);
	if (!challenge.ptr)
		return REFUSE(cx, INVALID_GRANT, "code_verifier",
			"The parameter code_verifier is missing or is not 43 to 128 characters of those that RFC 7636 "
			"has.");

	return redeem(cx, claim, &parts, challenge, out);
}

err_t code_redeem_device(
	struct ctx *cx, const struct code_claim *claim, struct id account, struct id family, struct token_pair *out)
{
	const struct secret_parts parts = { .kind = SECRET_DEVICE, .account = account, .family = family };
	return redeem(cx, claim, &parts, (struct bytes){ 0 }, out);
}
