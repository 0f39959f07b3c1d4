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

static err_t no_scope(struct ctx *cx, uint64_t allowed)
{
	if (!allowed)
		return REFUSE(cx, INVALID_SCOPE, "scope",
			"The owner of this app allows it nothing for itself (machine_scopes).");
	return REFUSE(cx, INVALID_SCOPE, "scope", "For itself this app may have these scopes: %.*s.",
		STR_ARG(scope_text(cx->mem, allowed)));
}

err_t token_of_machine(struct ctx *cx, const struct machine_claim *claim, struct token_pair *out)
{
	const struct client *client = claim->client;
	struct machine_token got;
	if (client->kind != CLIENT_CONFIDENTIAL)
		return REFUSE(
			cx, UNAUTHORIZED_CLIENT, "", "A public app proves nothing, so it gets no token for itself.");
	struct access_draft access = access_draft(cx, client->owner);
	TRY(db_row(cx, &sql_token_of_machine, ROW(token_of_machine, &got), IN(client->id), IN(id_new(cx->now)),
		IN(claim->scopes), IN(claim->audience), IN(claim->bound.jkt), IN(access.hash), IN(access.slot),
		IN(access.until), IN(claim->bound.x5t)));
	if (got.outcome == MACHINE_SCOPE)
		return no_scope(cx, got.granted);
	if (got.outcome != MACHINE_ISSUED)
		return FAIL(cx, UNAUTHORIZED_CLIENT, "the app was changed meanwhile");
	*out = (struct token_pair){ .access = access.text,
		.scopes = got.granted,
		.account = client->owner,
		.access_until = access.until,
		.by_proof = claim->bound.jkt.ptr != NULL };
	return OK;
}
