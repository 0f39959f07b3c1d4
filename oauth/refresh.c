/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/refresh.h"

#include "oauth/family.h"
#include "server/account/audit.h"
#include "server/base/buf.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/crypto/seal.h"
#include "server/crypto/secret.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "sql.h"

/* As the statements token_refresh and token_refresh_again say. */
enum refresh_outcome { REFRESH_ROTATED, REFRESH_INVALID, REFRESH_REUSED, REFRESH_AGAIN, REFRESH_SCOPE, REFRESH_KEPT };

struct refreshed {
	struct id_list calendars;
	bool with_details;
	int32_t outcome;
	struct id connected_account;
	uint64_t granted;
	struct instant connection_until, family_until, auth_time;
	int16_t amr;
	struct str email, name, tz, language, picture;
	bool email_confirmed;
	struct bytes replay; /* of token_refresh_again alone, as is the next */
	int64_t told;        /* the row of the audit log, or 0 */
};
#define REFRESHED_COLS                                                                                                 \
	connected_account, granted, connection_until, calendars, with_details, family_until, auth_time, amr, email,    \
		email_confirmed, name, tz, language, picture
#define REFRESHED_RESULT(n) DB_RESULT(token_refresh_##n, struct refreshed, outcome, REFRESHED_COLS);
TOKEN_LEAVES(REFRESHED_RESULT)
DB_RESULT(token_refresh_again, struct refreshed, outcome, told, replay, REFRESHED_COLS);

static const struct leaf {
	const struct query *refresh;
	const struct db_result *result;
} leaves[TOKEN_SLOTS] = {
#define LEAF(n) { &sql_token_refresh_##n, &db_result_token_refresh_##n },
	TOKEN_LEAVES(LEAF)
#undef LEAF
};

#define REPLAY_MAX 1024

/* Only who holds the old token can open the answer that it was given. */
static struct bytes replay_key(struct ctx *cx, struct str old)
{
	uint8_t *key = arena_array(cx->mem, uint8_t, SEAL_KEY_SIZE);
	hkdf_sha256(bytes_of(old.ptr, old.len), STR("calends refresh replay"), key, SEAL_KEY_SIZE);
	return bytes_of(key, SEAL_KEY_SIZE);
}

static struct str bound_text(struct ctx *cx, const struct refresh_claim *claim)
{
	struct str jkt = base64url_of(cx->mem, claim->bound.jkt), x5t = base64url_of(cx->mem, claim->bound.x5t);
	return x5t.len ? str_fmt(cx->mem, "%.*s.%.*s", STR_ARG(jkt), STR_ARG(x5t)) : jkt;
}

/* Where the access token is bound, an app may keep its refresh token: it is worth nothing to who cannot prove to be it.
 */
static bool keeps(const struct refresh_claim *claim)
{
	return claim->client->kind == CLIENT_CONFIDENTIAL &&
	       (claim->client->keeps_refresh || claim->client->profile == CLIENT_FAPI2) &&
	       (claim->bound.jkt.ptr || claim->bound.x5t.ptr);
}

/*
 * "access refresh scopes until key": scopes is what the request narrowed to, 0 for all; until, of the access token, in
 * µs; key is what it is bound to, empty for nothing.
 */
static struct bytes replay_seal(struct ctx *cx, const struct refresh_claim *claim, const struct secret_parts *old,
	const struct token_draft *draft)
{
	struct buf plain = buf_new(cx->mem, REPLAY_MAX);
	buf_add(&plain, draft->access);
	buf_char(&plain, ' ');
	buf_add(&plain, draft->refresh);
	buf_char(&plain, ' ');
	buf_int(&plain, (int64_t)claim->scopes);
	buf_char(&plain, ' ');
	buf_int(&plain, draft->access_until.us);
	buf_char(&plain, ' ');
	buf_add(&plain, bound_text(cx, claim));
	return seal(
		cx->mem, replay_key(cx, claim->token), id_uuid(cx->mem, old->family), bytes_of(plain.ptr, plain.len));
}

static struct token_user user_of(const struct refreshed *got)
{
	return (struct token_user){ !instant_is_none(got->auth_time), got->auth_time, got->amr, STR_ABSENT, got->email,
		got->email_confirmed, got->name, got->tz, got->language, got->picture };
}

