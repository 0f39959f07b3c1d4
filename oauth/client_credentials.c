/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_credentials.h"

#include "server/auth/scope.h"
#include "server/db/query.h"
#include "sql.h"

/* As the function token_of_machine says. */
enum machine_outcome { MACHINE_ISSUED, MACHINE_SCOPE, MACHINE_NONE };

struct machine_token {
	int32_t outcome;
	uint64_t granted;
};
DB_RESULT(token_of_machine, struct machine_token, outcome, granted);

struct machine_grant {
	uint64_t granted;
	struct str committed; /* how: nobody asks */
};
#define GRANT_RESULT(n) DB_RESULT(machine_token_##n, struct machine_grant, granted, committed);
TOKEN_LEAVES(GRANT_RESULT)

static const struct leaf {
	const struct query *add;
	const struct db_result *result;
} leaves[TOKEN_SLOTS] = {
#define LEAF(n) { &sql_machine_token_##n, &db_result_machine_token_##n },
	TOKEN_LEAVES(LEAF)
#undef LEAF
};

static err_t no_scope(struct ctx *cx, uint64_t allowed)
{
	if (!allowed)
		return REFUSE(cx, INVALID_SCOPE, "scope",
			"The owner of this app allows it nothing for itself (machine_scopes).");
	return REFUSE(cx, INVALID_SCOPE, "scope", "For itself this app may have these scopes: %.*s.",
		STR_ARG(scope_text(cx->mem, allowed)));
}

/* One statement and no wait, where the connection is there and the scopes are: nearly always. NOT_FOUND: it is not. */
static err_t add_to_connection(
	struct ctx *cx, const struct machine_claim *claim, const struct access_draft *access, uint64_t *granted_out)
{
	const struct leaf *leaf = &leaves[access->slot];
	struct machine_grant got;
	TRY(db_row(cx, leaf->add, ((struct db_into){ leaf->result, &got }), IN(claim->client->id), IN(claim->scopes),
		IN(claim->audience), IN(claim->bound.jkt), IN(access->hash), IN(access->until), IN(claim->bound.x5t)));
	*granted_out = got.granted;
	return OK;
}

/* The first of an app makes its connection; or why there is none. */
static err_t connect(
	struct ctx *cx, const struct machine_claim *claim, const struct access_draft *access, uint64_t *granted_out)
{
	const struct client *client = claim->client;
	struct machine_token got;
	TRY(db_row(cx, &sql_token_of_machine, ROW(token_of_machine, &got), IN(client->id), IN(id_new(cx->now)),
		IN(claim->scopes), IN(claim->audience), IN(claim->bound.jkt), IN(access->hash), IN(access->slot),
		IN(access->until), IN(claim->bound.x5t)));
	if (got.outcome == MACHINE_SCOPE)
		return no_scope(cx, got.granted);
	if (got.outcome != MACHINE_ISSUED)
		return FAIL(cx, UNAUTHORIZED_CLIENT, "the app was changed meanwhile");
	*granted_out = got.granted;
	return OK;
}

err_t token_of_machine(struct ctx *cx, const struct machine_claim *claim, struct token_pair *out)
{
	const struct client *client = claim->client;
	uint64_t granted = 0;
	if (client->kind != CLIENT_CONFIDENTIAL)
		return REFUSE(
			cx, UNAUTHORIZED_CLIENT, "", "A public app proves nothing, so it gets no token for itself.");
	struct access_draft access = access_draft(cx, client->owner);
	err_t e = add_to_connection(cx, claim, &access, &granted);
	if (err_is(e, NOT_FOUND))
		e = connect(cx, claim, &access, &granted);
	TRY(e);
	*out = (struct token_pair){ .access = access.text,
		.scopes = granted,
		.account = client->owner,
		.access_until = access.until,
		.by_proof = claim->bound.jkt.ptr != NULL };
	return OK;
}
