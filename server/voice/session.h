/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Voice sessions: for some minutes somebody, a voice backend, may speak for a user. What they are given is a token that
 * is signed (server/account/signing_keys.h) and says all they need; whether it still lives is in the database. There is
 * no voice model here: live sessions are for the backend of --voice-backend, those of test mode for an echo (socket.h).
 */
#pragma once

#include "server/auth/credential.h"
#include "server/base/ctx.h"

#define VOICE_TTL_DEFAULT_S 300
#define VOICE_TTL_LEAST_S 30
#define VOICE_TTL_MOST_S 1800
#define VOICE_AN_HOUR 60
#define VOICE_TOKEN_TYPE "voice-session+jwt"
#define VOICE_REALTIME "/v1/voice/realtime"

struct voice_session {
	struct id account, id, connection; /* connection: zero for none */
	uint64_t scopes;
	struct str origin; /* only pages of it; absent: whoever */
	struct instant created_at, expires_at, ended_at;
	bool lives;
};

struct voice_new {
	const struct principal *caller, *who; /* whose credential it is; for whom it acts */
	uint64_t scopes;
	int64_t ttl_s;
	struct str origin;
};

/* Where a session of this mode is to be opened; absent: nowhere. */
struct str voice_backend_of(struct ctx *cx, bool live);

/*
 * A session and its token, told once. RATE_LIMITED after VOICE_AN_HOUR of the account; VOICE_UNAVAILABLE where no
 * backend is configured: then nothing is made.
 */
MUST_CHECK err_t voice_session_create(
	struct ctx *cx, const struct voice_new *in, struct voice_session *out, struct str *token_out);
/* NOT_FOUND: another's too. */
MUST_CHECK err_t voice_session_get(
	struct ctx *cx, const struct principal *who, struct id id, struct voice_session *out);
/* Ended already is no error. Webhooks are told. */
MUST_CHECK err_t voice_session_end(struct ctx *cx, const struct principal *who, struct id id);
/* Of an account, whatever made it: for who is told that it ended. NOT_FOUND: it is kept no more. */
MUST_CHECK err_t voice_session_told(struct ctx *cx, struct id account, struct id id, struct voice_session *out);

#define VOICE_ENDS_EVERY_MS 1000
struct voice_ends {
	struct id last; /* as far as it looked */
};
/* A job: sessions that live no more, by their time or with what they were made by, are told of. state: struct
 * voice_ends. */
err_t voice_sessions_end(struct ctx *cx, void *state);

/* What a token says. */
struct voice_token {
	struct id account, session;
	struct str aud, scope, claims; /* claims: all of it */
	struct instant expires_at;
};
/* NOT_FOUND: it is none of ours, or its time is over. */
MUST_CHECK err_t voice_token_read(struct ctx *cx, struct str token, struct voice_token *out);
/* NOT_FOUND: it lives no more; or came in a query a second time. */
MUST_CHECK err_t voice_session_use(
	struct ctx *cx, const struct voice_token *token, bool in_query, struct str *origin_out);
MUST_CHECK err_t voice_session_lives(struct ctx *cx, const struct voice_token *token, bool *out);
