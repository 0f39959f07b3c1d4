/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/introspect.h"

#include "oauth/answer.h"
#include "oauth/details.h"
#include "oauth/endpoint.h"
#include "oauth/tokens.h"
#include "server/account/signing_keys.h"
#include "server/auth/audience.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "server/http/accept.h"
#include "sql.h"

#define SIGNED_TYPE "token-introspection+jwt"
#define SIGNED_MAX ((size_t)64 * 1024)

struct live_token {
	struct id connected_account, client; /* connected_account is zero: of an app for itself */
	struct str called;                   /* the client_id of an app that nobody registered; else absent */
	uint64_t scopes;
	int16_t audience;
	struct instant until, given_at, auth_time;
	struct id_list calendars;
	bool with_details;
	struct bytes dpop_jkt, x5t; /* absent: bound to no key, to no certificate */
	struct str email;
};
#define LIVE_COLS                                                                                                      \
	connected_account, client, called, calendars, with_details, scopes, audience, until, given_at, auth_time,      \
		dpop_jkt, x5t, email
#define LIVE_RESULT(n) DB_RESULT(introspect_access_##n, struct live_token, LIVE_COLS);
TOKEN_LEAVES(LIVE_RESULT)
DB_RESULT(introspect_refresh, struct live_token, LIVE_COLS);

static const struct leaf {
	const struct query *find;
	const struct db_result *result;
} leaves[TOKEN_SLOTS] = {
#define LEAF(n) { &sql_introspect_access_##n, &db_result_introspect_access_##n },
	TOKEN_LEAVES(LEAF)
#undef LEAF
};

/* The secret's own form tells which it is; token_type_hint may be wrong and is not needed (§2.1). Keys, codes and what
 * else there is are never told of. NOT_FOUND: none that works. */
static err_t find(struct ctx *cx, struct str token, const struct secret_parts *parts, struct live_token *out)
{
	struct bytes hash = secret_hash(cx->mem, token);
	if (parts->kind == SECRET_ACCESS) {
		const struct leaf *leaf = &leaves[token_slot(parts)];
		return db_row(cx, leaf->find, ((struct db_into){ leaf->result, out }), IN(parts->account), IN(hash));
	}
	if (parts->kind == SECRET_REFRESH)
		return db_row(cx, &sql_introspect_refresh, ROW(introspect_refresh, out), IN(parts->account),
			IN(parts->family), IN(hash));
	return FAIL(cx, NOT_FOUND, "a secret of another kind");
}

static bool may_know(const struct client *asking, const struct secret_parts *parts, const struct live_token *token)
{
	if (id_is_test(asking->owner) != id_is_test(parts->account))
		return false;
	/* A token for parts of this server is for nobody else (RFC 7662 §4, RFC 8707 §2). */
	return id_eq(asking->id, token->client) || (asking->may_introspect && !token->audience);
}

static void add_audience(struct json *j, struct ctx *cx, int16_t audience)
{
	struct str rest = audience_text(cx->mem, oauth_issuer(cx), audience), one;
	json_array(j, "aud");
	while (str_cut(&rest, ' ', &one))
		json_str(j, NULL, one);
	json_array_end(j);
}

/* RFC 9449 §6.2, RFC 8705 §3.2 */
static void add_bound(struct json *j, struct ctx *cx, const struct live_token *t)
{
	if (!t->dpop_jkt.ptr && !t->x5t.ptr)
		return;
	json_object(j, "cnf");
	if (t->dpop_jkt.ptr)
		json_str(j, "jkt", base64url_of(cx->mem, t->dpop_jkt));
	if (t->x5t.ptr)
		json_str(j, "x5t#S256", base64url_of(cx->mem, t->x5t));
	json_object_end(j);
}

