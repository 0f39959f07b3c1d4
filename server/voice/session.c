/* SPDX-License-Identifier: Apache-2.0 */
#include "server/voice/session.h"

#include "server/base/config.h"
#include "server/account/signing_keys.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "sql.h"

#define CLAIMS_MAX ((size_t)4096)
#define ENDS_AT_ONCE 1000 /* sessions that are looked at in one run */

struct free_row {
	struct instant free_at;
};
DB_RESULT(voice_session_create, struct free_row, free_at);

struct session_row {
	struct id id, connection;
	uint64_t scopes;
	struct str origin;
	struct instant created_at, expires_at, ended_at;
	bool lives;
};
#define SESSION_COLS id, connection, scopes, origin, created_at, expires_at, ended_at, lives
DB_RESULT(voice_session_get, struct session_row, SESSION_COLS);
DB_RESULT(voice_session_told, struct session_row, SESSION_COLS);

struct found_row {
	bool found;
};
DB_RESULT(voice_session_end, struct found_row, found);

struct looked_row {
	int32_t looked;
	struct id last;
};
DB_RESULT(voice_sessions_end, struct looked_row, looked, last);

struct origin_row {
	struct str origin;
};
DB_RESULT(voice_session_use, struct origin_row, origin);

struct lives_row {
	bool lives;
};
DB_RESULT(voice_session_state, struct lives_row, lives);

struct str voice_backend_of(struct ctx *cx, bool live)
{
	struct str base = cx->config->public_url;
	if (live)
		return cx->config->voice_backend.len ? cx->config->voice_backend : STR_ABSENT;
	/* http:// becomes ws://, and https:// wss:// (RFC 6455 §3) */
	return str_cat(cx->mem, STR("ws"), str_cat(cx->mem, str_from(base, 4), STR(VOICE_REALTIME)));
}

/* ---- tokens ---- */

static err_t token_of(struct ctx *cx, const struct voice_session *s, struct str backend, struct str *out)
{
	struct buf claims = buf_new(cx->mem, CLAIMS_MAX);
	struct json j = json_begin(&claims);
	json_object(&j, NULL);
	json_str(&j, "iss", cx->config->public_url);
	json_str(&j, "aud", backend);
	json_id(&j, "sub", "usr",
		id_in_mode(s->account, false)); /* as all that is told of them; livemode says the rest */
	json_id(&j, "jti", "hub", s->id);
	/* By the clock of whoever verifies it, not by the sandbox's. */
	json_int(&j, "iat", instant_s(s->created_at) - cx->ahead_s);
	json_int(&j, "exp", instant_s(s->expires_at) - cx->ahead_s);
	json_str(&j, "scope", scope_text(cx->mem, s->scopes));
	json_id(&j, "connected_account_id", "cpa", s->connection);
	json_bool(&j, "livemode", !id_is_test(s->account));
	json_object_end(&j);
	return jwt_sign(cx, VOICE_TOKEN_TYPE, buf_str(&claims), out);
}

struct claims {
	bool given;
	struct str iss, aud, scope;
	struct id sub, jti;
	int64_t exp;
	bool livemode;
};

err_t voice_token_read(struct ctx *cx, struct str token, struct voice_token *out)
{
#define C(member) offsetof(struct claims, member)
	static const struct json_field fields[] = {
		{ .name = "iss", .kind = JSON_STR, .flags = JSON_REQUIRED, .offset = C(iss) },
		{ .name = "aud", .kind = JSON_STR, .flags = JSON_REQUIRED, .offset = C(aud) },
		{ .name = "scope", .kind = JSON_STR, .flags = JSON_REQUIRED, .offset = C(scope) },
		{ .name = "sub", .kind = JSON_ID, .flags = JSON_REQUIRED, .of = "usr", .offset = C(sub) },
		{ .name = "jti", .kind = JSON_ID, .flags = JSON_REQUIRED, .of = "hub", .offset = C(jti) },
		{ .name = "exp", .kind = JSON_INT, .flags = JSON_REQUIRED, .offset = C(exp) },
		{ .name = "livemode", .kind = JSON_BOOL, .flags = JSON_REQUIRED, .offset = C(livemode) },
	};
	struct claims claims = { 0 };
	struct str text;
	TRY(jwt_verify(cx, VOICE_TOKEN_TYPE, token, &text));
	if (json_read_known(cx, text, fields, ARRAY_LEN(fields), &claims))
		return FAIL(cx, NOT_FOUND, "its claims are of another version");
	*out = (struct voice_token){
		.account = id_in_mode(claims.sub, !claims.livemode),
		.session = claims.jti,
		.aud = claims.aud,
		.scope = claims.scope,
		.claims = text,
		.expires_at = instant_of_s(claims.exp),
	};
	if (!str_eq(claims.iss, cx->config->public_url) || !instant_before(cx->now, out->expires_at))
		return FAIL(cx, NOT_FOUND, "of another server, or its time is over");
	return OK;
}

