/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_policy.h"

#include "oauth/client.h"
#include "server/auth/scope.h"
#include "server/base/buf.h"
#include "server/db/query.h"
#include "sql.h"

#define NAMES_MAX 1024

struct client_policy client_policy_of(const struct client *client)
{
	return (struct client_policy){ .machine_scopes = client->machine_scopes };
}

static void add_name(struct buf *out, bool differs, const char *name)
{
	if (!differs)
		return;
	if (out->len)
		buf_char(out, ' ');
	buf_add(out, str_of(name));
}

struct str client_policy_changes(struct arena *mem, const struct client_policy *a, const struct client_policy *b)
{
	struct buf names = buf_new(mem, NAMES_MAX);
	add_name(&names, a->machine_scopes != b->machine_scopes, "machine_scopes");
	return names.len ? buf_str(&names) : STR_ABSENT;
}

err_t client_policy_check(struct ctx *cx, int16_t kind, int16_t grants, const struct client_policy *policy)
{
	if (kind == CLIENT_PUBLIC && (grants & GRANT_CLIENT))
		return REFUSE(cx, INVALID_VALUE, "grant_types",
			"A public app proves nothing, so it gets no token for itself (client_credentials).");
	if (kind == CLIENT_PUBLIC && policy->machine_scopes)
		return REFUSE(cx, INVALID_VALUE, "machine_scopes",
			"A public app proves nothing, so it does nothing for itself.");
	if (policy->machine_scopes & SCOPES_IDENTITY)
		return REFUSE(cx, INVALID_VALUE, "machine_scopes",
			"The scopes openid, email and profile say who signed in: an app for itself has no user.");
	return OK;
}

err_t client_machine_settle(struct ctx *cx, struct id client, bool ends)
{
	return db_exec(cx, &sql_client_machine_settle, NULL, IN(client), IN(cx->now), IN(ends));
}

err_t client_policy_store(struct ctx *cx, struct id client, const struct client_policy *policy)
{
	TRY(db_exec(cx, &sql_client_policy_store, NULL, IN(client), IN(policy->machine_scopes)));
	return client_machine_settle(cx, client, false);
}
