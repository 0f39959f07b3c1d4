/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/oauth_app_view.h"

#include "oauth/client_json.h"
#include "oauth/tokens.h"
#include "server/account/resources.h"

#define S(member) offsetof(struct secret_view, member)
#define V(member) offsetof(struct app_view, member)
#define READ JSON_READ_ONLY
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field secret_fields[] = {
	/* name           kind       flags                 offset           given               min max */
	{ "id",           JSON_STR,  READ,                 S(id),           0,                  0, 0, NULL, NULL, 0, 0, "sec_…", "sec_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",       JSON_STR,  READ,                 S(object),       0,                  0, 0, NULL, NULL, 0, 0, "oauth_app_secret", "oauth_app_secret" },
	{ "client_secret", JSON_STR, READ | JSON_OPTIONAL, S(secret),       0,                  0, 0, NULL, NULL, 0, 0, "The secret, told once: when it is made", NULL },
	{ "prefix",       JSON_STR,  READ,                 S(prefix),       0,                  0, 0, NULL, NULL, 0, 0, "How it begins: all that can still be told of it", "cls_8f3a1c" },
	{ "created_at",   JSON_TIME, READ,                 S(created_at),   0,                  0, 0, NULL, NULL, 0, 0, "When it was made", NULL },
	{ "last_used_at", JSON_TIME, READ | MAYBE,         S(last_used_at), 0,                  0, 0, NULL, NULL, 0, 0, "When the app last proved itself with it; null: never", NULL },
	{ "expires_at",   JSON_TIME, MAYBE,                S(expires_at),   S(has_expires_at),  0, 0, NULL, NULL, 0, 0, "When it ends by itself; null: never", "2036-01-01T00:00:00Z" },
	{ "revoked_at",   JSON_TIME, READ | MAYBE,         S(revoked_at),   0,                  0, 0, NULL, NULL, 0, 0, "When it was revoked; null: it works", NULL },
};