/* ---- sessions ---- */

err_t voice_session_create(struct ctx *cx, const struct voice_new *in, struct voice_session *out, struct str *token_out)
{
	bool by_token = in->caller->kind == TOKEN;
	struct str backend = voice_backend_of(cx, !id_is_test(in->who->account));
	struct free_row row;
	struct id none = { { 0 } };
	if (!backend.ptr)
		return FAIL(cx, VOICE_UNAVAILABLE, "--voice-backend");
	struct voice_session s = {
		.account = in->who->account,
		.id = id_new(cx->now),
		.connection = in->who->connected_account,
		.scopes = in->scopes,
		.origin = in->origin,
		.created_at = account_now(cx),
		.expires_at = instant_add_s(account_now(cx), in->ttl_s),
		.ended_at = INSTANT_NONE,
		.lives = true,
	};
	TRY(db_row(cx, &sql_voice_session_create, ROW(voice_session_create, &row), IN(s.account),
		db_in_id_or_null(s.connection), IN(s.id), db_in_id_or_null(in->caller->family),
		db_in_id_or_null(by_token ? none : in->caller->account),
		db_in_id_or_null(by_token ? none : in->caller->credential), IN(s.scopes), IN(s.origin),
		IN((int32_t)in->ttl_s), IN((int32_t)VOICE_AN_HOUR)));
	if (!instant_is_none(row.free_at)) {
		struct err *e =
			REFUSE(cx, RATE_LIMITED, "", "A user has %d voice sessions an hour at most.", VOICE_AN_HOUR);
		int64_t wait_s = instant_s(row.free_at) - instant_s(account_now(cx)) + 1;
		e->retry_after_s = wait_s < 1 ? 1 : (int)wait_s;
		return e;
	}
	TRY(token_of(cx, &s, backend, token_out));
	*out = s;
	return OK;
}

static struct voice_session session_of(struct id account, const struct session_row *row)
{
	return (struct voice_session){
		.account = account,
		.id = row->id,
		.connection = row->connection,
		.scopes = row->scopes,
		.origin = row->origin,
		.created_at = row->created_at,
		.expires_at = row->expires_at,
		.ended_at = row->ended_at,
		.lives = row->lives,
	};
}

err_t voice_session_get(struct ctx *cx, const struct principal *who, struct id id, struct voice_session *out)
{
	struct session_row row;
	TRY(db_row(cx, &sql_voice_session_get, ROW(voice_session_get, &row), IN(who->account),
		db_in_id_or_null(who->connected_account), IN(id)));
	*out = session_of(who->account, &row);
	return OK;
}

err_t voice_session_told(struct ctx *cx, struct id account, struct id id, struct voice_session *out)
{
	struct session_row row;
	TRY(db_row(cx, &sql_voice_session_told, ROW(voice_session_told, &row), IN(account), IN(id)));
	*out = session_of(account, &row);
	return OK;
}

err_t voice_session_end(struct ctx *cx, const struct principal *who, struct id id)
{
	struct found_row row;
	TRY(db_row(cx, &sql_voice_session_end, ROW(voice_session_end, &row), IN(who->account),
		db_in_id_or_null(who->connected_account), IN(id), IN(account_now(cx)), IN(cx->request_id)));
	return row.found ? OK : FAIL(cx, NOT_FOUND, "no such session");
}

/* One portion a run, from where the last one ended; from the beginning again after the last session. */
err_t voice_sessions_end(struct ctx *cx, void *state)
{
	struct voice_ends *ends = state;
	struct looked_row row;
	TRY(db_row(
		cx, &sql_voice_sessions_end, ROW(voice_sessions_end, &row), IN(ends->last), IN((int32_t)ENDS_AT_ONCE)));
	bool all = row.looked < ENDS_AT_ONCE;
	ends->last = all ? (struct id){ { 0 } } : row.last;
	cx->found = row.looked > 0;
	return OK;
}

err_t voice_session_use(struct ctx *cx, const struct voice_token *token, bool in_query, struct str *origin_out)
{
	struct origin_row row;
	TRY(db_row(cx, &sql_voice_session_use, ROW(voice_session_use, &row), IN(token->account), IN(token->session),
		IN(in_query)));
	*origin_out = row.origin;
	return OK;
}

err_t voice_session_lives(struct ctx *cx, const struct voice_token *token, bool *out)
{
	struct lives_row row;
	err_t e = db_row(
		cx, &sql_voice_session_state, ROW(voice_session_state, &row), IN(token->account), IN(token->session));
	*out = !e && row.lives;
	return err_is(e, NOT_FOUND) ? OK : e;
}
