/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The apps of an account (OAuth clients), for its secret keys: each sees and makes those of its own mode, by the same
 * rules as `calends client …`. What the operator alone decides, who is verified and who may introspect, is not set
 * here.
 */
#include "oauth/client_json.h"
#include "server/account/key_maker.h"
#include "server/account/resources.h"
#include "server/api/api.h"
#include "server/api/oauth_app_view.h"
#include "server/api/page.h"
#include "server/db/query.h"

/* One app with its secrets, as it is by now. */
static err_t reply_app(struct api_call *call, struct response *rs, struct id id, struct str secret)
{
	struct client client;
	struct app_view view;
	TRY(client_owned(&call->rq->cx, call->who.account, id, &client));
	TRY(app_whole_view_of(&call->rq->cx, &client, &view));
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
		return err_about(cx->mem, e, "redirect_uris");
	if (e && str_eq(e->param, STR("post_logout_redirect_uri")))
		return err_about(cx->mem, e, "post_logout_redirect_uris");
	return e;
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
	PAGE_CUT_ROWS(&page, rows, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, rows[page_row(&page, count, i)].created_at))
			continue;
		struct app_view view;
		TRY(app_view_of(&call->rq->cx, &rows[page_row(&page, count, i)], &view));
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_oauth_apps = {
	.id = "listOauthApps",
	.summary = "The account's apps of the key's own mode, newest first.",
	.answer = &app_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
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

/* Of whoever changes what an app may, or how it proves itself: held until the transaction ends. */
static err_t check_maker(struct api_call *call)
{
	struct key maker;
	TRY(key_maker_hold(
		&call->rq->cx, call->who.account, call->rq->principal->credential, (struct id){ { 0 } }, &maker));
	return key_maker_app(&call->rq->cx, &maker);
}

static err_t make(struct api_call *call, const struct client_new *in, struct client *out, struct str *secret_out)
{
	TRY(check_maker(call));
	return in_our_words(&call->rq->cx, client_create(&call->rq->cx, in, out, secret_out));
}

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
	bool own;
	if (!view->has_type || !client_kind_parse(view->type, &in.kind))
		return REFUSE(cx, MISSING_FIELD, "type", "An app is public or confidential.");
	TRY(scope_names_read(cx, "scopes", view->scopes, &in.scopes));
	TRY(client_grants_read(cx, "grant_types", view->grant_types, &in.grants));
	TRY(app_means_sent(cx, view, (struct client_means){ 0 }, &in.means));
	TRY(app_policy_sent(cx, view, (struct client_policy){ 0 }, &in.policy));
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, make(call, &in, &client, &secret)));
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

static err_t change(struct api_call *call)
{
	struct ctx *cx = &call->rq->cx;
	struct app_view view = { 0 }, shown;
	struct client_policy policy;
	struct client present;
	TRY(client_owned(cx, call->who.account, params_of(call)->app, &present));
	TRY(app_whole_view_of(cx, &present, &shown));
	TRY(api_read_change(call, &shown, &view));
	TRY(check_maker(call));
	if (view.has_type)
		return REFUSE(cx, INVALID_VALUE, "type", "The type of an app is fixed. Register another.");
	struct client_change sent = { .name = view.has_name ? view.name : STR_ABSENT };
	if (view.has_redirect_uris)
		sent.redirects = view.redirect_uris;
	TRY(scope_names_read(cx, "scopes", view.scopes, &sent.scopes));
	TRY(client_grants_read(cx, "grant_types", view.grant_types, &sent.grants));
	sent.has_means = app_sends_means(&view);
	TRY(app_means_sent(cx, &view, client_means_of(&present), &sent.means));
	TRY(app_policy_sent(cx, &view, client_policy_of(&present), &policy));
	sent.policy = app_sends_policy(&view) ? &policy : NULL;
	sent.par_only = view.has_par_only ? &view.par_only : NULL;
	if (view.has_name || view.has_redirect_uris || view.has_scopes || view.has_par_only || sent.has_means ||
		sent.grants || sent.policy)
		TRY(in_our_words(cx, client_change(cx, &present, &sent)));
	return OK;
}

static err_t run_update(struct api_call *call, struct response *rs)
{
	bool own;
	TRY(db_join(&call->rq->cx, &own));
	TRY(db_settle(&call->rq->cx, own, change(call)));
	return reply_app(call, rs, params_of(call)->app, STR_ABSENT);
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
	ERRORS(NOT_FOUND, FORBIDDEN, URL_NOT_ALLOWED),
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

static err_t add_secret(
	struct api_call *call, const struct client *client, struct client_secret *out, struct str *text_out)
{
	const struct secret_view *sent = call->body;
	TRY(check_maker(call));
	return client_secret_add(
		&call->rq->cx, client, sent->has_expires_at ? sent->expires_at : INSTANT_NONE, out, text_out);
}

static err_t run_add_secret(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct client_secret made;
	struct client client;
	struct str text;
	bool own;
	TRY(client_owned(cx, call->who.account, params_of(call)->app, &client));
	if (client.kind != CLIENT_CONFIDENTIAL)
		return REFUSE(cx, CONFLICT, "", "A public app has no secrets.");
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, add_secret(call, &client, &made, &text)));
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
