/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client.h"

#include "sql.h"
#include "oauth/redirect.h"
#include "server/account/audit.h"
#include "server/account/label.h"
#include "server/auth/scope.h"
#include "server/base/api_version.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"

struct client_proof {
	struct id id, owner;
	int16_t kind, grants;
	struct str name;
	bool verified, may_introspect;
	uint64_t scopes;
	int16_t auth_method;
	bool cert_bound, keeps_refresh;
	int32_t refresh_idle_s, refresh_absolute_s;
	struct id secret;
};
DB_RESULT(client_prove, struct client_proof, id, owner, kind, grants, name, verified, may_introspect, scopes,
	auth_method, cert_bound, keeps_refresh, refresh_idle_s, refresh_absolute_s, secret);

#define CLIENT_COLS                                                                                                    \
	id, owner, kind, grants, name, owner_name, owner_status, verified, may_introspect, par_only, scopes,           \
		machine_scopes, post_logout_redirects, redirects, api_version, auth_method, jwks, jwks_uri,            \
		tls_name_kind, tls_name, cert_bound, keeps_refresh, refresh_idle_s, refresh_absolute_s, signed_only,   \
		profile, created_at, registration
DB_RESULT(client_find, struct client, CLIENT_COLS);
DB_RESULT(client_list_of_owner, struct client, CLIENT_COLS);
DB_RESULT(client_list_all, struct client, CLIENT_COLS);

DB_RESULT(client_older, struct client, CLIENT_COLS);
DB_RESULT(client_newer, struct client, CLIENT_COLS);
DB_RESULT(client_secrets, struct client_secret, id, prefix, created_at, expires_at, revoked_at, last_used_at);

struct secret_found {
	struct id id;
};
DB_RESULT(client_secret_revoke, struct secret_found, id);

/* A secret, and what is stored of it; all absent for a public client. */
struct fresh_secret {
	struct str text, prefix;
	struct bytes hash;
	struct id id;
};

static struct fresh_secret secret_make(struct ctx *cx, enum client_kind kind, int16_t auth)
{
	if (kind != CLIENT_CONFIDENTIAL || auth >= (int16_t)CLIENT_AUTH_KEY)
		return (struct fresh_secret){ 0 };
	struct str text = secret_new(cx->mem, &(struct secret_parts){ .kind = SECRET_CLIENT }, (struct bytes){ 0 });
	return (struct fresh_secret){ text, secret_prefix(cx->mem, text), secret_hash(cx->mem, text), id_new(cx->now) };
}

static err_t check_redirects(struct ctx *cx, const struct client_new *in, struct bool_list *loopback_out)
{
	bool *loopback = arena_array(cx->mem, bool, in->redirects.count + 1);
	if (in->redirects.count > CLIENT_REDIRECTS_MAX)
		return REFUSE(cx, INVALID_VALUE, "redirect_uri", "A client has at most %d redirect URIs.",
			CLIENT_REDIRECTS_MAX);
	for (size_t i = 0; i < in->redirects.count; i++) {
		struct str uri = in->redirects.items[i];
		TRY(redirect_uri_check(cx, uri, in->kind == CLIENT_PUBLIC));
		for (size_t k = 0; k < i; k++)
			if (str_eq(uri, in->redirects.items[k]))
				return REFUSE(cx, INVALID_VALUE, "redirect_uri", "A redirect URI is given twice.");
		loopback[i] = redirect_is_loopback(uri);
	}
	*loopback_out = (struct bool_list){ loopback, in->redirects.count };
	return OK;
}

static err_t check_some_redirect(struct ctx *cx, int16_t grants, struct str_list redirects)
{
	if ((grants & GRANT_CODE) && !redirects.count)
		return REFUSE(cx, INVALID_VALUE, "redirect_uri", "A client that asks users needs a redirect URI.");
	return OK;
}

uint64_t client_default_scopes(const struct client *client)
{
	uint64_t opening = client->scopes & SCOPES_ALL;
	return opening ? opening : client->scopes;
}