static const struct json_field app_fields[] = {
	{ "id",            JSON_STR,  READ,                 V(id),            0,                    0, 0,   NULL, NULL, 0, 0, "cli_…: the client_id", "cli_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",        JSON_STR,  READ,                 V(object),        0,                    0, 0,   NULL, NULL, 0, 0, "oauth_app", "oauth_app" },
	{ "name",          JSON_STR,  0,                    V(name),          V(has_name),          1, 100, NULL, NULL, 0, 0, "What users are asked to allow", "Acme" },
	{ "type",          JSON_WORD, 0,                    V(type),          V(has_type),          0, 0,   "public confidential", NULL, 0, 0, "confidential: it runs on a server and has secrets; fixed when it is made", "confidential" },
	{ "client_secret", JSON_STR,  READ | JSON_OPTIONAL, V(secret),        0,                    0, 0,   NULL, NULL, 0, 0, "The first secret of a confidential app, told once: when it is made", NULL },
	{ "livemode",      JSON_BOOL, READ,                 V(livemode),      0,                    0, 0,   NULL, NULL, 0, 0, "false: it connects to the test data of its users", "true" },
	{ "verified",      JSON_BOOL, READ,                 V(verified),      0,                    0, 0,   NULL, NULL, 0, 0, "Does the operator of this server vouch for it? Another name or redirect URI ends that", "false" },
	{ "redirect_uris", JSON_STRS, 0,                    V(redirect_uris), V(has_redirect_uris), 1, CLIENT_REDIRECTS_MAX, NULL, NULL, 0, 0, "Where answers may go, compared octet by octet", "https://app.example/callback" },
	{ "post_logout_redirect_uris", JSON_STRS, 0,        V(post_logout),   V(has_post_logout),   0, CLIENT_REDIRECTS_MAX, NULL, NULL, 0, 0, "Where a browser may be led after a sign-out that it asked for at /oauth/logout, compared octet by octet. None when left out", "https://app.example/bye" },
	{ "scopes",        JSON_STRS, 0,                    V(scopes),        V(has_scopes),        1, 32,  NULL, NULL, 0, 0, "What it may ask for at most; all when left out", "events:read" },
	{ "machine_scopes", JSON_STRS, 0,                   V(machine_scopes), V(has_machine_scopes), 0, 32, NULL, NULL, 0, 0, "What it may do for itself with a token of grant type client_credentials: on the account that it belongs to, and on no user's. None when left out", "calendars:read" },
	{ "grant_types",   JSON_STRS, 0,                    V(grant_types),   V(has_grant_types),   1, 8,   NULL, NULL, 0, 0, "How it gets tokens; authorization_code and refresh_token when left out", "authorization_code" },
	{ "token_endpoint_auth_method", JSON_WORD, MAYBE,   V(auth_method),   V(has_auth),          0, 0,   CLIENT_AUTH_NAMES, NULL, 0, 0, "The only way in which it proves itself; null: a confidential app by a secret, in the header or the body", "client_secret_basic" },
	{ "jwks",          JSON_OBJECT, MAYBE,              V(jwks),          V(has_jwks),          0, 0,   NULL, jwks_fields, JWKS_FIELD_COUNT, sizeof(struct jwks_view), "Its public keys (RFC 7517)", NULL },
	{ "jwks_uri",      JSON_STR,  MAYBE,                V(jwks_uri),      V(has_jwks_uri),      1, 2048, NULL, NULL, 0, 0, "Where its public keys are fetched from, instead of jwks", NULL },
	{ "require_pushed_authorization_requests", JSON_BOOL, 0, V(par_only), V(has_par_only), 0, 0, NULL, NULL, 0, 0, "It pushes its authorization requests first (RFC 9126), and asks in no other way", "false" },
	{ "tls_client_auth_subject_dn", JSON_STR, MAYBE, V(tls_names[0]), V(has_tls_names[0]), 1, 1024, NULL, NULL, 0, 0, "tls_client_auth: the subject of its certificate (RFC 4514). One of these five", NULL },
	{ "tls_client_auth_san_dns", JSON_STR, MAYBE, V(tls_names[1]), V(has_tls_names[1]), 1, 1024, NULL, NULL, 0, 0, "The same by a DNS name of the certificate", "crm.example" },
	{ "tls_client_auth_san_uri", JSON_STR, MAYBE, V(tls_names[2]), V(has_tls_names[2]), 1, 1024, NULL, NULL, 0, 0, "By a URI of the certificate", NULL },
	{ "tls_client_auth_san_ip", JSON_STR, MAYBE, V(tls_names[3]), V(has_tls_names[3]), 1, 1024, NULL, NULL, 0, 0, "By an address of the certificate", NULL },
	{ "tls_client_auth_san_email", JSON_STR, MAYBE, V(tls_names[4]), V(has_tls_names[4]), 1, 1024, NULL, NULL, 0, 0, "By a mail address of the certificate", NULL },
	{ "tls_client_certificate_bound_access_tokens", JSON_BOOL, 0, V(cert_bound), V(has_cert_bound), 0, 0, NULL, NULL, 0, 0, "Its tokens work only beside the certificate that it showed when it got them (RFC 8705)", "false" },
	{ "refresh_token_rotation", JSON_BOOL, 0,           V(rotation),      V(has_rotation),      0, 0, NULL, NULL, 0, 0, "Each use of a refresh token gives a new one; false, of a confidential app: not while its access tokens are bound to a key or certificate. true when left out", "true" },
	{ "refresh_token_idle_seconds", JSON_INT, MAYBE,    V(idle_s),        V(has_idle_s),        REFRESH_S_MIN, REFRESH_IDLE_S, NULL, NULL, 0, 0, "How long a refresh token may stay unused; null: 30 days, which is the most", "604800" },
	{ "refresh_token_lifetime_seconds", JSON_INT, MAYBE, V(absolute_s),   V(has_absolute_s),    REFRESH_S_MIN, REFRESH_ABSOLUTE_MAX_S, NULL, NULL, 0, 0, "How long all tokens that come of one consent or code are good; null: as long as the user lets it", "31536000" },
	{ "require_signed_request_object", JSON_BOOL, 0,    V(signed_only),   V(has_signed_only),   0, 0, NULL, NULL, 0, 0, "Its authorization requests are signed by its keys (RFC 9101), and come in no other way", "false" },
	{ "profile",       JSON_WORD, MAYBE,                V(profile),       V(has_profile),       0, 0, CLIENT_PROFILE_FAPI2, NULL, 0, 0, "fapi2: held to the FAPI 2.0 security profile", NULL },
	{ "secrets",       JSON_OBJECTS, READ,              V(secrets),       0,                    0, 0,   NULL, secret_fields, ARRAY_LEN(secret_fields), sizeof(struct secret_view), "Its secrets, the newest first; those that ended for 90 days. Empty in lists", NULL },
	{ "api_version",   JSON_STR,  READ,                 V(api_version),   0,                    0, 0,   NULL, NULL, 0, 0, "The version of the API in which its tokens call where they send no Api-Version: the newest on the day when it was registered", "2026-11-28" },
	{ "created_at",    JSON_TIME, READ,                 V(created_at),    0,                    0, 0,   NULL, NULL, 0, 0, "When it was registered", NULL },
};
/* clang-format on */

