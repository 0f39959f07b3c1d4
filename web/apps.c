/* SPDX-License-Identifier: Apache-2.0 */
/* A developer's own apps: the same operations as /v1/oauth_apps and `calends client …`. */
#include "web/apps.h"

#include <string.h>

#include "caldav/calendar/sandbox.h"
#include "oauth/client_logo.h"
#include "oauth/connected_account.h"
#include "server/base/config.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/ticks.h"

#define CONNECTIONS_SHOWN 20

err_t app_in_path(struct request *rq, struct client *out)
{
	struct id id, account = rq->principal->account;
	if (!id_parse(rq->args[0], "cli", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no app id");
	err_t e = client_owned(&rq->cx, id_in_mode(account, false), id, out);
	if (err_is(e, NOT_FOUND))
		e = client_owned(&rq->cx, id_in_mode(account, true), id, out);
	return err_is(e, NOT_FOUND) ? REFUSE(&rq->cx, NOT_FOUND, "", "There is no such app among yours.") : e;
}

void app_values(struct request *rq, struct html_values *v, const struct client *client)
{
	html_set(v, "app_id", id_text(rq->cx.mem, "cli", client->id));
	html_set(v, "app_name", client->name);
	html_set(v, "app_initials", page_initials(rq->cx.mem, client->name));
	html_set_flag(v, "confidential", client->kind == CLIENT_CONFIDENTIAL);
	html_set_flag(v, "test", id_is_test(client->owner));
	html_set_flag(v, "verified", client->verified);
	html_set_flag(v, "fapi2", client->profile == CLIENT_FAPI2);
	page_when(rq, v, "created", client->created_at);
}

/* ---- the list ---- */

static const struct platform_account_count *count_of(
	const struct platform_account_count *counts, size_t count, struct id client)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(counts[i].client_id, client))
			return &counts[i];
	return NULL;
}

err_t apps_page(struct request *rq, struct response *rs)
{
	struct client_logo_tag *tags = NULL;
	struct html_values *v = page_new(rq, "My apps", "apps");
	struct id account = rq->principal->account;
	struct platform_account_count *counts[2];
	struct client *clients;
	size_t count, counted[2], tag_count;
	TRY(client_list(&rq->cx, account, &clients, &count));
	for (int test = 0; test < 2; test++)
		TRY(platform_account_counts(&rq->cx, id_in_mode(account, test), &counts[test], &counted[test]));
	struct id *ids = arena_array(rq->cx.mem, struct id, count + 1);
	for (size_t i = 0; i < count; i++)
		ids[i] = clients[i].id;
	TRY(client_logo_tags(&rq->cx, ids, count, &tags, &tag_count));
	const struct page_part part = page_part(rq, v, count);
	for (size_t n = part.from; n < part.to; n++) {
		size_t i = count - 1 - n; /* the newest first */
		struct html_values *row = html_add_row(v, "apps");
		bool test = id_is_test(clients[i].owner);
		const struct platform_account_count *connected = count_of(counts[test], counted[test], clients[i].id);
		app_values(rq, row, &clients[i]);
		app_logo_url(rq, row, clients[i].id, client_logo_tag_of(tags, tag_count, clients[i].id));
		html_set(
			row, "connections", str_fmt(rq->cx.mem, "%lld", connected ? (long long)connected->count : 0LL));
	}
	page_notice(rq, v);
	return page_reply(rs, 200, "apps", v);
}

/* ---- one ---- */

