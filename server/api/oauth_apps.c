/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The apps of an account (OAuth clients), for its secret keys: each sees and makes those of its own mode, by the same
 * rules as `calends client …`. What the operator alone decides, who is verified and who may introspect, is not set
 * here.
 */
#include "oauth/client.h"
#include "oauth/client_json.h"
#include "server/account/resources.h"
#include "server/api/api.h"
#include "server/api/oauth_app_keys.h"
#include "server/api/page.h"

struct secret_view {
	struct str id, object, prefix;
	struct instant created_at, last_used_at, expires_at, revoked_at;
	struct str secret;
	bool has_expires_at;
};

struct app_view {
	struct str id, object, name, type, secret, api_version;
	struct str auth_method, jwks_uri;
	struct jwks_view jwks;
	bool livemode, verified, par_only, has_par_only, has_name, has_type, has_redirect_uris, has_scopes, has_auth,
		has_jwks, has_jwks_uri;
	bool has_grant_types, has_machine_scopes;
	struct str_list redirect_uris, scopes, machine_scopes, grant_types;
	struct json_list secrets;
	struct instant created_at;
};

#define S(member) offsetof(struct secret_view, member)
#define V(member) offsetof(struct app_view, member)
#define READ JSON_READ_ONLY
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field secret_fields[] = {
	/* name           kind       flags                 offset           given               min max */
	{ "id",           JSON_STR,  READ,                 S(id),           0,                  0, 0, NULL, NULL, 0, 0, "sec_…", "sec_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",       JSON_STR,  READ,                 S(object),       0,                  0, 0, NULL, NULL, 0, 0, "oauth_app_secret", "oauth_app_secret" },
	{ "client_secret", JSON_STR, READ | JSON_OPTIONAL, S(secret),       0,                  0, 0, NULL, NULL, 0, 0, "The secret, told once: when it is made", NULL },
	{ "prefix",       JSON_STR,  READ,                 S(prefix),       0,                  0, 0, NULL, NULL, 0, 0, "How it begins: all that can still be told of it", "cls_8f3a1c" },
	{ "created_at",   JSON_TIME, READ,                 S(created_at),   0,                  0, 0, NULL, NULL, 0, 0, "When it was made", NULL },
	{ "last_used_at", JSON_TIME, READ | MAYBE,         S(last_used_at), 0,                  0, 0, NULL, NULL, 0, 0, "When the app last proved itself with it; null: never", NULL },
	{ "expires_at",   JSON_TIME, MAYBE,                S(expires_at),   S(has_expires_at),  0, 0, NULL, NULL, 0, 0, "When it ends by itself; null: never", "2036-01-01T00:00:00Z" },
	{ "revoked_at",   JSON_TIME, READ | MAYBE,         S(revoked_at),   0,                  0, 0, NULL, NULL, 0, 0, "When it was revoked; null: it works", NULL },
};

