/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens as credentials (cat_). One statement on each request looks at the token, its family, its connection,
 * its client and its account: whatever was revoked is dead in the very next request, on every instance.
 */
#include "oauth/routes.h"
#include "oauth/proof.h"
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
	struct str email, name, tz, language, picture, api_version;
	int64_t ahead_s;
	bool email_confirmed;
	bool machine; /* of an app for itself */
	int16_t once; /* of those that come with a proof: enum dpop_seen */
};
#define BEARER_COLS                                                                                                    \
	connected_account, machine, client, platform, family, calendars, scopes, audience, expires_at, plan, email,    \
		email_confirmed, name, tz, language, picture, api_version, ahead_s
#define BEARER_RESULTS(n)                                                                                              \
	DB_RESULT(token_find_##n, struct bearer, BEARER_COLS);                                                         \
	DB_RESULT(token_find_bound_##n, struct bearer, BEARER_COLS, once);
TOKEN_LEAVES(BEARER_RESULTS)

struct token_state {
	bool expired, bound, revoked, stopped;
	struct bytes certificate; /* that it is bound to */
	int16_t status;
};
DB_RESULT(token_state, struct token_state, expired, bound, certificate, revoked, stopped, status);

static const struct leaf {
	const struct query *find;
	const struct db_result *result;
	const struct query *find_bound;
	const struct db_result *bound_result;
} leaves[TOKEN_SLOTS] = {
#define LEAF(n)                                                                                                        \
	{ &sql_token_find_##n, &db_result_token_find_##n, &sql_token_find_bound_##n, &db_result_token_find_bound_##n },
	TOKEN_LEAVES(LEAF)
#undef LEAF
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
static err_t refusal(struct ctx *cx, const struct credential *sent, const struct secret_parts *parts, struct bytes hash,
	bool by_proof)
{
	struct token_state state;
	err_t e = db_row(
		cx, &sql_token_state, ROW(token_state, &state), IN(parts->account), IN(hash), IN(token_slot(parts)));
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, TOKEN_INVALID, "unknown token");
	TRY(e);
	if (state.revoked || state.status == STATUS_DELETED)
		return FAIL(cx, TOKEN_REVOKED, "family or connection ended");
	if (state.expired)
		return FAIL(cx, TOKEN_EXPIRED, "expired");
	if (state.status == STATUS_DEACTIVATED)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "by token");
	if (state.stopped)
		return REFUSE(
			cx, TOKEN_REVOKED, "", "The account that the app of this token belongs to is deactivated.");
	if (state.certificate.ptr && !bytes_same(state.certificate, sent->x5t)) /* RFC 8705 §3 */
		return REFUSE(cx, TOKEN_INVALID, "",
			"This access token is bound to a certificate: show that one in the TLS handshake.");
	if (by_proof)
		return REFUSE(cx, TOKEN_INVALID, "", "%s",
			state.bound ? "This access token is bound to another key than the proof's."
				    : "This access token is bound to no key: send it as Bearer.");
	return state.bound ? REFUSE(cx, TOKEN_INVALID, "",
				     "This access token is bound to a key: send it as DPoP, with a proof of that key.")
			   : FAIL(cx, TOKEN_INVALID, "no reason found");
}

/* The key's thumbprint is absent for a token that came without a proof. */
static err_t find_of(struct ctx *cx, const struct credential *sent, const struct secret_parts *parts, struct bytes hash,
	struct bytes jkt, struct bearer *out)
{
	const struct leaf *leaf = &leaves[token_slot(parts)];
	return db_row(cx, leaf->find, ((struct db_into){ leaf->result, out }), IN(parts->account), IN(hash),
		IN(sent->x5t), IN(jkt));
}

/* RFC 9449 §7.1: the token with a proof of its key, which comes once. */
static err_t find_bound(struct ctx *cx, const struct credential *sent, const struct secret_parts *parts,
	struct bytes hash, struct bearer *out)
{
	const struct leaf *leaf = &leaves[token_slot(parts)];
	const struct dpop_use use = {
		.proof = sent->proof, .method = sent->method, .url = sent->url, .token = sent->secret
	};
	struct dpop proof;
	TRY(dpop_check(cx, &use, &proof));
	if (proof.here) {
		TRY(find_of(cx, sent, parts, hash, proof.jkt, out));
		return proof_seen_check(cx, (int16_t)dpop_here_take(proof.once, proof.nonce_ms));
	}
	TRY(db_row(cx, leaf->find_bound, ((struct db_into){ leaf->bound_result, out }), IN(parts->account), IN(hash),
		IN(proof.jkt), IN(proof.once), IN(proof.nonce_ms), IN(cx->now.us / 1000), IN(sent->x5t)));
	return proof_seen_check(cx, out->once);
}

static err_t find(struct ctx *cx, const struct credential *sent, const struct secret_parts *parts, struct bytes hash,
	struct bearer *out)
{
	if (sent->transport == VIA_DPOP)
		return find_bound(cx, sent, parts, hash, out);
	return find_of(cx, sent, parts, hash, (struct bytes){ NULL, 0 }, out);
}

err_t bearer_authenticate(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	struct secret_parts parts;
	struct bearer row;
	bool by_proof = sent->transport == VIA_DPOP;
	if ((sent->transport != VIA_BEARER && !by_proof) || !secret_parse(cx->mem, sent->secret, &parts) ||
		parts.kind != SECRET_ACCESS)
		return FAIL(cx, TOKEN_INVALID, "not an access token, or not sent as Bearer or DPoP");
	TRY(check_hour(cx, &parts));

	struct bytes hash = secret_hash(cx->mem, sent->secret);
	err_t e = find(cx, sent, &parts, hash, &row);
	if (err_is(e, NOT_FOUND))
		return refusal(cx, sent, &parts, hash, by_proof);
	TRY(e);
	if (row.plan < PLAN_PRO)
		return FAIL(cx, PLAN_REQUIRED, "by token");

	*out = (struct principal){ .kind = TOKEN,
		.account = parts.account,
		.credential = row.connected_account, /* what "last used" is kept for: tokens come and go */
		.scopes = row.scopes,
		.connected_account = row.machine ? (struct id){ { 0 } } : row.connected_account,
		.client = row.client,
		.family = row.family,
		.platform = row.platform,
		.audience = row.audience,
		.calendars = row.calendars,
		.api_version = row.api_version,
		.email = row.email,
		.email_confirmed = row.email_confirmed,
		.name = row.name,
		.tz = row.tz,
		.language = row.language,
		.picture = row.picture,
		.auth_time = INSTANT_NONE,
		.expires_at = row.expires_at,
		.ahead_s = row.ahead_s };
	return OK;
}
