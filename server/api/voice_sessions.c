/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/voice/sessions: made for a voice backend, looked at, ended. What they are: server/voice/session.h. */
#include "server/voice/session.h"

#include "server/account/resources.h"
#include "server/api/api.h"
#include "server/api/webhook_views.h"
#include "server/jobs/jobs.h"
#include "server/voice/socket.h"

#define JSON_MAX KIB(8)

struct voice_view {
	struct str id, object, status, user_id, session_token, realtime_url, backend, connected_account_id, origin;
	struct str_list scopes;
	int64_t ttl_seconds;
	struct instant created_at, expires_at, ended_at;
	bool livemode, has_user_id, has_scopes, has_ttl, has_origin;
};

struct voice_params {
	struct id session;
};

#define V(member) offsetof(struct voice_view, member)
#define READ JSON_READ_ONLY
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field fields[] = {
	/* name                  kind       flags                 offset                   given           min max */
	{ "id",                   JSON_STR,  READ,                 V(id),                   0,              0, 0,    NULL, NULL, 0, 0, "hub_…", "hub_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",               JSON_STR,  READ,                 V(object),               0,              0, 0,    NULL, NULL, 0, 0, "voice_session", "voice_session" },
	{ "status",               JSON_WORD, READ,                 V(status),               0,              0, 0,    "open ended expired", NULL, 0, 0, "ended: by DELETE, or since what it was made by is not good any more", "open" },
	{ "session_token",        JSON_STR,  READ | JSON_OPTIONAL, V(session_token),        0,              0, 0,    NULL, NULL, 0, 0, "What the voice backend is given: a signed token (ES256, typ voice-session+jwt). Told once", NULL },
	{ "realtime_url",         JSON_STR,  READ | MAYBE,         V(realtime_url),         0,              0, 0,    NULL, NULL, 0, 0, "Where it is opened; null when no backend is configured any more", "wss://voice.example.com/realtime" },
	{ "backend",              JSON_WORD, READ,                 V(backend),              0,              0, 0,    "configured echo", NULL, 0, 0, "echo: of test mode, which has no voice model and says so", "configured" },
	{ "user_id",              JSON_STR,  0,                    V(user_id),              V(has_user_id), 1, 64,   NULL, NULL, 0, 0, "For whom: the user that the call is about, and nobody else", "usr_0355WHuCFfRpMfB53mC9Z6" },
	{ "connected_account_id", JSON_STR,  READ | MAYBE,         V(connected_account_id), 0,              0, 0,    NULL, NULL, 0, 0, "cpa_…: it ends with this connection; null: the account's own", NULL },
	{ "scopes",               JSON_STRS, 0,                    V(scopes),               V(has_scopes),  1, 16,   NULL, NULL, 0, 0, "What the session may: some of the scopes of who makes it, or all of them", "events:read" },
	{ "ttl_seconds",          JSON_INT,  JSON_WRITE_ONLY,      V(ttl_seconds),          V(has_ttl),     VOICE_TTL_LEAST_S, VOICE_TTL_MOST_S, NULL, NULL, 0, 0, "How long it lasts; 300 unless said", "300" },
	{ "origin",               JSON_STR,  MAYBE,                V(origin),               V(has_origin),  1, 255,  NULL, NULL, 0, 0, "Only pages of this origin may open it", "https://app.example.com" },
	{ "livemode",             JSON_BOOL, READ,                 V(livemode),             0,              0, 0,    NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "created_at",           JSON_TIME, READ,                 V(created_at),           0,              0, 0,    NULL, NULL, 0, 0, "When it was made", NULL },
	{ "expires_at",           JSON_TIME, READ,                 V(expires_at),           0,              0, 0,    NULL, NULL, 0, 0, "When it ends by itself", NULL },
	{ "ended_at",             JSON_TIME, READ | MAYBE,         V(ended_at),             0,              0, 0,    NULL, NULL, 0, 0, "When it was ended by DELETE", NULL },
};
/* clang-format on */

const struct json_resource voice_resource = {
	.name = "voice_session",
	JSON_FIELDS(fields),
	.size = sizeof(struct voice_view),
	.reads = VOICE_INVOKE,
	.doc = "A few minutes in which a voice backend may speak for a user.",
};

static const struct json_field path[] = { { .name = "session",
	.kind = JSON_ID,
	.flags = JSON_IN_PATH,
	.of = "hub",
	.offset = offsetof(struct voice_params, session),
	.doc = "Its `id`" } };

static struct str status_of(const struct ctx *cx, const struct voice_session *s)
{
	if (s->lives)
		return STR("open");
	return instant_is_none(s->ended_at) && !instant_before(account_now(cx), s->expires_at) ? STR("expired")
											       : STR("ended");
}

static struct voice_view view_of(struct ctx *cx, const struct voice_session *s)
{
	bool live = !id_is_test(s->account);
	return (struct voice_view){
		.id = id_text(cx->mem, "hub", s->id),
		.object = STR("voice_session"),
		.status = status_of(cx, s),
		.realtime_url = voice_backend_of(cx, live),
		.backend = live ? STR("configured") : STR("echo"),
		.user_id = id_text(cx->mem, "usr", id_in_mode(s->account, false)), /* as GET /v1/profile has it */
		.connected_account_id = id_is_zero(s->connection) ? STR_ABSENT : id_text(cx->mem, "cpa", s->connection),
		.scopes = scope_names(cx->mem, s->scopes),
		.origin = s->origin,
		.livemode = live,
		.created_at = s->created_at,
		.expires_at = s->expires_at,
		.ended_at = s->ended_at,
	};
}