const struct json_resource app_resource = {
	.name = "oauth_app",
	JSON_FIELDS(app_fields),
	.size = sizeof(struct app_view),
	.doc = "An app that users can connect (an OAuth client).",
};

const struct json_resource secret_resource = {
	.name = "oauth_app_secret",
	JSON_FIELDS(secret_fields),
	.size = sizeof(struct secret_view),
	.doc = "One of the secrets of a confidential app. Any that works proves it.",
};

/* ---- views ---- */

struct secret_view secret_view_of(struct arena *mem, const struct client_secret *s, struct str text)
{
	return (struct secret_view){
		.id = id_text(mem, "sec", s->id),
		.object = STR("oauth_app_secret"),
		.secret = text,
		.prefix = s->prefix,
		.created_at = s->created_at,
		.last_used_at = s->last_used_at,
		.expires_at = s->expires_at,
		.revoked_at = s->revoked_at,
	};
}

err_t app_view_of(struct ctx *cx, const struct client *c, struct app_view *out)
{
	struct arena *mem = cx->mem;
	*out = (struct app_view){
		.id = id_text(mem, "cli", c->id),
		.object = STR("oauth_app"),
		.name = c->name,
		.type = str_of(client_kind_name(c->kind)),
		.livemode = !id_is_test(c->owner),
		.verified = c->verified,
		.redirect_uris = c->redirects,
		.post_logout = c->post_logout_redirects,
		.par_only = c->par_only,
		.cert_bound = c->cert_bound,
		.rotation = !c->keeps_refresh,
		.signed_only = c->signed_only,
		.profile = c->profile == CLIENT_FAPI2 ? STR(CLIENT_PROFILE_FAPI2) : STR_ABSENT,
		.idle_s = c->refresh_idle_s,
		.absolute_s = c->refresh_absolute_s,
		.scopes = scope_names(mem, c->scopes),
		.machine_scopes = scope_names(mem, c->machine_scopes),
		.grant_types = client_grant_names(mem, c->grants),
		.auth_method = client_auth_name(c->auth_method),
		.has_jwks = c->jwks.ptr != NULL,
		.jwks_uri = c->jwks_uri,
		.api_version = c->api_version,
		.created_at = c->created_at,
	};
	for (size_t i = 0; i < APP_TLS_NAMES; i++)
		if (c->tls_name_kind == (int16_t)client_tls_fields[i].kind)
			out->tls_names[i] = c->tls_name;
	return jwks_view_of(cx, c->jwks, &out->jwks);
}

