/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/registered.h"

#include "server/auth/scope.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

struct token_use {
	struct id owner;
};
DB_RESULT(registration_token_use, struct token_use, owner);
struct managed {
	struct id id;
};
DB_RESULT(client_managed, struct managed, id);

static struct str token_new(struct ctx *cx, enum secret_kind kind)
{
	return secret_new(cx->mem, &(struct secret_parts){ .kind = kind }, (struct bytes){ 0 });
}

static bool is_token(struct ctx *cx, struct str text, enum secret_kind kind)
{
	struct secret_parts parts;
	return text.len && secret_parse(cx->mem, text, &parts) && parts.kind == kind;
}

static err_t not_for_this(struct ctx *cx)
{
	return REFUSE(cx, TOKEN_INVALID, "", "This token is not one by which this can be done (any more).");
}

err_t registration_token_new(struct ctx *cx, struct id owner, int32_t uses, struct str *token_out)
{
	*token_out = token_new(cx, SECRET_REGISTRATION);
	return db_exec(cx, &sql_registration_token_add, NULL, IN(secret_hash(cx->mem, *token_out)), IN(owner), IN(uses),
		IN(instant_add_s(cx->now, REGISTRATION_TOKEN_S)), IN(cx->now));
}

static err_t give_token(struct ctx *cx, struct id client, struct str *token_out)
{
	*token_out = token_new(cx, SECRET_MANAGE);
	return db_exec(cx, &sql_client_manage_set, NULL, IN(client), IN(secret_hash(cx->mem, *token_out)));
}

static enum client_kind kind_of(const struct registration *said)
{
	return said->means.auth == CLIENT_AUTH_NONE ? CLIENT_PUBLIC : CLIENT_CONFIDENTIAL;
}

static err_t create(struct ctx *cx, struct str token, const struct registration *said, struct registered *out)
{
	struct token_use use;
	err_t e = db_row(cx, &sql_registration_token_use, ROW(registration_token_use, &use),
		IN(secret_hash(cx->mem, token)), IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return not_for_this(cx);
	TRY(e);
	const struct client_new in = { .owner = use.owner,
		.kind = kind_of(said),
		.name = said->name,
		.redirects = said->redirects,
		.scopes = said->scopes & (uint64_t)SCOPES_ASKABLE,
		.grants = said->grants,
		.means = said->means };
	TRY(client_create(cx, &in, &out->client, &out->secret));
	return give_token(cx, out->client.id, &out->token);
}

err_t registered_create(struct ctx *cx, struct str token, const struct registration *said, struct registered *out)
{
	bool own;
	if (!is_token(cx, token, SECRET_REGISTRATION))
		return not_for_this(cx);
	TRY(db_join(cx, &own));
	return db_settle(cx, own, create(cx, token, said, out));
}

err_t registered_find(struct ctx *cx, struct str client_id, struct str token, struct registered *out)
{
	struct id id;
	struct managed row;
	if (!id_parse(client_id, "cli", &id) || !is_token(cx, token, SECRET_MANAGE))
		return not_for_this(cx);
	err_t e = db_row(cx, &sql_client_managed, ROW(client_managed, &row), IN(id), IN(secret_hash(cx->mem, token)));
	if (err_is(e, NOT_FOUND))
		return not_for_this(cx);
	TRY(e);
	*out = (struct registered){ .token = token };
	return client_by_id(cx, row.id, &out->client);
}

static err_t change(struct ctx *cx, const struct registration *said, struct registered *inout)
{
	const struct client_change change = { .name = said->name,
		.scopes = said->scopes & (uint64_t)SCOPES_ASKABLE,
		.grants = said->grants,
		.redirects = said->redirects,
		.has_means = true,
		.means = said->means };
	struct id id = inout->client.id;
	TRY(client_change(cx, &inout->client, &change));
	TRY(give_token(cx, id, &inout->token));
	return client_by_id(cx, id, &inout->client);
}

err_t registered_change(struct ctx *cx, const struct registration *said, struct registered *inout)
{
	struct client ignored;
	bool own;
	if (kind_of(said) != (enum client_kind)inout->client.kind)
		return REFUSE(cx, INVALID_CLIENT_METADATA, "token_endpoint_auth_method",
			"An app that proves itself cannot become one that does not, nor the other way. Register "
			"another.");
	if (said->secret.len && client_prove(cx, id_text(cx->mem, "cli", inout->client.id), said->secret,
					(enum client_auth)inout->client.auth_method, &ignored))
		return REFUSE(cx, INVALID_CLIENT_METADATA, "client_secret", "This is not the app's secret.");
	TRY(db_join(cx, &own));
	return db_settle(cx, own, change(cx, said, inout));
}
