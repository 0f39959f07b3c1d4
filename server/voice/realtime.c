/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/voice/realtime opens a socket of the echo; POST /v1/voice/introspect says whether a session's token still
 * lives. */
#include "server/data/json.h"
#include "server/http/client_io.h"
#include "server/http/websocket.h"
#include "server/voice/socket.h"
#include "server/voice/voice_private.h"

#define PROTOCOL "calends.voice"
#define TOKEN_PREFIX STR("token.")
#define TOKEN_MAX ((size_t)4096)

struct str voice_hello(struct arena *mem, const struct voice_token *token)
{
	struct buf out = buf_new(mem, 4096);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_str(&j, "type", STR("session.created"));
	json_str(&j, "backend", STR("echo"));
	json_str(&j, "message",
		STR("This is the echo backend of test mode. No voice model listens here: each message comes back as it "
		    "is."));
	json_id(&j, "session", "hub", token->session);
	json_str(&j, "scope", token->scope);
	json_time(&j, "expires_at", token->expires_at);
	json_bool(&j, "livemode", false);
	json_object_end(&j);
	return buf_str(&out);
}

/* ---- the handshake (RFC 6455 §4.2.1) ---- */

static bool has_token(struct str list, struct str wanted)
{
	struct str item;
	while (list.ptr && str_cut(&list, ',', &item))
		if (str_eq_nocase(str_trim(item, STR_BLANK), wanted))
			return true;
	return false;
}

static err_t check_handshake(struct request *rq)
{
	struct str key = request_header_list(rq, "Sec-WebSocket-Key");
	/* RFC 9110 §7.8: an Upgrade in an HTTP/1.0 request is ignored. */
	if (rq->io->http_1_0 || !has_token(request_header_list(rq, "Upgrade"), STR("websocket")) ||
		!has_token(request_header_list(rq, "Connection"), STR("Upgrade")))
		return REFUSE(&rq->cx, INVALID_VALUE, "Upgrade", "This is a WebSocket: open it as one (RFC 6455).");
	if (!str_eq(request_header_list(rq, "Sec-WebSocket-Version"), STR("13")))
		return REFUSE(&rq->cx, INVALID_VALUE, "Sec-WebSocket-Version", "Version 13 is spoken here.");
	if (!websocket_key_is(rq->cx.mem, key))
		return REFUSE(&rq->cx, INVALID_VALUE, "Sec-WebSocket-Key", "Sixteen octets in base64 are needed.");
	return OK;
}

/* Among the protocols, which a page can send, or in the query; not both. */
static err_t find_token(struct request *rq, struct str *out, bool *in_query_out, bool *named_out)
{
	const struct form *query;
	struct str list = request_header_list(rq, "Sec-WebSocket-Protocol"), item, found = STR_ABSENT;
	*named_out = false;
	while (list.ptr && str_cut(&list, ',', &item)) {
		item = str_trim(item, STR_BLANK);
		*named_out = *named_out || str_eq(item, STR(PROTOCOL));
		if (str_starts(item, TOKEN_PREFIX))
			found = str_from(item, TOKEN_PREFIX.len);
	}
	TRY(request_params(rq, &query));
	*in_query_out = form_count(query, "session") == 1;
	if (form_count(query, "session") > 1 || (found.ptr && *in_query_out))
		return REFUSE(&rq->cx, MALFORMED, "session", "The session's token was sent in two ways.");
	if (*in_query_out)
		found = form_get(query, "session");
	if (!found.len)
		return FAIL(&rq->cx, MISSING_CREDENTIALS, "no session token");
	*out = found;
	return OK;
}

static err_t check_origin(struct request *rq, struct str allowed)
{
	struct str origin = request_header(rq, "Origin");
	if (!allowed.len || str_eq(origin, allowed))
		return OK;
	return REFUSE(&rq->cx, ORIGIN_NOT_ALLOWED, "", "This session is for pages of another origin.");
}

static err_t realtime(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct str text, origin;
	struct voice_token token;
	bool in_query, named;
	TRY(check_handshake(rq));
	TRY(find_token(rq, &text, &in_query, &named));
	err_t e = voice_token_read(cx, text, &token);
	if (e && !err_is(e, NOT_FOUND))
		return e;
	if (e || !id_is_test(token.account) || !str_eq(token.aud, voice_backend_of(cx, false)))
		return FAIL(cx, CREDENTIALS_INVALID, "no token of a session of this backend");
	e = voice_session_use(cx, &token, in_query, &origin);
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, CREDENTIALS_INVALID, "the session ended, or its token was used in a query before");
	TRY(e);
	TRY(check_origin(rq, origin));
	reply_empty(rs, 101);
	response_header(rs, "Upgrade", STR("websocket"));
	response_header(rs, "Sec-WebSocket-Accept", websocket_accept(cx->mem, request_header(rq, "Sec-WebSocket-Key")));
	if (named)
		response_header(rs, "Sec-WebSocket-Protocol", STR(PROTOCOL));
	return voice_socket_begin(rq, rs, &token);
}

/* ---- does it live? ---- */

/* As RFC 7662 §2.2 answers. Whoever has the token may ask about it: a backend has nothing else. */
static err_t introspect(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct str text = form_get(&rq->form, "token");
	struct voice_token token;
	bool lives = false;
	if (form_count(&rq->form, "token") != 1)
		return REFUSE(cx, MISSING_FIELD, "token", "Send the session's token, once.");
	err_t e = voice_token_read(cx, text, &token);
	if (!e)
		TRY(voice_session_lives(cx, &token, &lives));
	else if (!err_is(e, NOT_FOUND))
		return e;
	struct buf *out = reply(rs, 200, "application/json");
	if (!lives) {
		BUF_LIT(out, "{\"active\":false}");
		return OK;
	}
	/* What it says itself, in one object with that. */
	BUF_LIT(out, "{\"active\":true,\"token_type\":\"" VOICE_TOKEN_TYPE "\",");
	buf_add(out, str_from(token.claims, 1));
	return OK;
}

/* clang-format off */
static const struct route routes[] = {
	{ METHOD_GET,  VOICE_REALTIME,         ANYONE, 0, BODY_REFUSED, 0,            realtime,   "RFC 6455",     SENSITIVE_BODY },
	{ METHOD_POST, "/v1/voice/introspect", ANYONE, 0, BODY_FORM,    TOKEN_MAX * 2, introspect, "RFC 7662 §2", SENSITIVE_BODY | CORS_KEYS },
};
/* clang-format on */

const struct module voice_module = {
	.name = "voice",
	.prefix = "/v1/voice/",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.rate_limited = true,
};