static const struct json_field app_fields[] = {
	{ "id",            JSON_STR,  READ,                 V(id),            0,                    0, 0,   NULL, NULL, 0, 0, "cli_…: the client_id", "cli_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",        JSON_STR,  READ,                 V(object),        0,                    0, 0,   NULL, NULL, 0, 0, "oauth_app", "oauth_app" },
	{ "name",          JSON_STR,  0,                    V(name),          V(has_name),          1, 100, NULL, NULL, 0, 0, "What users are asked to allow", "Acme" },
	{ "type",          JSON_WORD, 0,                    V(type),          V(has_type),          0, 0,   "public confidential", NULL, 0, 0, "confidential: it runs on a server and has secrets; fixed when it is made", "confidential" },
	{ "client_secret", JSON_STR,  READ | JSON_OPTIONAL, V(secret),        0,                    0, 0,   NULL, NULL, 0, 0, "The first secret of a confidential app, told once: when it is made", NULL },
	{ "livemode",      JSON_BOOL, READ,                 V(livemode),      0,                    0, 0,   NULL, NULL, 0, 0, "false: it connects to the test data of its users", "true" },
	{ "verified",      JSON_BOOL, READ,                 V(verified),      0,                    0, 0,   NULL, NULL, 0, 0, "Does the operator of this server vouch for it? Another name or redirect URI ends that", "false" },
	{ "redirect_uris", JSON_STRS, 0,                    V(redirect_uris), V(has_redirect_uris), 1, CLIENT_REDIRECTS_MAX, NULL, NULL, 0, 0, "Where answers may go, compared octet by octet", "https://app.example/callback" },
	{ "scopes",        JSON_STRS, 0,                    V(scopes),        V(has_scopes),        1, 32,  NULL, NULL, 0, 0, "What it may ask for at most; all when left out", "events:read" },
	{ "machine_scopes", JSON_STRS, 0,                   V(machine_scopes), V(has_machine_scopes), 0, 32, NULL, NULL, 0, 0, "What it may do for itself with a token of grant type client_credentials: on the account that it belongs to, and on no user's. None when left out", "calendars:read" },
	{ "grant_types",   JSON_STRS, 0,                    V(grant_types),   V(has_grant_types),   1, 8,   NULL, NULL, 0, 0, "How it gets tokens; authorization_code and refresh_token when left out", "authorization_code" },
	{ "token_endpoint_auth_method", JSON_WORD, MAYBE,   V(auth_method),   V(has_auth),          0, 0,   CLIENT_AUTH_NAMES, NULL, 0, 0, "The only way in which it proves itself; null: a confidential app by a secret, in the header or the body", "client_secret_basic" },
	{ "jwks",          JSON_OBJECT, MAYBE,              V(jwks),          V(has_jwks),          0, 0,   NULL, jwks_fields, JWKS_FIELD_COUNT, sizeof(struct jwks_view), "Its public keys (RFC 7517)", NULL },
	{ "jwks_uri",      JSON_STR,  MAYBE,                V(jwks_uri),      V(has_jwks_uri),      1, 2048, NULL, NULL, 0, 0, "Where its public keys are fetched from, instead of jwks", NULL },
	{ "require_pushed_authorization_requests", JSON_BOOL, 0, V(par_only), V(has_par_only), 0, 0, NULL, NULL, 0, 0, "It pushes its authorization requests first (RFC 9126), and asks in no other way", "false" },
	{ "secrets",       JSON_OBJECTS, READ,              V(secrets),       0,                    0, 0,   NULL, secret_fields, ARRAY_LEN(secret_fields), sizeof(struct secret_view), "Its secrets, the newest first; those that ended for 90 days. Empty in lists", NULL },
	{ "api_version",   JSON_STR,  READ,                 V(api_version),   0,                    0, 0,   NULL, NULL, 0, 0, "The version of the API in which its tokens call where they send no Api-Version: the newest on the day when it was registered", "2026-11-28" },
	{ "created_at",    JSON_TIME, READ,                 V(created_at),    0,                    0, 0,   NULL, NULL, 0, 0, "When it was registered", NULL },
};
/* clang-format on */

static const struct json_resource app_resource = {
	.name = "oauth_app",
	JSON_FIELDS(app_fields),
	.size = sizeof(struct app_view),
	.doc = "An app that users can connect (an OAuth client).",
};

static const struct json_resource secret_resource = {
	.name = "oauth_app_secret",
	JSON_FIELDS(secret_fields),
	.size = sizeof(struct secret_view),
	.doc = "One of the secrets of a confidential app. Any that works proves it.",
};

/* ---- views ---- */

static struct secret_view secret_view_of(struct arena *mem, const struct client_secret *s, struct str text)
{
	return (struct secret_view){
		.id = id_text(mem, "sec", s->id),
		.object = STR("oauth_app_secret"),
		.secret = text,
		.prefix = s->prefix,
		.created_at = s->created_at,
		.last_used_at = s->last_used_at,
		.expires_at = s->expires_at,
		.revoked_at = s->revoked_at,
	};
}

static err_t view_of(struct ctx *cx, const struct client *c, struct app_view *out)
{
	struct arena *mem = cx->mem;
	*out = (struct app_view){
		.id = id_text(mem, "cli", c->id),
		.object = STR("oauth_app"),
		.name = c->name,
		.type = str_of(client_kind_name(c->kind)),
		.livemode = !id_is_test(c->owner),
		.verified = c->verified,
		.redirect_uris = c->redirects,
		.par_only = c->par_only,
		.scopes = scope_names(mem, c->scopes),
		.machine_scopes = scope_names(mem, c->machine_scopes),
		.grant_types = client_grant_names(mem, c->grants),
		.auth_method = client_auth_name(c->auth_method),
		.has_jwks = c->jwks.ptr != NULL,
		.jwks_uri = c->jwks_uri,
		.api_version = c->api_version,
		.created_at = c->created_at,
	};
	return jwks_view_of(cx, c->jwks, &out->jwks);
}

