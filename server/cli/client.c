/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client.h"

#include "oauth/client_json.h"
#include "oauth/open_client.h"
#include "oauth/registered.h"
#include "server/account/account.h"
#include "server/auth/scope.h"
#include "server/cli/command.h"
#include "server/cli/list.h"

static void print_line(struct ctx *cx, struct buf *out, const struct client *client)
{
	buf_fmt(out, "%.*s  %-12s  %s  %-8s  %.*s\n", STR_ARG(id_text(cx->mem, "cli", client->id)),
		client_kind_name(client->kind), id_is_test(client->owner) ? "test" : "live",
		client->verified ? "verified" : "", STR_ARG(client->name));
}

static err_t print(struct ctx *cx, const struct command_call *call, struct id id, struct str secret)
{
	struct client client;
	TRY(client_by_id(cx, id, &client));
	if (call->config->json) {
		struct json j = json_begin(call->out);
		client_json(&j, cx->mem, NULL, &client, secret);
		BUF_LIT(call->out, "\n");
		return OK;
	}
	if (secret.ptr)
		buf_fmt(call->out, "%.*s\nThis client secret is shown once; only its hash is kept.\n", STR_ARG(secret));
	print_line(cx, call->out, &client);
	for (size_t i = 0; i < client.redirects.count; i++)
		buf_fmt(call->out, "  %.*s\n", STR_ARG(client.redirects.items[i]));
	return OK;
}

/* "san_dns=crm.example": the field of RFC 8705 §2.1.2 without its beginning, which all have. */
static err_t tls_name(struct ctx *cx, struct str text, struct client_means *out)
{
	const struct str prefix = STR("tls_client_auth_");
	struct str name;
	if (!text.len)
		return OK;
	(void)str_cut(&text, '=', &name);
	for (size_t i = 0; i < client_tls_field_count; i++)
		if (str_eq(str_from(str_of(client_tls_fields[i].name), prefix.len), name)) {
			out->tls_name_kind = (int16_t)client_tls_fields[i].kind;
			out->tls_name = text;
			return OK;
		}
	return REFUSE(cx, INVALID_VALUE, "tls-name",
		"Give KIND=NAME; the kind is subject_dn, san_dns, san_uri, san_ip or san_email.");
}

static err_t create(struct ctx *cx, const struct command_call *call)
{
	const struct config *config = call->config;
	struct account owner;
	struct client client;
	struct str secret;
	struct client_new in = { .name = config->name,
		.redirects = config->redirect_uri,
		.may_introspect = config->may_introspect,
		.par_only = config->par_only };
	if (!client_kind_parse(config->type, &in.kind))
		return REFUSE(cx, INVALID_VALUE, "type", "The type is public or confidential.");
	enum client_auth auth = CLIENT_AUTH_OPEN;
	if (config->auth_method.len && !client_auth_parse(config->auth_method, &auth))
		return REFUSE(cx, INVALID_VALUE, "auth-method", "The method is one of %s.", CLIENT_AUTH_NAMES);
	in.means = (struct client_means){ .auth = (int16_t)auth,
		.jwks = config->jwks.len ? config->jwks : STR_ABSENT,
		.uri = config->jwks_uri.len ? config->jwks_uri : STR_ABSENT };
	TRY(tls_name(cx, config->tls_name, &in.means));
	in.policy = (struct client_policy){ .cert_bound = config->cert_bound,
		.post_logout_redirects = config->post_logout,
		.keeps_refresh = config->keep_refresh,
		.signed_only = config->signed_only,
		.profile = str_eq(config->profile, STR(CLIENT_PROFILE_FAPI2)) ? CLIENT_FAPI2 : CLIENT_ANY,
		.refresh_idle_s = (int32_t)config->refresh_idle,
		.refresh_absolute_s = (int32_t)config->refresh_lifetime };
	if (!str_eq(config->mode, STR("live")) && !str_eq(config->mode, STR("test")))
		return REFUSE(cx, INVALID_VALUE, "mode", "The mode is live or test.");
	if (config->scope.len && (!scope_parse_spoken(config->scope, &in.scopes) || !(in.scopes &= SCOPES_ASKABLE)))
		return command_scope_refused(cx, "scope", config->scope);
	if (config->profile.len && !in.policy.profile)
		return REFUSE(cx, INVALID_VALUE, "profile", "The profile is " CLIENT_PROFILE_FAPI2 ".");
	if (config->machine_scope.len && !scope_parse(config->machine_scope, &in.policy.machine_scopes))
		return command_scope_refused(cx, "machine-scope", config->machine_scope);
	if (!config->owner.len)
		return REFUSE(cx, MISSING_FIELD, "owner", "Say whose client it is: --owner EMAIL.");
	TRY(client_grants_read(cx, "grant", config->grant, &in.grants));
	TRY(command_account(cx, config->owner, &owner));
	in.owner = id_in_mode(owner.id, str_eq(config->mode, STR("test")));
	TRY(client_create(cx, &in, &client, &secret));
	return print(cx, call, client.id, secret);
}

