/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/open_client.h"

#include "oauth/document.h"
#include "oauth/redirect.h"
#include "oauth/registration.h"
#include "server/account/account.h"
#include "server/base/api_version.h"
#include "server/base/config.h"
#include "server/data/uri.h"
#include "server/db/query.h"
#include "sql.h"

#define DENY_PARENTS_MAX 8 /* of one host */
#define DENY_NAMES_MAX (1 + (1 + CLIENT_REDIRECTS_MAX) * (1 + DENY_PARENTS_MAX))
#define DENY_NAME_MAX 253

/* Whose such clients are: of no account, in live mode. */
static const struct id nobody = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xfe } };

struct denied_row {
	bool denied;
};
DB_RESULT(open_client_is_denied, struct denied_row, denied);
struct open_row {
	struct id id, owner;
	int16_t kind, grants;
	struct str name;
	uint64_t scopes;
	int16_t auth_method;
};
DB_RESULT(open_client_row, struct open_row, id, owner, kind, grants, name, scopes, auth_method);
struct settled_row {
	int16_t outcome;
};
DB_RESULT(open_client_settle, struct settled_row, outcome);
DB_RESULT(open_client_denied_list, struct open_denied, name, denied_at);

bool open_client_is(struct str client_id)
{
	return str_starts(client_id, STR(REGISTRATION_PREFIX)) || document_is(client_id);
}

static struct client client_of(struct arena *mem, const struct registration *in)
{
	return (struct client){ .id = registration_id(mem, in),
		.owner = nobody,
		.kind = in->means.auth == CLIENT_AUTH_NONE ? CLIENT_PUBLIC : CLIENT_CONFIDENTIAL,
		.grants = in->grants,
		.name = in->name,
		.owner_name = STR_ABSENT,
		.owner_status = STATUS_ACTIVE,
		.scopes = in->scopes,
		.redirects = in->redirects,
		.api_version = str_of(api_version_newest()->name),
		.auth_method = in->means.auth,
		.jwks = in->means.jwks,
		.jwks_uri = in->means.uri,
		.created_at = INSTANT_NONE,
		.registration = in->by,
		.url = in->url };
}

static err_t find(struct ctx *cx, struct str client_id, struct client *out)
{
	struct registration said;
	if (document_is(client_id))
		TRY(document_read(cx, client_id, &said));
	else if (!registration_unseal(cx, client_id, &said))
		return FAIL(cx, NOT_FOUND, "not sealed here");
	*out = client_of(cx->mem, &said);
	return OK;
}

/* ---- denied ---- */

static size_t dots_of(struct str host)
{
	size_t dots = 0;
	for (size_t i = 0; i < host.len; i++)
		dots += host.ptr[i] == '.';
	return dots;
}

/*
 * The host and all that it is below, but for what has no dot. Of one with very many labels only the last few, so that
 * none can fill the list and keep another off it.
 */
static void add_hosts(struct str *names, size_t *count, struct str host)
{
	struct str label;
	size_t dots = dots_of(host);
	names[(*count)++] = host;
	for (; dots > 1; dots--) {
		(void)str_cut(&host, '.', &label);
		if (dots <= DENY_PARENTS_MAX)
			names[(*count)++] = host;
	}
}

/* All by which the operator can name it: see open_denied. */
static struct str_list deny_names(struct ctx *cx, const struct client *client)
{
	struct str *names = arena_array(cx->mem, struct str, DENY_NAMES_MAX);
	size_t count = 0;
	struct uri u;
	names[count++] = id_text(cx->mem, "cli", client->id);
	if (client->url.ptr && uri_split(client->url, &u))
		add_hosts(names, &count, u.host);
	for (size_t i = 0; i < client->redirects.count; i++) {
		struct str uri = client->redirects.items[i];
		if (redirect_is_loopback(uri) || !uri_split(uri, &u))
			continue;
		if (str_eq(u.scheme, STR("https")))
			add_hosts(names, &count, u.host);
		else
			names[count++] = u.scheme;
	}
	return (struct str_list){ names, count };
}

static err_t check_denied(struct ctx *cx, const struct client *client)
{
	struct denied_row row;
	TRY(db_row(cx, &sql_open_client_is_denied, ROW(open_client_is_denied, &row), IN(deny_names(cx, client))));
	return row.denied ? FAIL(cx, NOT_FOUND, "denied by the operator") : OK;
}

/* ---- who calls, who is named ---- */

static bool is_closed(const struct ctx *cx)
{
	return cx->config && str_eq(cx->config->registration, STR("closed"));
}

err_t client_named(struct ctx *cx, struct str client_id, struct client *out)
{
	struct id id;
	if (id_parse(client_id, "cli", &id)) {
		TRY(client_by_id(cx, id, out)); /* the row of one that nobody registered is not what it is called by */
		return out->registration ? FAIL(cx, NOT_FOUND, "by its row") : OK;
	}
	if (!open_client_is(client_id) || is_closed(cx))
		return FAIL(cx, NOT_FOUND, "no client is called so");
	TRY(find(cx, client_id, out));
	return check_denied(cx, out);
}

bool client_id_of(struct ctx *cx, struct str client_id, struct id *out)
{
	struct registration said = { .by = REGISTERED_BY_DOCUMENT, .url = client_id };
	if (id_parse(client_id, "cli", out))
		return true;
	if (!document_is(client_id) && !registration_unseal(cx, client_id, &said))
		return false;
	*out = registration_id(cx->mem, &said);
	return true;
}