struct client_means client_means_of(const struct client *client)
{
	return (struct client_means){ client->auth_method, client->jwks, client->jwks_uri, client->tls_name_kind,
		client->tls_name };
}

static err_t create(struct ctx *cx, const struct client_new *in, struct id id, const struct fresh_secret *secret)
{
	struct str name;
	struct bool_list loopback = { 0 };
	int16_t grants = in->grants ? in->grants : GRANT_CODE | GRANT_REFRESH;

	TRY(label_clean(cx, "name", in->name, &name));
	TRY(check_redirects(cx, in, &loopback));
	TRY(check_some_redirect(cx, grants, in->redirects));
	TRY(client_means_check(cx, (int16_t)in->kind, &in->means));
	TRY(client_policy_check(
		cx, &(struct client_shape){ (int16_t)in->kind, grants, in->means.auth, in->redirects }, &in->policy));

	struct str_list redirects = in->redirects;
	if (!redirects.items)
		redirects.items = &STR_ABSENT; /* the empty array, not NULL */
	size_t made = 0;
	TRY(db_exec(cx, &sql_client_insert, &made, IN(id), IN(in->owner), IN((int16_t)in->kind), IN(name),
		IN(in->may_introspect), IN(in->scopes ? in->scopes : (uint64_t)SCOPES_ASKABLE), IN(grants),
		IN(redirects), IN(loopback), IN(secret->id), IN(secret->hash), IN(secret->prefix), IN(audit_by(cx)),
		IN((int32_t)CLIENTS_MAX), IN(str_of(api_version_newest()->name)), IN(in->means.auth),
		IN(in->means.jwks), IN(in->means.uri), IN(in->par_only), IN(in->means.tls_name_kind),
		IN(in->means.tls_name)));
	if (!made)
		return REFUSE(cx, FORBIDDEN, "",
			"An account has at most %d apps, with those that were deleted in the last 90 days.",
			CLIENTS_MAX);
	return client_policy_store(cx, id, &in->policy);
}

err_t client_create(struct ctx *cx, const struct client_new *in, struct client *out, struct str *secret_out)
{
	struct fresh_secret secret = secret_make(cx, in->kind, in->means.auth);
	struct id id = id_new(cx->now);
	bool own;
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, create(cx, in, id, &secret)));
	TRY(client_by_id(cx, id, out));
	*secret_out = secret.text;
	return OK;
}

err_t client_list(struct ctx *cx, struct id owner, struct client **out, size_t *count_out)
{
	const struct id worlds[] = { id_in_mode(owner, false), id_in_mode(owner, true) };
	struct id_list owners = { worlds, ARRAY_LEN(worlds) };
	if (id_is_zero(owner))
		return db_rows(cx, &sql_client_list_all, client_list_all, out, count_out, IN_NONE);
	return db_rows(cx, &sql_client_list_of_owner, client_list_of_owner, out, count_out, IN(owners));
}

static err_t no_such_client(struct ctx *cx)
{
	return REFUSE(cx, NOT_FOUND, "client_id", "There is no such client.");
}

err_t client_by_id(struct ctx *cx, struct id id, struct client *out)
{
	err_t e = db_row(cx, &sql_client_find, ROW(client_find, out), IN(id));
	return err_is(e, NOT_FOUND) ? no_such_client(cx) : e;
}

/* Who had the old ones may have a token by them. */
static err_t replace_secrets(struct ctx *cx, struct id id, const struct fresh_secret *secret)
{
	size_t made = 0;
	TRY(db_exec(cx, &sql_client_secret_replace, &made, IN(id), IN(secret->id), IN(secret->hash), IN(secret->prefix),
		IN(cx->now), IN(audit_by(cx))));
	return made ? client_machine_settle(cx, id, true) : no_such_client(cx);
}