static err_t list(struct ctx *cx, const struct command_call *call)
{
	struct account owner = { 0 };
	struct client *clients;
	size_t count;
	if (call->config->owner.len)
		TRY(command_account(cx, call->config->owner, &owner));
	TRY(client_list(cx, owner.id, &clients, &count));
	if (!call->config->json) {
		for (size_t i = 0; i < count; i++)
			print_line(cx, call->out, &clients[i]);
		return OK;
	}
	struct json j = list_begin(call);
	for (size_t i = 0; i < count; i++)
		client_json(&j, cx->mem, NULL, &clients[i], STR_ABSENT);
	list_end(&j, call);
	return OK;
}

static err_t client_operand(struct ctx *cx, const struct command_call *call, struct id *out)
{
	if (!id_parse(call->args.items[0], "cli", out))
		return REFUSE(cx, INVALID_VALUE, "ID", "A client's id begins with cli_; calends client list shows it.");
	return OK;
}

static err_t rotate(struct ctx *cx, const struct command_call *call)
{
	struct id id;
	struct str secret;
	TRY(client_operand(cx, call, &id));
	TRY(client_rotate_secret(cx, id, &secret));
	return print(cx, call, id, secret);
}

static void print_secret(
	struct ctx *cx, const struct command_call *call, struct json *j, const struct client_secret *s, struct str text)
{
	if (!call->config->json) {
		if (text.ptr)
			buf_fmt(call->out, "%.*s\nThis client secret is shown once; only its hash is kept.\n",
				STR_ARG(text));
		buf_fmt(call->out, "%.*s  %.*s%s\n", STR_ARG(id_text(cx->mem, "sec", s->id)), STR_ARG(s->prefix),
			instant_is_none(s->revoked_at) ? "" : "  revoked");
		return;
	}
	json_object(j, NULL);
	json_id(j, "id", "sec", s->id);
	json_str(j, "object", STR("oauth_app_secret"));
	json_str_if(j, "client_secret", text);
	json_str(j, "prefix", s->prefix);
	json_time(j, "created_at", s->created_at);
	json_time(j, "last_used_at", s->last_used_at);
	json_time(j, "expires_at", s->expires_at);
	json_time(j, "revoked_at", s->revoked_at);
	json_object_end(j);
}

static err_t secret_add(struct ctx *cx, const struct command_call *call)
{
	struct id id;
	struct client client;
	struct client_secret made;
	struct str text;
	TRY(client_operand(cx, call, &id));
	TRY(client_by_id(cx, id, &client));
	TRY(client_secret_add(cx, &client, INSTANT_NONE, &made, &text));
	struct json j = json_begin(call->out);
	print_secret(cx, call, &j, &made, text);
	if (call->config->json)
		BUF_LIT(call->out, "\n");
	return OK;
}

static err_t print_secrets(struct ctx *cx, const struct command_call *call, struct id client)
{
	const struct client_secret *secrets;
	struct json j = { 0 };
	size_t count;
	TRY(client_secrets(cx, client, &secrets, &count));
	if (call->config->json)
		j = list_begin(call);
	for (size_t i = 0; i < count; i++)
		print_secret(cx, call, &j, &secrets[i], STR_ABSENT);
	if (call->config->json)
		list_end(&j, call);
	return OK;
}

static err_t secret_list(struct ctx *cx, const struct command_call *call)
{
	struct id id;
	struct client client;
	TRY(client_operand(cx, call, &id));
	TRY(client_by_id(cx, id, &client));
	return print_secrets(cx, call, id);
}

static err_t secret_revoke(struct ctx *cx, const struct command_call *call)
{
	struct id id, secret;
	struct client client;
	TRY(client_operand(cx, call, &id));
	if (!id_parse(call->args.items[1], "sec", &secret))
		return REFUSE(cx, INVALID_VALUE, "SECRET",
			"A secret's id begins with sec_; calends client secret-list shows it.");
	TRY(client_by_id(cx, id, &client));
	TRY(client_secret_revoke(cx, id, secret));
	return print_secrets(cx, call, id);
}

static err_t verify(struct ctx *cx, const struct command_call *call)
{
	struct id id;
	TRY(client_operand(cx, call, &id));
	TRY(client_verify(cx, id));
	return print(cx, call, id, STR_ABSENT);
}

static err_t delete (struct ctx *cx, const struct command_call *call)
{
	struct id id;
	TRY(client_operand(cx, call, &id));
	TRY(client_delete(cx, (struct id){ { 0 } }, id));
	if (call->config->json) {
		struct json j = json_begin(call->out);
		json_object(&j, NULL);
		json_id(&j, "client_id", "cli", id);
		json_bool(&j, "deleted", true);
		json_object_end(&j);
		BUF_LIT(call->out, "\n");
		return OK;
	}
	BUF_LIT(call->out, "The client is gone, and so are its connections.\n");
	return OK;
}