/* Of a document: as it was when somebody connected it last, without a fetch. NOT_FOUND: nobody has. */
static err_t find_row(struct ctx *cx, struct str client_id, struct client *out)
{
	struct id id;
	struct open_row row;
	if (!document_is(client_id) || !client_id_of(cx, client_id, &id))
		return FAIL(cx, NOT_FOUND, "no document");
	TRY(db_row(cx, &sql_open_client_row, ROW(open_client_row, &row), IN(id)));
	*out = (struct client){ .id = row.id,
		.owner = row.owner,
		.kind = row.kind,
		.grants = row.grants,
		.name = row.name,
		.scopes = row.scopes,
		.auth_method = row.auth_method,
		.registration = REGISTERED_BY_DOCUMENT,
		.url = client_id };
	return OK;
}

err_t open_client_prove(struct ctx *cx, struct str client_id, struct client *out)
{
	err_t e = find_row(cx, client_id, out);
	if (err_is(e, NOT_FOUND)) {
		e = find(cx, client_id, out);
		if (!e)
			e = check_denied(cx, out);
	}
	if (!e && !client_auth_allows(out->auth_method, CLIENT_AUTH_NONE))
		return FAIL(cx, INVALID_CLIENT, "it has a key");
	if (err_is(e, INVALID_VALUE))
		return REFUSE(cx, INVALID_CLIENT, "client_id", "%.*s", STR_ARG(err_text(e)));
	return err_is(e, NOT_FOUND) ? FAIL(cx, INVALID_CLIENT, "altered, or denied") : e;
}

/* ---- from the request to the consent ---- */

static struct registration said_by(const struct client *client)
{
	return (struct registration){ .by = client->registration,
		.name = client->name,
		.redirects = client->redirects,
		.scopes = client->scopes,
		.grants = client->grants,
		.url = client->url,
		.means = client_means_of(client) };
}

struct str open_client_kept(struct arena *mem, const struct client *client)
{
	if (client->registration == REGISTERED_BY_OWNER)
		return STR_ABSENT;
	const struct registration said = said_by(client);
	return base64url_of(mem, registration_pack(mem, &said));
}

bool open_client_of(struct arena *mem, struct str kept, struct client *out)
{
	struct bytes packed;
	struct registration said;
	if (!base64url_to(mem, kept, &packed) || !registration_unpack(mem, packed, &said))
		return false;
	*out = client_of(mem, &said);
	return true;
}

enum settled { SETTLED = 1, DENIED = 2, TOO_MANY = 3 };

/* What others know it as: by its row's id nobody but us does. */
static err_t store_name(struct ctx *cx, const struct client *client)
{
	const struct registration said = said_by(client);
	struct str called = client->url;
	if (!called.ptr)
		TRY(registration_seal(cx, &said, &called));
	return db_exec(cx, &sql_open_client_call, NULL, IN(client->id), IN(called));
}

err_t open_client_settle(struct ctx *cx, const struct client *client, struct id account)
{
	struct settled_row row;
	bool *loopback = arena_array(cx->mem, bool, client->redirects.count + 1);
	for (size_t i = 0; i < client->redirects.count; i++)
		loopback[i] = redirect_is_loopback(client->redirects.items[i]);
	const struct bool_list loopbacks = { loopback, client->redirects.count };
	TRY(db_row(cx, &sql_open_client_settle, ROW(open_client_settle, &row), IN(account), IN(client->id),
		IN(client->owner), IN(client->registration), IN(client->kind), IN(client->name), IN(client->scopes),
		IN(client->grants), IN(client->redirects), IN(loopbacks), IN(deny_names(cx, client)),
		IN(client->api_version), IN(client->auth_method), IN(client->jwks), IN(client->jwks_uri),
		IN((int32_t)OPEN_CONNECTIONS_MAX)));
	if (row.outcome == DENIED)
		return REFUSE(cx, FORBIDDEN, "request", "The operator of this server does not allow this app.");
	if (row.outcome == TOO_MANY)
		return REFUSE(cx, FORBIDDEN, "request",
			"Your account is connected to %d apps that registered themselves, which is as many as there "
			"may be. "
			"Remove one under Connected apps.",
			OPEN_CONNECTIONS_MAX);
	return store_name(cx, client);
}

/* ---- the operator's list ---- */

/* As deny_names() has it. */
static err_t deny_name_of(struct ctx *cx, struct str name, struct str *out)
{
	struct id id;
	struct uri u;
	struct client client;
	if (id_parse(name, "cli", &id)) {
		TRY(client_by_id(cx, id, &client));
		if (client.registration == REGISTERED_BY_OWNER)
			return REFUSE(cx, NOT_FOUND, "NAME",
				"Its owner registered this app. calends client delete removes it.");
	} else if (open_client_is(name)) {
		if (!client_id_of(cx, name, &id))
			return REFUSE(cx, NOT_FOUND, "NAME", "This client_id was not made by this server.");
	} else {
		*out = str_lower(cx->mem, name);
		bool host = uri_split(str_fmt(cx->mem, "https://%.*s/", STR_ARG(name)), &u) && !u.port.ptr &&
			    !u.userinfo.ptr && str_eq(u.host, name) && str_has(name, '.');
		return host && name.len <= DENY_NAME_MAX
			       ? OK
			       : REFUSE(cx, INVALID_VALUE, "NAME",
					 "Name a client (cli_…, or the client_id that it has), a host "
					 "(evil.example) or a scheme (example.evil).");
	}
	*out = id_text(cx->mem, "cli", id);
	return OK;
}

err_t open_client_deny(struct ctx *cx, struct str name, bool denied, struct str *name_out)
{
	TRY(deny_name_of(cx, name, name_out));
	return db_exec(cx, &sql_open_client_deny, NULL, IN(*name_out), IN(denied));
}

err_t open_client_denied(struct ctx *cx, struct open_denied **out, size_t *count_out)
{
	return db_rows(cx, &sql_open_client_denied_list, open_client_denied_list, out, count_out, IN_NONE);
}
