/* SPDX-License-Identifier: Apache-2.0 */
#include "web/demo_oauth.h"

#include <string.h>

#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/data/json.h"

struct token_answer {
	struct str access_token, refresh_token, scope, connected_account_id;
	int64_t expires_in;
	bool livemode;
	struct str error, error_description;
};

#define FIELD(name_, kind_)                                                                                            \
	{                                                                                                              \
		.name = #name_, .kind = (kind_), .offset = offsetof(struct token_answer, name_)                        \
	}
static const struct json_field answer_fields[] = {
	FIELD(access_token, JSON_STR),
	FIELD(refresh_token, JSON_STR),
	FIELD(scope, JSON_STR),
	FIELD(connected_account_id, JSON_STR),
	FIELD(expires_in, JSON_INT),
	FIELD(livemode, JSON_BOOL),
	FIELD(error, JSON_STR),
	FIELD(error_description, JSON_STR),
};

/* 32 random octets: 43 characters of the verifier's alphabet (RFC 7636 §4.1). */
static void random_text(struct arena *mem, char *out, size_t size)
{
	uint8_t octets[32];
	random_fill(octets, sizeof octets);
	struct str text = base64url_of(mem, bytes_of(octets, sizeof octets));
	memset(out, 0, size);
	memcpy(out, text.ptr, text.len);
}

struct str demo_authorize_url(struct ctx *cx, const struct demo *demo, struct str scope, struct visitor *visitor)
{
	struct buf url = buf_new(cx->mem, 4096);
	uint8_t challenge[SHA256_SIZE];

	random_text(cx->mem, visitor->state, sizeof visitor->state);
	random_text(cx->mem, visitor->verifier, sizeof visitor->verifier);
	sha256(bytes_of(visitor->verifier, strlen(visitor->verifier)), challenge);

	buf_add(&url, cx->config->public_url);
	BUF_LIT(&url, "/oauth/authorize?");
	form_add(&url, "response_type", STR("code"));
	form_add(&url, "client_id", demo->client_id);
	form_add(&url, "redirect_uri", demo->redirect_uri);
	form_add(&url, "scope", scope);
	form_add(&url, "state", str_of(visitor->state));
	form_add(&url, "code_challenge", base64url_of(cx->mem, bytes_of(challenge, sizeof challenge)));
	form_add(&url, "code_challenge_method", STR("S256"));
	return buf_str(&url);
}

/* Both halves are form-encoded before they are put together (OAuth 2.1 §2.4.1). */
static struct str client_basic(struct ctx *cx, const struct demo *demo)
{
	struct buf pair = buf_new(cx->mem, 1024);
	uri_component_add(&pair, demo->client_id);
	buf_char(&pair, ':');
	uri_component_add(&pair, demo->client_secret);
	return str_cat(cx->mem, STR("Basic "), base64_of(cx->mem, bytes_of(pair.ptr, pair.len)));
}

/* To the server that this is a demo of, wherever it stands. `form` absent: GET. */
static err_t call(struct ctx *cx, struct str path, struct str authorization, struct str form, struct fetched *out)
{
	struct str *lines = arena_array(cx->mem, struct str, 1);
	lines[0] = str_cat(cx->mem, STR("Authorization: "), authorization);
	const struct fetch what = {
		.url = str_cat(cx->mem, cx->config->public_url, path),
		.headers = { lines, 1 },
		.body = form,
		.may_be_private = true,
	};
	return fetch(cx, &what, out);
}

static err_t post(
	struct ctx *cx, const struct demo *demo, const char *path, const struct buf *form, struct fetched *out)
{
	return call(cx, str_of(path), client_basic(cx, demo), buf_str(form), out);
}

static bool keep(char *field, size_t size, struct str text)
{
	if (text.len >= size)
		return false;
	memset(field, 0, size);
	if (text.len)
		memcpy(field, text.ptr, text.len);
	return true;
}

static err_t take_tokens(struct ctx *cx, const struct fetched *got, struct visitor *visitor)
{
	struct token_answer answer = { 0 };
	err_t e = json_read_known(cx, got->body, answer_fields, ARRAY_LEN(answer_fields), &answer);
	if (!e && got->status != 200 && answer.error.len)
		return REFUSE(
			cx, INVALID_GRANT, "", "%.*s: %.*s", STR_ARG(answer.error), STR_ARG(answer.error_description));
	if (e || got->status != 200 || !answer.access_token.len ||
		!keep(visitor->access, sizeof visitor->access, answer.access_token) ||
		!keep(visitor->refresh, sizeof visitor->refresh, answer.refresh_token) ||
		!keep(visitor->scope, sizeof visitor->scope, answer.scope) ||
		!keep(visitor->connected_account, sizeof visitor->connected_account, answer.connected_account_id))
		return REFUSE(cx, UNAVAILABLE, "", "The token endpoint answered %d, and nothing that can be used.",
			got->status);
	visitor->expires_at = instant_add_s(cx->now, answer.expires_in);
	visitor->live = answer.livemode;
	return OK;
}

err_t demo_redeem(struct ctx *cx, const struct demo *demo, struct str code, struct visitor *visitor)
{
	struct buf form = buf_new(cx->mem, 8192);
	struct fetched got;
	form_add(&form, "grant_type", STR("authorization_code"));
	form_add(&form, "code", code);
	form_add(&form, "redirect_uri", demo->redirect_uri);
	form_add(&form, "code_verifier", str_of(visitor->verifier));
	TRY(post(cx, demo, "/oauth/token", &form, &got));
	return take_tokens(cx, &got, visitor);
}

err_t demo_refresh(struct ctx *cx, const struct demo *demo, struct visitor *visitor)
{
	struct buf form = buf_new(cx->mem, 8192);
	struct fetched got;
	form_add(&form, "grant_type", STR("refresh_token"));
	form_add(&form, "refresh_token", str_of(visitor->refresh));
	TRY(post(cx, demo, "/oauth/token", &form, &got));
	return take_tokens(cx, &got, visitor);
}

static void forget_tokens(struct visitor *visitor)
{
	explicit_bzero(visitor->access, sizeof visitor->access);
	explicit_bzero(visitor->refresh, sizeof visitor->refresh);
}

err_t demo_disconnect(struct ctx *cx, const struct demo *demo, struct visitor *visitor)
{
	struct buf form = buf_new(cx->mem, 8192);
	struct fetched got;
	form_add(&form, "token", str_of(visitor->refresh));
	form_add(&form, "token_type_hint", STR("refresh_token"));
	forget_tokens(visitor);
	return post(cx, demo, "/oauth/revoke", &form, &got);
}

err_t demo_call(struct ctx *cx, const struct visitor *visitor, struct str path, struct fetched *out)
{
	return call(cx, path, str_cat(cx->mem, STR("Bearer "), str_of(visitor->access)), STR_ABSENT, out);
}