static err_t denied(struct ctx *cx, const struct command_call *call)
{
	struct open_denied *rows;
	size_t count;
	struct json j = { 0 };
	TRY(open_client_denied(cx, &rows, &count));
	if (call->config->json)
		j = list_begin(call);
	for (size_t i = 0; i < count; i++) {
		if (!call->config->json) {
			buf_fmt(call->out, "%.*s\n", STR_ARG(rows[i].name));
			continue;
		}
		json_object(&j, NULL);
		json_str(&j, "name", rows[i].name);
		json_time(&j, "denied_at", rows[i].denied_at);
		json_object_end(&j);
	}
	if (call->config->json)
		list_end(&j, call);
	return OK;
}

static err_t set_denied(struct ctx *cx, const struct command_call *call, bool deny)
{
	struct str name;
	TRY(open_client_deny(cx, call->args.items[0], deny, &name));
	if (!call->config->json) {
		buf_fmt(call->out, "%.*s is %s from now on.\n", STR_ARG(name), deny ? "denied" : "allowed");
		return OK;
	}
	struct json j = json_begin(call->out);
	json_object(&j, NULL);
	json_str(&j, "name", name);
	json_bool(&j, "denied", deny);
	json_object_end(&j);
	BUF_LIT(call->out, "\n");
	return OK;
}

static err_t invite(struct ctx *cx, const struct command_call *call)
{
	struct account owner;
	struct str token;
	if (!call->config->owner.len)
		return REFUSE(cx, MISSING_FIELD, "owner", "Say whose the apps will be: --owner EMAIL.");
	TRY(command_account(cx, call->config->owner, &owner));
	struct id id = id_in_mode(owner.id, str_eq(call->config->mode, STR("test")));
	TRY(registration_token_new(cx, id, (int32_t)call->config->uses, &token));
	if (!call->config->json) {
		buf_fmt(call->out, "%.*s\nThis token is shown once, and is good for a week.\n", STR_ARG(token));
		return OK;
	}
	struct json j = json_begin(call->out);
	json_object(&j, NULL);
	json_str(&j, "object", STR("registration_token"));
	json_str(&j, "token", token);
	json_time(&j, "expires_at", instant_add_s(cx->now, REGISTRATION_TOKEN_S));
	json_object_end(&j);
	BUF_LIT(call->out, "\n");
	return OK;
}

static err_t deny(struct ctx *cx, const struct command_call *call)
{
	return set_denied(cx, call, true);
}

static err_t allow(struct ctx *cx, const struct command_call *call)
{
	return set_denied(cx, call, false);
}

/* clang-format off */
const struct command client_commands[] = {
	{ "client", "create",        "",   "Register an app; a confidential one's secret is shown once.",      COMMAND_DB, create, "owner name type mode scope redirect-uri post-logout-redirect-uri grant may-introspect auth-method jwks jwks-uri tls-name cert-bound par-only signed-only profile machine-scope keep-refresh refresh-idle refresh-lifetime" },
	{ "client", "list",          "",   "List all apps, or those of one account.",                          COMMAND_DB, list,   "owner" },
	{ "client", "verify",        "ID", "Vouch for an app: users are not asked again for what they gave.",  COMMAND_DB, verify, NULL },
	{ "client", "rotate-secret", "ID", "Replace an app's secrets by a new one; the old are dead at once.", COMMAND_DB, rotate, NULL },
	{ "client", "secret-add",    "ID", "Make one more secret beside the others and show it once.",         COMMAND_DB, secret_add, NULL },
	{ "client", "secret-list",   "ID", "List an app's secrets; the revoked ones for 90 days.",             COMMAND_DB, secret_list, NULL },
	{ "client", "secret-revoke", "ID SECRET", "End one secret at once; the others work on.",               COMMAND_DB, secret_revoke, NULL },
	{ "client", "delete",        "ID", "Remove an app and end its connections.",                           COMMAND_DB, delete, NULL },
	{ "client", "invite",        "",   "Make a token by which apps register themselves for an account (RFC 7591); shown once.", COMMAND_DB, invite, "owner mode uses" },
	{ "client", "deny",          "NAME", "Refuse an app that nobody registered, or all that lead back to a host or scheme; cuts what is connected.", COMMAND_DB, deny, NULL },
	{ "client", "allow",         "NAME", "Refuse it no more.",                                             COMMAND_DB, allow, NULL },
	{ "client", "denied",        "",   "List what is denied.",                                             COMMAND_DB, denied, NULL },
	{ .noun = NULL },
};
/* clang-format on */