static void write_answer(struct ctx *cx, struct json *into, const char *key, const struct secret_parts *parts,
	const struct live_token *t)
{
	struct json j = *into;
	json_object(&j, key);
	json_bool(&j, "active", t != NULL);
	if (t) {
		json_str(&j, "scope", scope_text_spoken(cx->mem, t->scopes));
		details_write(
			&j, t->scopes, &(struct granted_details){ t->with_details, t->calendars }); /* RFC 9396 §9.2 */
		json_str(&j, "client_id", t->called.ptr ? t->called : id_text(cx->mem, "cli", t->client));
		if (parts->kind == SECRET_ACCESS)
			json_str(&j, "token_type", t->dpop_jkt.ptr ? STR("DPoP") : STR("Bearer"));
		add_bound(&j, cx, t);
		if (instant_before(t->until, INSTANT_FOREVER))
			json_int(&j, "exp", instant_s(t->until));
		if (!instant_is_none(t->given_at))
			json_int(&j, "iat", instant_s(t->given_at));
		json_id(&j, "sub", "usr", parts->account);
		if (t->scopes & (OPENID_EMAIL | PROFILE_READ)) /* nobody learns here what the token does not tell */
			json_str(&j, "username", t->email);
		json_str(&j, "iss", oauth_issuer(cx));
		add_audience(&j, cx, t->audience);
		if (!id_is_zero(t->connected_account)) /* else of an app for itself */
			json_id(&j, "connected_account_id", "cpa", t->connected_account);
		json_bool(&j, "livemode", !id_is_test(parts->account));
		if (!instant_is_none(t->auth_time))
			json_int(&j, "auth_time", instant_s(t->auth_time));
	}
	json_object_end(&j);
	*into = j;
}

/* RFC 9701 §5: signed for who asks, for whoever must show later what was said. */
static err_t answer_signed(struct request *rq, struct response *rs, const struct client *asking,
	const struct secret_parts *parts, const struct live_token *t)
{
	struct ctx *cx = &rq->cx;
	struct buf claims = buf_new(cx->mem, SIGNED_MAX);
	struct json j = json_begin(&claims);
	struct str token;
	json_object(&j, NULL);
	json_str(&j, "iss", oauth_issuer(cx));
	json_str(&j, "aud", asking->url.ptr ? asking->url : id_text(cx->mem, "cli", asking->id));
	json_int(&j, "iat", instant_s(cx->now));
	write_answer(cx, &j, "token_introspection", parts, t);
	json_object_end(&j);
	TRY(jwt_sign(cx, SIGNED_TYPE, buf_str(&claims), &token));
	buf_add(reply(rs, 200, "application/" SIGNED_TYPE), token);
	return OK;
}

static err_t answer(struct request *rq, struct response *rs, const struct client *asking,
	const struct secret_parts *parts, const struct live_token *t)
{
	static const struct str types[] = { STR_INIT("application/json"), STR_INIT("application/" SIGNED_TYPE) };
	size_t chosen = 0;
	response_header(rs, "Vary", STR("Accept"));
	if (accept_choose(request_header_list(rq, "Accept"), types, ARRAY_LEN(types), &chosen) && chosen == 1)
		return answer_signed(rq, rs, asking, parts, t);
	struct json j = json_begin(reply(rs, 200, "application/json"));
	write_answer(&rq->cx, &j, NULL, parts, t);
	return OK;
}

err_t introspect_post(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct client client;
	struct params params;
	struct secret_parts parts = { 0 };
	struct live_token token = { 0 };
	TRY(endpoint_form(rq, &params));
	TRY(endpoint_client(rq, &params, &client));
	if (client.kind != CLIENT_CONFIDENTIAL) /* §2.1: whoever asks proves who they are */
		return REFUSE(cx, INVALID_CLIENT, "", "An app without a secret cannot ask about tokens.");
	struct str text = param_get(&params, "token");
	if (!text.ptr)
		return REFUSE(cx, MISSING_FIELD, "token", "The parameter token is missing.");
	bool readable = secret_parse(cx->mem, text, &parts);
	err_t e = readable ? find(cx, text, &parts, &token) : FAIL(cx, NOT_FOUND, "no secret of ours");
	if (e && !err_is(e, NOT_FOUND))
		return e;
	return answer(rq, rs, &client, &parts, !e && may_know(&client, &parts, &token) ? &token : NULL);
}