err_t client_rotate_secret(struct ctx *cx, struct id id, struct str *secret_out)
{
	struct client client;
	TRY(client_by_id(cx, id, &client));
	if (client.kind != CLIENT_CONFIDENTIAL)
		return REFUSE(cx, INVALID_VALUE, "client_id", "A public client has no secret.");
	struct fresh_secret secret = secret_make(cx, CLIENT_CONFIDENTIAL, CLIENT_AUTH_OPEN);
	bool own;
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, replace_secrets(cx, id, &secret)));
	*secret_out = secret.text;
	return OK;
}

static err_t delete_and_cut(struct ctx *cx, struct id owner, struct id id)
{
	size_t deleted = 0;
	TRY(db_exec(cx, &sql_client_delete, &deleted, IN(id), IN(cx->now), db_in_id_or_null(owner)));
	if (!deleted)
		return no_such_client(cx);
	TRY(client_machine_settle(cx, id, true));
	return db_exec(cx, &sql_client_cut, NULL, IN(id), IN(cx->now), IN(audit_by(cx)));
}

err_t client_delete(struct ctx *cx, struct id owner, struct id id)
{
	bool own;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, delete_and_cut(cx, owner, id));
}

err_t client_page(struct ctx *cx, struct id owner, struct id bound, bool back, size_t limit, struct client **out,
	size_t *count_out)
{
	if (back)
		return db_rows(
			cx, &sql_client_newer, client_newer, out, count_out, IN(owner), IN(bound), IN((int32_t)limit));
	return db_rows(cx, &sql_client_older, client_older, out, count_out, IN(owner), IN(bound), IN((int32_t)limit));
}

err_t client_owned(struct ctx *cx, struct id owner, struct id id, struct client *out)
{
	struct client found;
	TRY(db_row(cx, &sql_client_find, ROW(client_find, &found), IN(id)));
	if (!id_eq(found.owner, owner)) /* said as of an id that nobody has */
		return FAIL(cx, NOT_FOUND, "another's client");
	*out = found;
	return OK;
}

static err_t change_and_settle(struct ctx *cx, const struct client *present, const struct client_change *change)
{
	const struct client_new as = { .kind = (enum client_kind)present->kind, .redirects = change->redirects };
	const struct client_policy was = client_policy_of(present);
	struct bool_list loopback = { 0 };
	struct str name = STR_ABSENT;
	size_t changed = 0;
	if (change->name.ptr)
		TRY(label_clean(cx, "name", change->name, &name));
	TRY(check_redirects(cx, &as, &loopback));
	TRY(db_exec(cx, &sql_client_change, &changed, IN(present->id), IN(present->owner), IN(name), IN(change->scopes),
		IN(change->redirects.items != NULL), IN(change->redirects), IN(loopback), IN(audit_by(cx)),
		IN(change->has_means), IN(change->means.auth), IN(change->means.jwks), IN(change->means.uri),
		change->par_only ? IN(*change->par_only) : IN_NULL(DB_BOOL), IN(change->grants),
		IN(change->policy ? client_policy_changes(cx->mem, &was, change->policy) : STR_ABSENT),
		IN(change->means.tls_name_kind), IN(change->means.tls_name)));
	if (!changed)
		return no_such_client(cx);
	return change->policy ? client_policy_store(cx, present->id, change->policy)
			      : client_machine_settle(cx, present->id, false);
}

err_t client_change(struct ctx *cx, const struct client *present, const struct client_change *change)
{
	const struct client_policy policy = change->policy ? *change->policy : client_policy_of(present);
	int16_t grants = change->grants ? change->grants : present->grants;
	bool own;
	if (change->redirects.items || change->grants)
		TRY(check_some_redirect(cx, grants, change->redirects.items ? change->redirects : present->redirects));
	if (change->has_means)
		TRY(client_means_check(cx, present->kind, &change->means));
	TRY(client_policy_check(cx,
		&(struct client_shape){ present->kind, grants,
			change->has_means ? change->means.auth : present->auth_method,
			change->redirects.items ? change->redirects : present->redirects },
		&policy));
	TRY(db_join(cx, &own));
	return db_settle(cx, own, change_and_settle(cx, present, change));
}

/* ---- secrets ---- */

