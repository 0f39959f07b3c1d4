/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_row.h"

#include "oauth/open_client.h"
#include "server/db/query.h"
#include "sql.h"

DB_RESULT(client_with_keys, struct client_row, id, owner, kind, grants, name, verified, may_introspect, scopes,
	auth_method, cert_bound, keeps_refresh, refresh_idle_s, refresh_absolute_s, profile, tls_name_kind, tls_name,
	jwks, jwks_uri, fetched, fetched_at);

err_t client_row_find(struct ctx *cx, struct str client_id, struct client_row *out)
{
	struct id id;
	if (!client_id_of(cx, client_id, &id))
		return FAIL(cx, NOT_FOUND, "not a client id");
	return db_row(cx, &sql_client_with_keys, ROW(client_with_keys, out), IN(id));
}

struct client client_of_row(const struct client_row *row)
{
	return (struct client){ .id = row->id,
		.owner = row->owner,
		.kind = row->kind,
		.grants = row->grants,
		.name = row->name,
		.verified = row->verified,
		.may_introspect = row->may_introspect,
		.scopes = row->scopes,
		.auth_method = row->auth_method,
		.cert_bound = row->cert_bound,
		.keeps_refresh = row->keeps_refresh,
		.profile = row->profile,
		.refresh_idle_s = row->refresh_idle_s,
		.refresh_absolute_s = row->refresh_absolute_s };
}