static err_t whole_view_of(struct ctx *cx, const struct client *client, struct app_view *out)
{
	const struct client_secret *secrets;
	size_t count;
	TRY(client_secrets(cx, client->id, &secrets, &count));
	struct secret_view *views = arena_array(cx->mem, struct secret_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = secret_view_of(cx->mem, &secrets[i], STR_ABSENT);
	TRY(view_of(cx, client, out));
	out->secrets = (struct json_list){ views, count };
	return OK;
}

/* One app with its secrets, as it is by now. */
static err_t reply_app(struct api_call *call, struct response *rs, struct id id, struct str secret)
{
	struct client client;
	struct app_view view;
	TRY(client_owned(&call->rq->cx, call->who.account, id, &client));
	TRY(whole_view_of(&call->rq->cx, &client, &view));
	view.secret = secret;
	api_reply(call, rs, &view);
	return OK;
}

/* ---- parameters ---- */

struct app_params {
	struct id app, secret;
};

static const struct json_field app_params[] = {
	{ .name = "app",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cli",
		.offset = offsetof(struct app_params, app),
		.doc = "Its `id`" },
	{ .name = "secret",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "sec",
		.offset = offsetof(struct app_params, secret),
		.doc = "The secret's `id`" },
};
#define APP_PARAMS .params = app_params, .param_count = 1, .params_size = sizeof(struct app_params)

static const struct app_params *params_of(const struct api_call *call)
{
	return call->params;
}

/* Commands call it redirect_uri, one by one. */
static err_t in_our_words(struct ctx *cx, err_t e)
{
	if (e && str_eq(e->param, STR("redirect_uri")))
		return REFUSE(cx, e->kind, "redirect_uris", "%.*s", STR_ARG(err_text(e)));
	return e;
}

/* What was sent, over what there was. */
static struct client_means means_of(struct ctx *cx, const struct app_view *sent, struct client_means was)
{
	enum client_auth auth = CLIENT_AUTH_OPEN;
	if (sent->has_auth && sent->auth_method.ptr)
		(void)client_auth_parse(sent->auth_method, &auth); /* a word of the field's */
	return (struct client_means){
		.auth = sent->has_auth ? (int16_t)auth : was.auth,
		.jwks = sent->has_jwks ? jwks_text_of(cx, &sent->jwks) : was.jwks,
		.uri = sent->has_jwks_uri ? sent->jwks_uri : was.uri,
	};
}

static err_t policy_of(struct ctx *cx, const struct app_view *sent, struct client_policy was, struct client_policy *out)
{
	*out = was;
	return sent->has_machine_scopes
		       ? scope_names_read(cx, "machine_scopes", sent->machine_scopes, &out->machine_scopes)
		       : OK;
}

static bool has_policy(const struct app_view *sent)
{
	return sent->has_machine_scopes;
}

/* ---- calls ---- */

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct client *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(client_page(&call->rq->cx, call->who.account, bound, page.back, page.limit + 1, &rows, &count));
	page_cut(&page, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct app_view view;
		TRY(view_of(&call->rq->cx, &rows[page_row(&page, count, i)], &view));
		api_list_item(call, &j, &view);
	}
	page_end_newest(&page, &j, count, count ? rows[page_row(&page, count, 0)].id : bound,
		count ? rows[page_row(&page, count, count - 1)].id : bound);
	return OK;
}

const struct contract list_oauth_apps = {
	.id = "listOauthApps",
	.summary = "The account's apps of the key's own mode, newest first.",
	.answer = &app_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	return reply_app(call, rs, params_of(call)->app, STR_ABSENT);
}