err_t app_whole_view_of(struct ctx *cx, const struct client *client, struct app_view *out)
{
	const struct client_secret *secrets;
	size_t count;
	TRY(client_secrets(cx, client->id, &secrets, &count));
	struct secret_view *views = arena_array(cx->mem, struct secret_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = secret_view_of(cx->mem, &secrets[i], STR_ABSENT);
	TRY(app_view_of(cx, client, out));
	out->secrets = (struct json_list){ views, count };
	return OK;
}

/* ---- what was sent ---- */

static bool sends_name(const struct app_view *sent)
{
	for (size_t i = 0; i < APP_TLS_NAMES; i++)
		if (sent->has_tls_names[i])
			return true;
	return false;
}

/* A name that is sent takes the place of one of another kind; all of them null take away the one that was. */
static err_t name_sent(struct ctx *cx, const struct app_view *sent, struct client_means *means)
{
	size_t named = 0;
	for (size_t i = 0; i < APP_TLS_NAMES; i++) {
		int16_t kind = (int16_t)client_tls_fields[i].kind;
		if (!sent->has_tls_names[i])
			continue;
		if (sent->tls_names[i].ptr) {
			means->tls_name_kind = kind;
			means->tls_name = sent->tls_names[i];
			named++;
		} else if (!named && means->tls_name_kind == kind) {
			means->tls_name_kind = 0;
			means->tls_name = STR_ABSENT;
		}
	}
	return named < 2
		       ? OK
		       : REFUSE(cx, INVALID_VALUE, client_tls_fields[0].name,
				 "A certificate is known by one name: by one of the fields tls_client_auth_… (RFC 8705 "
				 "section 2.1.2).");
}

err_t app_means_sent(struct ctx *cx, const struct app_view *sent, struct client_means was, struct client_means *out)
{
	enum client_auth auth = CLIENT_AUTH_OPEN;
	if (sent->has_auth && sent->auth_method.ptr)
		(void)client_auth_parse(sent->auth_method, &auth); /* a word of the field's */
	*out = was;
	if (sent->has_auth)
		out->auth = (int16_t)auth;
	if (sent->has_jwks)
		out->jwks = jwks_text_of(cx, &sent->jwks);
	if (sent->has_jwks_uri)
		out->uri = sent->jwks_uri;
	return name_sent(cx, sent, out);
}

err_t app_policy_sent(struct ctx *cx, const struct app_view *sent, struct client_policy was, struct client_policy *out)
{
	*out = was;
	if (sent->has_cert_bound)
		out->cert_bound = sent->cert_bound;
	if (sent->has_rotation)
		out->keeps_refresh = !sent->rotation;
	if (sent->has_signed_only)
		out->signed_only = sent->signed_only;
	if (sent->has_profile)
		out->profile = sent->profile.ptr ? CLIENT_FAPI2 : CLIENT_ANY;
	if (sent->has_idle_s)
		out->refresh_idle_s = (int32_t)sent->idle_s;
	if (sent->has_absolute_s)
		out->refresh_absolute_s = (int32_t)sent->absolute_s;
	if (sent->has_post_logout)
		out->post_logout_redirects = sent->post_logout;
	return sent->has_machine_scopes
		       ? scope_names_read(cx, "machine_scopes", sent->machine_scopes, &out->machine_scopes)
		       : OK;
}

bool app_sends_means(const struct app_view *sent)
{
	return sent->has_auth || sent->has_jwks || sent->has_jwks_uri || sends_name(sent);
}

bool app_sends_policy(const struct app_view *sent)
{
	return sent->has_machine_scopes || sent->has_cert_bound || sent->has_rotation || sent->has_idle_s ||
	       sent->has_absolute_s || sent->has_post_logout || sent->has_signed_only || sent->has_profile;
}