static err_t secrets_values(struct request *rq, struct html_values *v, const struct client *client)
{
	const struct client_secret *secrets;
	size_t count, working = 0;
	if (client->kind != CLIENT_CONFIDENTIAL)
		return OK;
	TRY(client_secrets(&rq->cx, client->id, &secrets, &count));
	if (id_is_test(client->owner))
		TRY(sandbox_ahead(&rq->cx, client->owner, &rq->cx.ahead_s));
	for (size_t i = 0; i < count; i++) {
		const struct client_secret *s = &secrets[i];
		struct html_values *row = html_add_row(v, "secrets");
		bool ended = !instant_is_none(s->revoked_at) ||
			     (!instant_is_none(s->expires_at) && !instant_before(account_now(&rq->cx), s->expires_at));
		working += !ended;
		html_set(row, "secret_id", id_text(rq->cx.mem, "sec", s->id));
		html_set(row, "prefix", s->prefix);
		html_set_flag(row, "works", !ended);
		page_when(rq, row, "made", s->created_at);
		page_when(rq, row, "secret_used", s->last_used_at);
	}
	html_set_flag(v, "has_secrets", true);
	html_set_flag(v, "any_secret", working > 0);
	return OK;
}

static void connection_values(struct request *rq, struct html_values *v, const struct platform_account *c)
{
	bool ended = c->state == PLATFORM_ACCOUNT_DEAUTHORIZED;
	html_set(v, "connection_id", id_text(rq->cx.mem, "cpa", c->id));
	if ((c->scopes & PROFILE_READ) && !ended) /* who it is, is theirs to tell */
		html_set(v, "user_name", c->name);
	html_set_flag(v, "ended", ended);
	html_set_flag(v, "deactivated", c->state == PLATFORM_ACCOUNT_DEACTIVATED);
	page_when(rq, v, "since", c->authorized_at);
	page_when(rq, v, "connection_used", c->last_used_at);
}

static err_t connections_values(struct request *rq, struct html_values *v, const struct client *client)
{
	const struct platform_account_filter filter = { .client = client->id };
	const struct form *params;
	struct platform_account *rows;
	struct id before, newest;
	size_t count;
	memset(&newest, 0xFF, sizeof newest);
	TRY(request_params(rq, &params));
	bool further = id_parse(form_get(params, "before"), "cpa", &before);
	TRY(platform_account_page(&rq->cx, client->owner, &filter, further ? before : newest, false,
		CONNECTIONS_SHOWN + 1, &rows, &count));
	for (size_t i = 0; i < count && i < CONNECTIONS_SHOWN; i++)
		connection_values(rq, html_add_row(v, "connections"), &rows[i]);
	if (count > CONNECTIONS_SHOWN)
		html_set(v, "older", id_text(rq->cx.mem, "cpa", rows[CONNECTIONS_SHOWN - 1].id));
	html_set_flag(v, "further", further);
	html_set_flag(v, "any_connection", count > 0);
	return OK;
}

static void means_values(struct html_values *v, const struct client *client)
{
	html_set(v, "auth_method", client_auth_name(client->auth_method));
	html_set(v, "jwks_uri", client->jwks_uri);
}

static err_t one_values(struct request *rq, struct html_values **out)
{
	struct client client;
	TRY(app_in_path(rq, &client));
	struct html_values *v = page_new(rq, "App", "apps");
	app_values(rq, v, &client);
	html_set(v, "title", client.name);
	means_values(v, &client);
	for (size_t i = 0; i < client.redirects.count; i++)
		html_set(html_add_row(v, "redirects"), "redirect", client.redirects.items[i]);
	ticks_of_scopes(rq, v, "scopes", client.scopes, 0, 0);
	ticks_of_scopes(rq, v, "machine_scopes", client.machine_scopes, 0, 0);
	html_set(v, "api_version", client.api_version);
	TRY(secrets_values(rq, v, &client));
	TRY(connections_values(rq, v, &client));
	picture_form_values(rq, v);
	*out = v;
	return app_logo_value(rq, v, client.id);
}

err_t app_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(one_values(rq, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "app", v);
}

err_t app_again(struct request *rq, struct response *rs, err_t e)
{
	struct html_values *v;
	if (page_status(e) >= 500)
		return e;
	TRY(one_values(rq, &v));
	return page_again(rs, "app", v, e);
}

/* ---- secrets ---- */

