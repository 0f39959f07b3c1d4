/* SPDX-License-Identifier: Apache-2.0 */
/* How an account's apps and their secrets look on REST, and what is sent of them. */
#pragma once

#include "oauth/client.h"
#include "server/api/api.h"
#include "server/api/oauth_app_keys.h"

#define APP_TLS_NAMES 5

struct secret_view {
	struct str id, object, prefix;
	struct instant created_at, last_used_at, expires_at, revoked_at;
	struct str secret;
	bool has_expires_at;
};

struct app_view {
	struct str id, object, name, type, secret, api_version;
	struct str auth_method, jwks_uri;
	struct jwks_view jwks;
	bool livemode, verified, par_only, has_par_only, has_name, has_type, has_redirect_uris, has_scopes, has_auth,
		has_jwks, has_jwks_uri;
	bool has_grant_types, has_machine_scopes, has_post_logout, has_cert_bound, has_rotation, has_idle_s,
		has_absolute_s;
	struct str profile;
	bool has_profile, signed_only, has_signed_only;
	bool cert_bound, rotation, has_tls_names[APP_TLS_NAMES];
	int64_t idle_s, absolute_s;
	struct str tls_names[APP_TLS_NAMES]; /* in the order of client_tls_fields */
	struct str_list redirect_uris, post_logout, scopes, machine_scopes, grant_types;
	struct json_list secrets;
	struct instant created_at;
};

extern const struct json_resource app_resource, secret_resource;

struct secret_view secret_view_of(struct arena *mem, const struct client_secret *s, struct str text);
/* Without its secrets; with them. */
MUST_CHECK err_t app_view_of(struct ctx *cx, const struct client *c, struct app_view *out);
MUST_CHECK err_t app_whole_view_of(struct ctx *cx, const struct client *client, struct app_view *out);

/* What was sent, over what there was. INVALID_VALUE: names of several kinds, a scope that is none. */
MUST_CHECK err_t app_means_sent(
	struct ctx *cx, const struct app_view *sent, struct client_means was, struct client_means *out);
MUST_CHECK err_t app_policy_sent(
	struct ctx *cx, const struct app_view *sent, struct client_policy was, struct client_policy *out);
/* Was anything of it sent? */
bool app_sends_means(const struct app_view *sent);
bool app_sends_policy(const struct app_view *sent);
