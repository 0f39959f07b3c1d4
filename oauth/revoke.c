/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation (RFC 7009). Either token ends its family, a refresh token of any age too: the refresh token, and all
 * access tokens at once, on every instance. A token of an app for itself ends alone. The answer is the same for what
 * was unknown, another client's or ended before (§2.2).
 */
#include "oauth/revoke.h"

#include "oauth/endpoint.h"
#include "oauth/tokens.h"
#include "server/account/audit.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "sql.h"

/* The secret's own form tells which it is; token_type_hint may be wrong and is not needed (§2.1). */
static err_t revoke(struct ctx *cx, const struct client *client, struct str token)
{
	struct secret_parts parts;
	if (!secret_parse(cx->mem, token, &parts))
		return OK;
	struct bytes hash = secret_hash(cx->mem, token);
	int16_t slot = token_slot(&parts);
	if (parts.kind == SECRET_ACCESS) {
		TRY(db_exec(
			cx, &sql_machine_token_revoke, NULL, IN(parts.account), IN(hash), IN(slot), IN(client->id)));
		TRY(db_exec(cx, &sql_family_revoke_by_access, NULL, IN(parts.account), IN(hash), IN(slot),
			IN(client->id), IN(cx->now), IN(audit_by(cx))));
	}
	if (parts.kind == SECRET_REFRESH)
		TRY(db_exec(cx, &sql_family_revoke_by_refresh, NULL, IN(parts.account), IN(parts.family), IN(hash),
			IN(client->id), IN(cx->now), IN(token_generation(cx, &parts, token)), IN(audit_by(cx))));
	return OK;
}

err_t revoke_post(struct request *rq, struct response *rs)
{
	struct client client;
	struct params params;
	TRY(endpoint_form(rq, &params));
	TRY(endpoint_client(rq, &params, &client));
	struct str token = param_get(&params, "token");
	if (!token.ptr)
		return REFUSE(&rq->cx, MISSING_FIELD, "token", "The parameter token is missing.");
	TRY(revoke(&rq->cx, &client, token));
	/* An empty object, since some clients insist on JSON; the RFC lets them ignore it. */
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_object_end(&j);
	return OK;
}