err_t client_secrets(struct ctx *cx, struct id client, const struct client_secret **out, size_t *count_out)
{
	struct client_secret *rows;
	TRY(db_rows(cx, &sql_client_secrets, client_secrets, &rows, count_out, IN(client)));
	*out = rows;
	return OK;
}

err_t client_secret_add(struct ctx *cx, const struct client *client, struct instant expires_at,
	struct client_secret *out, struct str *secret_out)
{
	size_t made = 0;
	if (client->kind != CLIENT_CONFIDENTIAL)
		return REFUSE(cx, INVALID_VALUE, "client_id", "A public client has no secret.");
	if (!instant_is_none(expires_at) && !instant_before(account_now(cx), expires_at))
		return REFUSE(cx, INVALID_VALUE, "expires_at", "The secret would have expired already.");
	struct fresh_secret secret = secret_make(cx, CLIENT_CONFIDENTIAL, CLIENT_AUTH_OPEN);
	TRY(db_exec(cx, &sql_client_secret_add, &made, IN(client->id), IN(secret.id), IN(secret.hash),
		IN(secret.prefix), IN(cx->now), IN(expires_at), IN((int32_t)CLIENT_SECRETS_MAX), IN(audit_by(cx))));
	if (!made)
		return REFUSE(cx, FORBIDDEN, "",
			"An app has at most %d secrets, with those that ended in the last 90 days.",
			CLIENT_SECRETS_MAX);
	*out = (struct client_secret){ .id = secret.id,
		.prefix = secret.prefix,
		.created_at = cx->now,
		.expires_at = expires_at,
		.revoked_at = INSTANT_NONE,
		.last_used_at = INSTANT_NONE };
	*secret_out = secret.text;
	return OK;
}

err_t client_secret_revoke(struct ctx *cx, struct id client, struct id secret)
{
	struct secret_found found;
	return db_row(cx, &sql_client_secret_revoke, ROW(client_secret_revoke, &found), IN(client), IN(secret),
		IN(cx->now), IN(audit_by(cx)));
}

err_t client_verify(struct ctx *cx, struct id id)
{
	size_t changed = 0;
	TRY(db_exec(cx, &sql_client_verify, &changed, IN(id), IN(audit_by(cx))));
	return changed ? OK : no_such_client(cx);
}

err_t client_prove(struct ctx *cx, struct str client_id, struct str secret, enum client_auth used, struct client *out)
{
	struct id id;
	struct client_proof row;
	if (!id_parse(client_id, "cli", &id))
		return FAIL(cx, INVALID_CLIENT, "not a client id");

	struct bytes hash = secret.len ? secret_hash(cx->mem, secret) : (struct bytes){ 0 };
	err_t e = db_row(cx, &sql_client_prove, ROW(client_prove, &row), IN(id), IN(hash));
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, INVALID_CLIENT, "unknown client %.*s", STR_ARG(client_id));
	TRY(e);
	if (row.kind == CLIENT_PUBLIC && hash.ptr)
		return FAIL(cx, INVALID_CLIENT, "public client %.*s sent a secret", STR_ARG(client_id));
	if (row.kind == CLIENT_CONFIDENTIAL && id_is_zero(row.secret))
		return FAIL(cx, INVALID_CLIENT, "client %.*s: %s", STR_ARG(client_id),
			hash.ptr ? "wrong secret" : "no secret");
	if (!client_auth_allows(row.auth_method, used))
		return FAIL(cx, INVALID_CLIENT, "client %.*s is registered for another method", STR_ARG(client_id));

	*out = (struct client){ .id = row.id,
		.owner = row.owner,
		.kind = row.kind,
		.grants = row.grants,
		.name = row.name,
		.verified = row.verified,
		.may_introspect = row.may_introspect,
		.scopes = row.scopes,
		.auth_method = row.auth_method,
		.cert_bound = row.cert_bound,
		.keeps_refresh = row.keeps_refresh,
		.refresh_idle_s = row.refresh_idle_s,
		.refresh_absolute_s = row.refresh_absolute_s,
		.secret = row.secret };
	return OK;
}
