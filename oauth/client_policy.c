/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_policy.h"

#include "oauth/client.h"
#include "oauth/tokens.h"
#include "server/auth/scope.h"
#include "server/base/buf.h"
#include "server/db/query.h"
#include "sql.h"

#define NAMES_MAX 1024

struct client_policy client_policy_of(const struct client *client)
{
	return (struct client_policy){ .machine_scopes = client->machine_scopes,
		.cert_bound = client->cert_bound,
		.keeps_refresh = client->keeps_refresh,
		.refresh_idle_s = client->refresh_idle_s,
		.refresh_absolute_s = client->refresh_absolute_s };
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
	add_name(&names, a->cert_bound != b->cert_bound, "tls_client_certificate_bound_access_tokens");
	add_name(&names, a->keeps_refresh != b->keeps_refresh, "refresh_token_rotation");
	add_name(&names, a->refresh_idle_s != b->refresh_idle_s, "refresh_token_idle_seconds");
	add_name(&names, a->refresh_absolute_s != b->refresh_absolute_s, "refresh_token_lifetime_seconds");
	return names.len ? buf_str(&names) : STR_ABSENT;
}

static err_t check_seconds(struct ctx *cx, const char *param, int32_t seconds, int32_t most)
{
	if (!seconds || (seconds >= REFRESH_S_MIN && seconds <= most))
		return OK;
	return REFUSE(cx, INVALID_VALUE, param, "This is %d to %d seconds.", REFRESH_S_MIN, most);
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
	TRY(check_seconds(cx, "refresh_token_idle_seconds", policy->refresh_idle_s, REFRESH_IDLE_S));
	return check_seconds(cx, "refresh_token_lifetime_seconds", policy->refresh_absolute_s, REFRESH_ABSOLUTE_MAX_S);
}

err_t client_machine_settle(struct ctx *cx, struct id client, bool ends)
{
	return db_exec(cx, &sql_client_machine_settle, NULL, IN(client), IN(cx->now), IN(ends));
}

err_t client_policy_store(struct ctx *cx, struct id client, const struct client_policy *policy)
{
	TRY(db_exec(cx, &sql_client_policy_store, NULL, IN(client), IN(policy->machine_scopes), IN(policy->cert_bound),
		IN(policy->keeps_refresh), IN(policy->refresh_idle_s), IN(policy->refresh_absolute_s)));
	return client_machine_settle(cx, client, false);
}
