/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_policy.h"

#include "oauth/client.h"
#include "oauth/redirect.h"
#include "oauth/tokens.h"
#include "server/auth/scope.h"
#include "server/base/buf.h"
#include "server/db/query.h"
#include "sql.h"

#define NAMES_MAX 1024

struct client_policy client_policy_of(const struct client *client)
{
	return (struct client_policy){ .machine_scopes = client->machine_scopes,
		.post_logout_redirects = client->post_logout_redirects,
		.cert_bound = client->cert_bound,
		.keeps_refresh = client->keeps_refresh,
		.signed_only = client->signed_only,
		.profile = client->profile,
		.refresh_idle_s = client->refresh_idle_s,
		.refresh_absolute_s = client->refresh_absolute_s };
}

static bool same_list(struct str_list a, struct str_list b)
{
	bool same = a.count == b.count;
	for (size_t i = 0; same && i < a.count; i++)
		same = str_eq(a.items[i], b.items[i]);
	return same;
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
	add_name(&names, !same_list(a->post_logout_redirects, b->post_logout_redirects), "post_logout_redirect_uris");
	add_name(&names, a->signed_only != b->signed_only, "require_signed_request_object");
	add_name(&names, a->profile != b->profile, "profile");
	return names.len ? buf_str(&names) : STR_ABSENT;
}

static err_t check_seconds(struct ctx *cx, const char *param, int32_t seconds, int32_t most)
{
	if (!seconds || (seconds >= REFRESH_S_MIN && seconds <= most))
		return OK;
	return REFUSE(cx, INVALID_VALUE, param, "This is %d to %d seconds.", REFRESH_S_MIN, most);
}

static err_t check_post_logout(struct ctx *cx, bool public_client, struct str_list uris)
{
	if (uris.count > CLIENT_REDIRECTS_MAX)
		return REFUSE(cx, INVALID_VALUE, "post_logout_redirect_uri",
			"A client has at most %d addresses to lead to after a sign-out.", CLIENT_REDIRECTS_MAX);
	for (size_t i = 0; i < uris.count; i++) {
		err_t e = redirect_uri_check(cx, uris.items[i], public_client);
		if (err_is(e, INVALID_VALUE))
			return REFUSE(cx, INVALID_VALUE, "post_logout_redirect_uri", "%.*s", STR_ARG(err_text(e)));
		TRY(e);
	}
	return OK;
}

/* FAPI 2.0 §5.3.2.1, §5.3.2.2. What else it asks for is asked of every app, or at each request (token.c, checks.c). */
static err_t check_fapi2(struct ctx *cx, const struct client_shape *shape)
{
	if (shape->kind != CLIENT_CONFIDENTIAL || shape->auth < (int16_t)CLIENT_AUTH_KEY)
		return REFUSE(cx, INVALID_VALUE, "profile",
			"An app of the profile fapi2 is confidential and proves itself by a key or a certificate: "
			"token_endpoint_auth_method is private_key_jwt, tls_client_auth or "
			"self_signed_tls_client_auth.");
	for (size_t i = 0; i < shape->redirects.count; i++)
		if (!str_starts(shape->redirects.items[i], STR("https://")))
			return REFUSE(cx, INVALID_VALUE, "profile",
				"An app of the profile fapi2 has https redirect URIs alone.");
	return OK;
}

err_t client_policy_check(struct ctx *cx, const struct client_shape *shape, const struct client_policy *policy)
{
	int16_t kind = shape->kind, grants = shape->grants;
	if (kind == CLIENT_PUBLIC && (grants & GRANT_CLIENT))
		return REFUSE(cx, INVALID_VALUE, "grant_types",
			"A public app proves nothing, so it gets no token for itself (client_credentials).");
	if (kind == CLIENT_PUBLIC && policy->machine_scopes)
		return REFUSE(cx, INVALID_VALUE, "machine_scopes",
			"A public app proves nothing, so it does nothing for itself.");
	if (policy->machine_scopes & SCOPES_IDENTITY)
		return REFUSE(cx, INVALID_VALUE, "machine_scopes",
			"The scopes openid, email and profile say who signed in: an app for itself has no user.");
	TRY(check_post_logout(cx, kind == CLIENT_PUBLIC, policy->post_logout_redirects));
	if (policy->profile == CLIENT_FAPI2)
		TRY(check_fapi2(cx, shape));
	TRY(check_seconds(cx, "refresh_token_idle_seconds", policy->refresh_idle_s, REFRESH_IDLE_S));
	return check_seconds(cx, "refresh_token_lifetime_seconds", policy->refresh_absolute_s, REFRESH_ABSOLUTE_MAX_S);
}

err_t client_machine_settle(struct ctx *cx, struct id client, bool ends)
{
	return db_exec(cx, &sql_client_machine_settle, NULL, IN(client), IN(cx->now), IN(ends));
}

err_t client_policy_store(struct ctx *cx, struct id client, const struct client_policy *policy)
{
	struct str_list after = policy->post_logout_redirects;
	if (!after.items)
		after.items = &STR_ABSENT; /* the empty array, not NULL */
	TRY(db_exec(cx, &sql_client_policy_store, NULL, IN(client), IN(policy->machine_scopes), IN(policy->cert_bound),
		IN(policy->keeps_refresh), IN(policy->refresh_idle_s), IN(policy->refresh_absolute_s), IN(after),
		IN(policy->signed_only), IN(policy->profile)));
	return client_machine_settle(cx, client, false);
}