err_t voice_session_as_json(struct ctx *cx, const struct voice_session *s, struct str *out)
{
	struct buf text = buf_new(cx->mem, JSON_MAX);
	struct json j = json_begin(&text);
	struct voice_view view = view_of(cx, s);
	json_object(&j, NULL);
	json_write(&j, cx->mem, fields, ARRAY_LEN(fields), &view);
	json_object_end(&j);
	if (text.full)
		return FAIL(cx, TOO_LARGE, "a voice session as JSON");
	*out = buf_str(&text);
	return OK;
}

static void reply_session(struct api_call *call, struct response *rs, const struct voice_session *s, struct str token)
{
	struct voice_view view = view_of(&call->rq->cx, s);
	view.session_token = token;
	api_reply(call, rs, &view);
}

static err_t read_scopes(struct api_call *call, const struct voice_view *sent, uint64_t *out)
{
	struct ctx *cx = &call->rq->cx;
	uint64_t held = call->who.scopes & SCOPES_ALL;
	*out = held;
	if (!sent->has_scopes)
		return OK;
	TRY(scope_names_read(cx, "scopes", sent->scopes, out));
	if (*out & ~held)
		return REFUSE(cx, INVALID_VALUE, "scopes", "A session can be given no more than its maker has: %.*s.",
			STR_ARG(scope_text(cx->mem, held)));
	return OK;
}

/* As browsers write it in Origin: scheme, host and perhaps a port. */
static err_t check_origin(struct ctx *cx, struct str origin)
{
	struct str host = str_starts(origin, STR("https://"))  ? str_from(origin, 8)
			  : str_starts(origin, STR("http://")) ? str_from(origin, 7)
							       : STR("");
	bool good = host.len > 0;
	for (size_t i = 0; i < host.len; i++)
		good = good && (char_is_digit(host.ptr[i]) || (host.ptr[i] >= 'a' && host.ptr[i] <= 'z') ||
				       str_has(STR(".-:[]"), host.ptr[i]));
	return good ? OK
		    : REFUSE(cx, INVALID_VALUE, "origin",
			      "An origin is like https://app.example.com, in small letters and without a path.");
}

static err_t run_create(struct api_call *call, struct response *rs)
{
	const struct voice_view *sent = call->body;
	struct ctx *cx = &call->rq->cx;
	struct voice_new in = {
		.caller = call->rq->principal,
		.who = &call->who,
		.ttl_s = sent->has_ttl ? sent->ttl_seconds : VOICE_TTL_DEFAULT_S,
		.origin = sent->origin,
	};
	struct voice_session session;
	struct str token;
	struct str user = id_text(cx->mem, "usr", id_in_mode(call->who.account, false));
	if (sent->has_user_id && !str_eq(sent->user_id, user))
		return REFUSE(cx, INVALID_VALUE, "user_id",
			"This is not the user that the call is about. A platform names them by Connected-Account.");
	if (sent->origin.ptr)
		TRY(check_origin(cx, sent->origin));
	TRY(read_scopes(call, sent, &in.scopes));
	TRY(voice_session_create(cx, &in, &session, &token));
	if (call->rq->app->voice)
		job_bell_ring(voice_sockets_bell(call->rq->app->voice)); /* its end is looked for */
	api_location(rs, "/v1/voice/sessions/", id_text(cx->mem, "hub", session.id));
	reply_session(call, rs, &session, token);
	return OK;
}

const struct contract create_voice_session = {
	.id = "createVoiceSession",
	.summary = "Make a session for the voice backend. Its token is in this answer alone; 60 an hour for each user.",
	.body = &voice_resource,
	.answer = &voice_resource,
	.status = 201,
	.flags = BODY_OPTIONAL | TELLS_SECRET,
	ERRORS(VOICE_UNAVAILABLE, KEY_ALREADY_SHOWN),
	.run = run_create,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct voice_params *params = call->params;
	struct voice_session session;
	TRY(voice_session_get(&call->rq->cx, &call->who, params->session, &session));
	reply_session(call, rs, &session, STR_ABSENT);
	return OK;
}

const struct contract get_voice_session = {
	.id = "getVoiceSession",
	.summary = "A voice session of the last day.",
	PARAMS(path, struct voice_params),
	.answer = &voice_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

static err_t run_end(struct api_call *call, struct response *rs)
{
	const struct voice_params *params = call->params;
	struct voice_session session;
	TRY(voice_session_end(&call->rq->cx, &call->who, params->session));
	TRY(voice_session_get(&call->rq->cx, &call->who, params->session, &session));
	reply_session(call, rs, &session, STR_ABSENT);
	return OK;
}

const struct contract end_voice_session = {
	.id = "endVoiceSession",
	.summary = "End a voice session: its token opens nothing more, and what it opened here closes.",
	PARAMS(path, struct voice_params),
	.answer = &voice_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_end,
};
