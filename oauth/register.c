/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/register.h"

#include "oauth/answer.h"
#include "oauth/client_json.h"
#include "oauth/client_rate.h"
#include "oauth/guess_limit.h"
#include "oauth/registered.h"
#include "server/auth/credential.h"
#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/data/json.h"

static void words(struct json *j, const char *member, struct str_list items)
{
	json_array(j, member);
	for (size_t i = 0; i < items.count; i++)
		json_str(j, NULL, items.items[i]);
	json_array_end(j);
}

/* RFC 7591 §3.2.1: what was registered, whatever was asked. The object is left open. */
static struct json begin(struct request *rq, struct response *rs, int status, struct str client_id, struct str name,
	struct str_list redirects, int16_t auth, int16_t grants)
{
	const struct str code = STR("code");
	struct json j = json_begin(reply(rs, status, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "client_id", client_id);
	json_str(&j, "client_name", name);
	words(&j, "redirect_uris", redirects);
	json_str(&j, "token_endpoint_auth_method", client_auth_name(auth));
	words(&j, "grant_types", client_grant_names(rq->cx.mem, grants));
	words(&j, "response_types", (struct str_list){ &code, 1 });
	return j;
}

/* ---- without a row ---- */

static err_t register_open(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct registration made = { 0 };
	struct str_list given;
	struct str client_id;
	if (!str_eq(cx->config->registration, STR("open")))
		return REFUSE(cx, FORBIDDEN, "",
			"Apps do not register themselves at this server: its operator does, or gives a token for it.");
	TRY(guess_limit_take(rq, STR("register")));
	TRY(registration_read(cx, rq->body, REGISTERED_BY_ITSELF, &made, &given));
	TRY(registration_seal(cx, &made, &client_id));
	/* The redirect URIs are told with the ports that they had. */
	struct json j = begin(rq, rs, 201, client_id, made.name, given, made.means.auth, made.grants);
	json_str(&j, "scope", scope_text_spoken(cx->mem, made.scopes));
	json_object_end(&j);
	return OK;
}

/* ---- with one ---- */

static struct str bearer_of(struct request *rq)
{
	struct credential sent;
	err_t e = credential_read(&rq->cx, request_header(rq, "Authorization"), &sent);
	return !e && sent.transport == VIA_BEARER ? sent.secret : STR_ABSENT;
}

static void answer(struct request *rq, struct response *rs, int status, const struct registered *r)
{
	struct ctx *cx = &rq->cx;
	const struct client *c = &r->client;
	struct str id = id_text(cx->mem, "cli", c->id);
	struct json j = begin(rq, rs, status, id, c->name, c->redirects, c->auth_method, c->grants);
	json_str(&j, "scope", scope_text(cx->mem, c->scopes));
	if (c->jwks.ptr)
		json_raw(&j, "jwks", c->jwks);
	json_str_if(&j, "jwks_uri", c->jwks_uri);
	json_int(&j, "client_id_issued_at", instant_s(c->created_at));
	json_str_if(&j, "client_secret", r->secret);
	if (r->secret.ptr)
		json_int(&j, "client_secret_expires_at", 0);
	json_str(&j, "registration_access_token", r->token); /* RFC 7592 §3 */
	json_str(&j, "registration_client_uri",
		str_fmt(cx->mem, "%.*s/oauth/register/%.*s", STR_ARG(oauth_issuer(cx)), STR_ARG(id)));
	json_object_end(&j);
}

/* Who guesses is slowed, and nobody else. */
static err_t counted(struct request *rq, err_t e)
{
	if (err_is(e, TOKEN_INVALID))
		TRY(guess_limit_take(rq, STR("registration token")));
	return e;
}

err_t register_post(struct request *rq, struct response *rs)
{
	struct registration said = { 0 };
	struct registered made = { 0 };
	if (!request_header(rq, "Authorization").ptr)
		return register_open(rq, rs);
	TRY(registration_read(&rq->cx, rq->body, REGISTERED_BY_OWNER, &said, NULL));
	TRY(counted(rq, registered_create(&rq->cx, bearer_of(rq), &said, &made)));
	answer(rq, rs, 201, &made);
	return OK;
}

static err_t find(struct request *rq, struct registered *out)
{
	TRY(counted(rq, registered_find(&rq->cx, rq->args[0], bearer_of(rq), out)));
	rq->cx.by = (struct ctx_by){ .kind = "app", .client = out->client.id };
	return client_rate_take(rq, &out->client);
}

err_t registration_get(struct request *rq, struct response *rs)
{
	struct registered found;
	TRY(find(rq, &found));
	answer(rq, rs, 200, &found);
	return OK;
}

err_t registration_put(struct request *rq, struct response *rs)
{
	struct registered found;
	TRY(find(rq, &found));
	struct registration said = { .url = rq->args[0] };
	TRY(registration_read(&rq->cx, rq->body, REGISTERED_BY_OWNER, &said, NULL));
	TRY(registered_change(&rq->cx, &said, &found));
	answer(rq, rs, 200, &found);
	return OK;
}

err_t registration_delete(struct request *rq, struct response *rs)
{
	struct registered found;
	TRY(find(rq, &found));
	TRY(client_delete(&rq->cx, found.client.owner, found.client.id));
	reply_empty(rs, 204);
	return OK;
}
