/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_json.h"

#include "oauth/registration.h"
#include "oauth/token.h"

/* clang-format off */
static const struct { const char *name; enum client_kind kind; } kinds[] = {
	{ "public",       CLIENT_PUBLIC },
	{ "confidential", CLIENT_CONFIDENTIAL },
};
/* clang-format on */

const char *client_kind_name(int16_t kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kind == (int16_t)kinds[i].kind)
			return kinds[i].name;
	return "unknown";
}

bool client_kind_parse(struct str name, enum client_kind *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(name, str_of(kinds[i].name))) {
			*out = kinds[i].kind;
			return true;
		}
	return false;
}

struct str_list client_grant_names(struct arena *mem, int16_t grants)
{
	struct str *names = arena_array(mem, struct str, grant_row_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < grant_row_count; i++)
		if (grants & grant_rows[i].bit)
			names[count++] = str_of(grant_rows[i].name);
	return (struct str_list){ names, count };
}

err_t client_grants_read(struct ctx *cx, const char *param, struct str_list names, int16_t *out)
{
	int16_t grants = 0;
	for (size_t i = 0; i < names.count; i++) {
		const struct grant_row *row = grant_find(names.items[i]);
		if (!row)
			return REFUSE(cx, INVALID_VALUE, param, "There is no grant type %.*s.",
				STR_ARG(str_sub(names.items[i], 0, 100)));
		grants = (int16_t)(grants | row->bit);
	}
	*out = grants;
	return OK;
}

static const char *const registered_by[] = {
	[REGISTERED_BY_OWNER] = "owner",
	[REGISTERED_BY_ITSELF] = "itself",
	[REGISTERED_BY_DOCUMENT] = "document",
};

/* Member names as RFC 7591 §2 has them, where it has them. */
void client_json(struct json *j, struct arena *mem, const char *key, const struct client *client, struct str secret)
{
	json_object(j, key);
	json_str(j, "object", STR("oauth_client"));
	json_id(j, "client_id", "cli", client->id);
	json_str_if(j, "client_secret", secret);
	json_str(j, "client_name", client->name);
	json_str(j, "registered_by", str_of(registered_by[client->registration]));
	json_id(j, "owner", "usr",
		client->registration == REGISTERED_BY_OWNER ? id_in_mode(client->owner, false) : (struct id){ { 0 } });
	json_str(j, "type", str_of(client_kind_name(client->kind)));
	json_bool(j, "livemode", !id_is_test(client->owner));
	json_bool(j, "verified", client->verified);
	json_bool(j, "may_introspect", client->may_introspect);
	json_bool(j, "require_pushed_authorization_requests", client->par_only);
	json_array(j, "redirect_uris");
	for (size_t i = 0; i < client->redirects.count; i++)
		json_str(j, NULL, client->redirects.items[i]);
	json_array_end(j);
	json_array(j, "post_logout_redirect_uris"); /* RP-Initiated Logout §3.1 */
	for (size_t i = 0; i < client->post_logout_redirects.count; i++)
		json_str(j, NULL, client->post_logout_redirects.items[i]);
	json_array_end(j);
	json_array(j, "grant_types");
	struct str_list grants = client_grant_names(mem, client->grants);
	for (size_t i = 0; i < grants.count; i++)
		json_str(j, NULL, grants.items[i]);
	json_array_end(j);
	json_str(j, "token_endpoint_auth_method", client_auth_name(client->auth_method));
	if (client->jwks.ptr)
		json_raw(j, "jwks", client->jwks);
	json_str_if(j, "jwks_uri", client->jwks_uri);
	for (size_t i = 0; i < client_tls_field_count; i++)
		if (client->tls_name_kind == (int16_t)client_tls_fields[i].kind)
			json_str(j, client_tls_fields[i].name, client->tls_name);
	json_bool(j, "tls_client_certificate_bound_access_tokens", client->cert_bound);
	json_bool(j, "require_signed_request_object", client->signed_only);
	json_str_if(j, "profile", client->profile == CLIENT_FAPI2 ? STR(CLIENT_PROFILE_FAPI2) : STR_ABSENT);
	json_bool(j, "refresh_token_rotation", !client->keeps_refresh);
	if (client->refresh_idle_s)
		json_int(j, "refresh_token_idle_seconds", client->refresh_idle_s);
	if (client->refresh_absolute_s)
		json_int(j, "refresh_token_lifetime_seconds", client->refresh_absolute_s);
	json_str(j, "scope", scope_text(mem, client->scopes));
	json_str(j, "machine_scope", scope_text(mem, client->machine_scopes));
	json_str(j, "api_version", client->api_version);
	json_time(j, "created_at", client->created_at);
	json_object_end(j);
}
