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

struct redeemed {
	struct id_list calendars;
	bool with_details;
	struct id connected_account;
	uint64_t scopes;
	struct instant connection_until, auth_time;
	int16_t amr;
	struct str nonce, email, name, tz, language, picture;
	bool email_confirmed;
};
#define REDEEMED_COLS                                                                                                  \
	connected_account, scopes, connection_until, calendars, with_details, auth_time, amr, nonce, email,            \
		email_confirmed, name, tz, language, picture
#define REDEEMED_RESULT(n) DB_RESULT(code_redeem_##n, struct redeemed, REDEEMED_COLS);
TOKEN_LEAVES(REDEEMED_RESULT)

static const struct leaf {
	const struct query *redeem;
	const struct db_result *result;
} leaves[TOKEN_SLOTS] = {
#define LEAF(n) { &sql_code_redeem_##n, &db_result_code_redeem_##n },
	TOKEN_LEAVES(LEAF)
#undef LEAF
};

struct replayed {
	int64_t told; /* the row of the audit log */
};
DB_RESULT(code_replayed, struct replayed, told);

struct code_draft code_draft(struct ctx *cx, struct id account)
{
	struct id family = id_new(cx->now);
	struct str code =
		secret_new(cx->mem, &(struct secret_parts){ .kind = SECRET_CODE, .account = account, .family = family },
			(struct bytes){ 0 });
	return (struct code_draft){ code, secret_hash(cx->mem, code), family, instant_add_s(cx->now, CODE_LIFETIME_S) };
}

static err_t refusal(
	struct ctx *cx, const struct code_claim *claim, const struct secret_parts *parts, struct bytes challenge)
{
	struct replayed replayed;
	struct bytes hash = secret_hash(cx->mem, claim->code);
	err_t e = db_row(cx, &sql_code_replayed, ROW(code_replayed, &replayed), IN(parts->account), IN(parts->family),
		IN(hash), IN(claim->client->id), IN(claim->redirect_uri), IN(challenge), IN(audit_by(cx)));
	if (err_is(e, NOT_FOUND))
		return family_refusal(cx,
			&(struct family_claim){ parts->account, parts->family, claim->client, hash, claim->audience });
	TRY(e);
	log_event(LOG_WARN, "code_replayed", LOG_STR("client", id_text(cx->mem, "cli", claim->client->id)),
		LOG_STR("account", id_text(cx->mem, "usr", parts->account)));
	return FAIL(cx, INVALID_GRANT, "code replayed: its family is revoked");
}

static err_t redeem(struct ctx *cx, const struct code_claim *claim, const struct secret_parts *parts,
	struct bytes challenge, struct token_pair *out)
{
	struct redeemed got;
	struct token_draft draft = token_draft(cx, &(struct token_lineage){ .account = parts->account,
							   .family = parts->family,
							   .generation = 1,
							   .idle_s = claim->client->refresh_idle_s });
	const struct leaf *leaf = &leaves[draft.slot];
	err_t e = db_row(cx, leaf->redeem, ((struct db_into){ leaf->result, &got }), IN(parts->account),
		IN(parts->family), IN(secret_hash(cx->mem, claim->code)), IN(claim->client->id),
		IN(claim->redirect_uri), IN(challenge), IN(draft.access_hash), IN(draft.access_until),
		IN(draft.refresh_hash), IN(draft.refresh_until), IN(token_grant_end(cx, claim->client)),
		IN(claim->audience), IN(claim->bound.jkt), IN(claim->bound.x5t),
		IN(claim->client->kind == CLIENT_PUBLIC), IN((uint64_t)OPENID));
	if (err_is(e, NOT_FOUND))
		return refusal(cx, claim, parts, challenge);
	TRY(e);

	*out = (struct token_pair){ draft.access, draft.refresh, got.scopes, got.connected_account, parts->account,
		token_until(draft.access_until, got.connection_until), claim->bound.jkt.ptr != NULL,
		{ got.with_details, got.calendars },
		{ !instant_is_none(got.auth_time), got.auth_time, got.amr, got.nonce, got.email, got.email_confirmed,
			got.name, got.tz, got.language, got.picture },
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