static err_t replay_open(struct ctx *cx, const struct refresh_claim *claim, const struct secret_parts *old,
	const struct refreshed *got, struct token_pair *out)
{
	struct bytes plain;
	struct str access, refresh, narrowed, end, rest;
	uint64_t scopes, until;
	if (!unseal(cx->mem, replay_key(cx, claim->token), id_uuid(cx->mem, old->family), got->replay, &plain))
		return FAIL(cx, INVALID_GRANT, "the kept answer does not open");
	rest = bytes_str(plain);
	if (!str_cut(&rest, ' ', &access) || !str_cut(&rest, ' ', &refresh) || !str_cut(&rest, ' ', &narrowed) ||
		!str_cut(&rest, ' ', &end) || !str_to_u64(narrowed, INT64_MAX, &scopes) ||
		!str_to_u64(end, INT64_MAX, &until))
		return FAIL(cx, INVALID_GRANT, "the kept answer is of another version");
	if (!str_eq(rest.ptr ? rest : STR(""), bound_text(cx, claim)))
		return FAIL(cx, INVALID_GRANT, "the kept answer is bound to another key");
	struct instant access_until = { (int64_t)until };
	*out = (struct token_pair){ access, refresh, scopes ? scopes & got->granted : got->granted,
		got->connected_account, old->account, token_until(access_until, got->connection_until),
		claim->bound.jkt.ptr != NULL, { got->with_details, got->calendars }, user_of(got),
		token_until(got->family_until, got->connection_until) };
	return OK;
}

static err_t refusal(
	struct ctx *cx, const struct refresh_claim *claim, const struct secret_parts *old, enum refresh_outcome outcome)
{
	if (outcome == REFRESH_SCOPE)
		return REFUSE(cx, INVALID_SCOPE, "scope", "A scope was asked that was not granted.");
	if (outcome == REFRESH_REUSED) {
		log_event(LOG_WARN, "refresh_reused", LOG_STR("client", id_text(cx->mem, "cli", claim->client->id)),
			LOG_STR("account", id_text(cx->mem, "usr", old->account)),
			LOG_INT("generation", old->generation));
		return FAIL(cx, INVALID_GRANT, "refresh token used again: its family is revoked");
	}
	return family_refusal(cx, &(struct family_claim){ old->account, old->family, claim->client,
					  secret_hash(cx->mem, claim->token), claim->audience });
}

/* An answer that the database gave to nobody is asked for again when it is back. */
static int32_t replay_window_s(struct ctx *cx)
{
	return REPLAY_WINDOW_S + (int32_t)db_away_s(cx->db);
}

/* What was not refreshed: a retry of what was, or why. */
static err_t again(struct ctx *cx, const struct refresh_claim *claim, const struct secret_parts *old,
	struct db_in scopes, struct token_pair *out)
{
	struct refreshed got;
	err_t e = db_row(cx, &sql_token_refresh_again, ROW(token_refresh_again, &got), IN(old->account),
		IN(old->family), IN(secret_hash(cx->mem, claim->token)), IN(token_generation(cx, old, claim->token)),
		IN(claim->client->id), scopes, IN(replay_window_s(cx)), IN(audit_by(cx)), IN(claim->audience),
		IN(claim->bound.jkt), IN(claim->bound.x5t));
	if (err_is(e, NOT_FOUND))
		return refusal(cx, claim, old, REFRESH_INVALID);
	TRY(e);
	return got.outcome == REFRESH_AGAIN ? replay_open(cx, claim, old, &got, out)
					    : refusal(cx, claim, old, (enum refresh_outcome)got.outcome);
}

err_t token_refresh(struct ctx *cx, const struct refresh_claim *claim, struct token_pair *out)
{
	struct secret_parts old;
	struct refreshed got;
	struct db_in scopes = claim->scopes ? IN(claim->scopes) : IN_NULL(DB_INT8);
	if (!claim->token.ptr)
		return REFUSE(cx, MISSING_FIELD, "refresh_token", "The parameter refresh_token is missing.");
	if (!secret_parse(cx->mem, claim->token, &old) || old.kind != SECRET_REFRESH)
		return FAIL(cx, INVALID_GRANT, "not a refresh token");

	struct token_draft draft = token_draft(
		cx, &(struct token_lineage){ old.account, old.family,
			    old.generation < UINT32_MAX ? old.generation + 1 : 0, claim->client->refresh_idle_s });
	const struct leaf *leaf = &leaves[draft.slot];
	err_t e = db_row(cx, leaf->refresh, ((struct db_into){ leaf->result, &got }), IN(old.account), IN(old.family),
		IN(secret_hash(cx->mem, claim->token)), IN(claim->client->id), scopes, IN(draft.access_hash),
		IN(draft.access_until), IN(draft.refresh_hash), IN(draft.refresh_until),
		IN(replay_seal(cx, claim, &old, &draft)), IN(claim->audience), IN(claim->bound.jkt),
		IN(claim->bound.x5t), IN(claim->client->kind == CLIENT_PUBLIC), IN(keeps(claim)));
	if (err_is(e, NOT_FOUND))
		return again(cx, claim, &old, scopes, out);
	TRY(e);

	struct str refresh = got.outcome == REFRESH_KEPT ? claim->token : draft.refresh;
	*out = (struct token_pair){ draft.access, refresh, claim->scopes ? claim->scopes : got.granted,
		got.connected_account, old.account, token_until(draft.access_until, got.connection_until),
		claim->bound.jkt.ptr != NULL, { got.with_details, got.calendars }, user_of(&got),
		token_until(got.family_until, got.connection_until) };
	return OK;
}