err_t app_secret_page(
	struct request *rq, struct response *rs, const struct client *client, struct str secret, bool first)
{
	struct html_values *v = page_new(rq, first ? "Your app is registered" : "Your new secret", "apps");
	app_values(rq, v, client);
	html_set(v, "secret", secret);
	html_set_flag(v, "first", first);
	html_set(v, "public_url", rq->cx.config->public_url);
	return page_reply(rs, 200, "app_secret", v);
}

err_t app_secret_post(struct request *rq, struct response *rs)
{
	struct client client;
	struct client_secret made;
	struct str secret;
	struct once once;
	bool done;
	TRY(app_in_path(rq, &client));
	if (client.kind != CLIENT_CONFIDENTIAL)
		return REFUSE(&rq->cx, CONFLICT, "", "A public app has no secrets.");
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = client_secret_add(&rq->cx, &client, INSTANT_NONE, &made, &secret);
	TRY(once_end(rq, &once, e, once_path(rq, "/apps", "cli", client.id, true)));
	return app_secret_page(rq, rs, &client, secret, false);
}

static err_t secret_in_path(struct request *rq, const struct client *client, struct client_secret *out)
{
	const struct client_secret *secrets;
	struct id id;
	size_t count;
	if (!id_parse(rq->args[1], "sec", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no secret's id");
	TRY(client_secrets(&rq->cx, client->id, &secrets, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(secrets[i].id, id)) {
			*out = secrets[i];
			return OK;
		}
	return REFUSE(&rq->cx, NOT_FOUND, "", "This app has no such secret.");
}

err_t app_secret_revoke_page(struct request *rq, struct response *rs)
{
	struct client client;
	struct client_secret secret;
	TRY(app_in_path(rq, &client));
	TRY(secret_in_path(rq, &client, &secret));
	if (!instant_is_none(secret.revoked_at))
		return REFUSE(&rq->cx, CONFLICT, "", "This secret is revoked already.");
	struct html_values *v = page_new(rq, "Revoke this secret?", "apps");
	app_values(rq, v, &client);
	html_set(v, "secret_id", id_text(rq->cx.mem, "sec", secret.id));
	html_set(v, "prefix", secret.prefix);
	page_when(rq, v, "secret_used", secret.last_used_at);
	return page_reply(rs, 200, "app_secret_revoke", v);
}

static void back_to_app(struct request *rq, struct response *rs, const struct client *client, const char *done)
{
	reply_redirect(rs, 303,
		str_fmt(rq->cx.mem, "/apps/%.*s?done=%s", STR_ARG(id_text(rq->cx.mem, "cli", client->id)), done));
}

err_t app_secret_revoke_post(struct request *rq, struct response *rs)
{
	struct client client;
	struct client_secret secret;
	TRY(app_in_path(rq, &client));
	TRY(secret_in_path(rq, &client, &secret));
	TRY(client_secret_revoke(&rq->cx, client.id, secret.id));
	back_to_app(rq, rs, &client, "secret-revoked");
	return OK;
}

/* ---- delete ---- */

err_t app_delete_page(struct request *rq, struct response *rs)
{
	struct platform_account_count *counts;
	struct client client;
	size_t count;
	TRY(app_in_path(rq, &client));
	TRY(platform_account_counts(&rq->cx, client.owner, &counts, &count));
	struct html_values *v = page_new(rq, "Delete this app?", "apps");
	const struct platform_account_count *connected = count_of(counts, count, client.id);
	app_values(rq, v, &client);
	if (connected)
		html_set(v, "connected", str_fmt(rq->cx.mem, "%lld", (long long)connected->count));
	return page_reply(rs, 200, "app_delete", v);
}

err_t app_delete_post(struct request *rq, struct response *rs)
{
	struct client client;
	TRY(app_in_path(rq, &client));
	TRY(client_delete(&rq->cx, client.owner, client.id));
	reply_redirect(rs, 303, STR("/apps?done=app-deleted"));
	return OK;
}