const struct contract get_oauth_app = {
	.id = "getOauthApp",
	.summary = "One app with its secrets.",
	APP_PARAMS,
	.answer = &app_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

static err_t run_create(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	const struct app_view *view = call->body;
	struct client_new in = { .owner = call->who.account,
		.name = view->name,
		.redirects = view->redirect_uris,
		.par_only = view->par_only };
	struct client client;
	struct str secret;
	if (!view->has_type || !client_kind_parse(view->type, &in.kind))
		return REFUSE(cx, MISSING_FIELD, "type", "An app is public or confidential.");
	TRY(scope_names_read(cx, "scopes", view->scopes, &in.scopes));
	TRY(client_grants_read(cx, "grant_types", view->grant_types, &in.grants));
	in.means = means_of(cx, view, (struct client_means){ 0 });
	TRY(policy_of(cx, view, (struct client_policy){ 0 }, &in.policy));
	TRY(in_our_words(cx, client_create(cx, &in, &client, &secret)));
	TRY(reply_app(call, rs, client.id, secret));
	api_location(rs, "/v1/oauth_apps/", id_text(cx->mem, "cli", client.id));
	return OK;
}

const struct contract create_oauth_app = {
	.id = "createOauthApp",
	.summary = "Register an app in the key's own mode. The secret of a confidential one is in this answer alone.",
	.body = &app_resource,
	.answer = &app_resource,
	.status = 201,
	.flags = TELLS_SECRET,
	ERRORS(FORBIDDEN, NOT_FOUND, URL_NOT_ALLOWED, KEY_ALREADY_SHOWN),
	.run = run_create,
};

static err_t run_update(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct app_view view = { 0 }, shown;
	struct client_policy policy;
	struct client present;
	TRY(client_owned(cx, call->who.account, params_of(call)->app, &present));
	TRY(whole_view_of(cx, &present, &shown));
	TRY(api_read_change(call, &shown, &view));
	if (view.has_type)
		return REFUSE(cx, INVALID_VALUE, "type", "The type of an app is fixed. Register another.");
	struct client_change change = { .name = view.has_name ? view.name : STR_ABSENT };
	if (view.has_redirect_uris)
		change.redirects = view.redirect_uris;
	TRY(scope_names_read(cx, "scopes", view.scopes, &change.scopes));
	TRY(client_grants_read(cx, "grant_types", view.grant_types, &change.grants));
	change.has_means = view.has_auth || view.has_jwks || view.has_jwks_uri;
	change.means = means_of(cx, &view, client_means_of(&present));
	TRY(policy_of(cx, &view, client_policy_of(&present), &policy));
	change.policy = has_policy(&view) ? &policy : NULL;
	change.par_only = view.has_par_only ? &view.par_only : NULL;
	if (view.has_name || view.has_redirect_uris || view.has_scopes || view.has_par_only || change.has_means ||
		change.grants || change.policy)
		TRY(in_our_words(cx, client_change(cx, &present, &change)));
	return reply_app(call, rs, present.id, STR_ABSENT);
}

const struct contract update_oauth_app = {
	.id = "updateOauthApp",
	.summary =
		"Change an app's name, redirect URIs, scopes or how it proves itself. What users granted already stays "
		"as it is.",
	APP_PARAMS,
	.body = &app_resource,
	.answer = &app_resource,
	.status = 200,
	.flags = BODY_IS_CHANGE,
	ERRORS(NOT_FOUND, URL_NOT_ALLOWED),
	.run = run_update,
};

static err_t run_delete(struct api_call *call, struct response *rs)
{
	struct client client;
	TRY(client_owned(&call->rq->cx, call->who.account, params_of(call)->app, &client));
	TRY(client_delete(&call->rq->cx, client.owner, client.id));
	api_reply_deleted(call, rs, "cli", params_of(call)->app);
	return OK;
}

const struct contract delete_oauth_app = {
	.id = "deleteOauthApp",
	.summary = "Remove an app; all its connections end at once.",
	APP_PARAMS,
	.answer = &app_resource,
	.shape = ANSWER_DELETED,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_delete,
};

static err_t run_add_secret(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	const struct secret_view *sent = call->body;
	struct client_secret made;
	struct client client;
	struct str text;
	TRY(client_owned(cx, call->who.account, params_of(call)->app, &client));
	if (client.kind != CLIENT_CONFIDENTIAL)
		return REFUSE(cx, CONFLICT, "", "A public app has no secrets.");
	TRY(client_secret_add(cx, &client, sent->has_expires_at ? sent->expires_at : INSTANT_NONE, &made, &text));
	struct secret_view view = secret_view_of(cx->mem, &made, text);
	api_reply(call, rs, &view);
	api_location(rs, "/v1/oauth_apps/", id_text(cx->mem, "cli", client.id)); /* which lists it */
	return OK;
}

const struct contract create_oauth_app_secret = {
	.id = "createOauthAppSecret",
	.summary = "One more secret beside the others, so that these can be replaced without a gap. It is in this "
		   "answer alone.",
	APP_PARAMS,
	.body = &secret_resource,
	.answer = &secret_resource,
	.status = 201,
	.flags = TELLS_SECRET | BODY_OPTIONAL,
	ERRORS(NOT_FOUND, CONFLICT, FORBIDDEN, KEY_ALREADY_SHOWN),
	.run = run_add_secret,
};

static err_t run_revoke_secret(struct api_call *call, struct response *rs)
{
	struct client client;
	TRY(client_owned(&call->rq->cx, call->who.account, params_of(call)->app, &client));
	TRY(client_secret_revoke(&call->rq->cx, client.id, params_of(call)->secret));
	return reply_app(call, rs, client.id, STR_ABSENT);
}

const struct contract revoke_oauth_app_secret = {
	.id = "revokeOauthAppSecret",
	.summary = "End one secret at once and for good; the others work on.",
	PARAMS(app_params, struct app_params),
	.answer = &app_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_revoke_secret,
};
