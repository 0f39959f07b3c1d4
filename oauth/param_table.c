/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/param_table.h"

#define AT_ASKED (AT_AUTHORIZE | AT_PAR)
#define AT_APPS (AT_PAR | AT_TOKEN | AT_DEVICE | AT_REVOKE | AT_INTROSPECT)

/* clang-format off */
static const struct {
	const char *name;
	unsigned at; /* enum param_endpoint */
	unsigned flags;
	const char *source; /* what asks for it */
} param_rows[] = {
	/* who asks */
	{ "client_id",                AT_AUTHORIZE | AT_APPS | AT_LOGOUT | AT_REGISTER, 0, "OAuth 2.1 §2.2" },
	{ "client_secret",            AT_APPS | AT_REGISTER, PARAM_SECRET, "OAuth 2.1 §2.4.1, RFC 7592 §2.2" },
	{ "client_assertion",         AT_APPS,      PARAM_SECRET, "RFC 7521 §4.2" },
	{ "client_assertion_type",    AT_APPS,      0, "RFC 7521 §4.2" },
	/* what is asked of a user */
	{ "response_type",            AT_ASKED,     0, "OAuth 2.1 §4.1.1" },
	{ "redirect_uri",             AT_ASKED | AT_TOKEN, 0, "OAuth 2.1 §4.1.1, §10.2" },
	{ "scope",                    AT_ASKED | AT_TOKEN | AT_DEVICE | AT_REGISTER, 0, "OAuth 2.1 §1.4.1" },
	{ "state",                    AT_ASKED | AT_LOGOUT, 0, "OAuth 2.1 §4.1.1" },
	{ "code_challenge",           AT_ASKED,     0, "RFC 7636 §4.3" },
	{ "code_challenge_method",    AT_ASKED,     0, "RFC 7636 §4.3" },
	{ "response_mode",            AT_ASKED,     0, "OAuth 2.0 Multiple Response Types §2.1" },
	{ "resource",                 AT_ASKED | AT_TOKEN | AT_DEVICE, PARAM_REPEATS, "RFC 8707 §2" },
	{ "authorization_details",    AT_ASKED | AT_TOKEN | AT_DEVICE, 0, "RFC 9396 §2" },
	{ "dpop_jkt",                 AT_ASKED,     0, "RFC 9449 §10" },
	{ "request",                  AT_ASKED,     0, "RFC 9101 §5" },
	{ "request_uri",              AT_ASKED,     0, "RFC 9126 §4" },
	{ "include_granted_scopes",   AT_ASKED,     0, "docs/site/connect.md" },
	{ "nonce",                    AT_ASKED,     0, "OpenID Connect Core §3.1.2.1" },
	{ "prompt",                   AT_ASKED,     0, "OpenID Connect Core §3.1.2.1" },
	{ "max_age",                  AT_ASKED,     0, "OpenID Connect Core §3.1.2.1" },
	{ "ui_locales",               AT_ASKED | AT_LOGOUT, 0, "OpenID Connect Core §3.1.2.1" },
	{ "id_token_hint",            AT_ASKED | AT_LOGOUT, 0, "OpenID Connect Core §3.1.2.1" },
	{ "login_hint",               AT_ASKED,     0, "OpenID Connect Core §3.1.2.1" },
	{ "claims",                   AT_ASKED,     0, "OpenID Connect Core §5.5" },
	/* what a token is given for */
	{ "grant_type",               AT_TOKEN,     0, "OAuth 2.1 §3.2.2" },
	{ "code",                     AT_TOKEN,     PARAM_SECRET, "OAuth 2.1 §4.1.3" },
	{ "code_verifier",            AT_TOKEN,     PARAM_SECRET, "RFC 7636 §4.5" },
	{ "refresh_token",            AT_TOKEN,     PARAM_SECRET, "OAuth 2.1 §4.3.1" },
	{ "device_code",              AT_TOKEN,     PARAM_SECRET, "RFC 8628 §3.4" },
	{ "subject_token",            AT_TOKEN,     PARAM_SECRET, "RFC 8693 §2.1" },
	{ "subject_token_type",       AT_TOKEN,     0, "RFC 8693 §2.1" },
	{ "requested_token_type",     AT_TOKEN,     0, "RFC 8693 §2.1" },
	{ "actor_token",              AT_TOKEN,     PARAM_SECRET, "RFC 8693 §2.1" },
	{ "actor_token_type",         AT_TOKEN,     0, "RFC 8693 §2.1" },
	{ "audience",                 AT_TOKEN,     0, "RFC 8693 §2.1" },
	/* which token is meant; a hint of its type is not needed, and not read */
	{ "token",                    AT_REVOKE | AT_INTROSPECT, PARAM_SECRET, "RFC 7009 §2.1, RFC 7662 §2.1" },
	/* signing out */
	{ "post_logout_redirect_uri", AT_LOGOUT,    0, "RP-Initiated Logout §2" },
	/* what an app says of itself */
	{ "redirect_uris",            AT_REGISTER,  0, "RFC 7591 §2" },
	{ "token_endpoint_auth_method", AT_REGISTER, 0, "RFC 7591 §2" },
	{ "grant_types",              AT_REGISTER,  0, "RFC 7591 §2" },
	{ "response_types",           AT_REGISTER,  0, "RFC 7591 §2" },
	{ "client_name",              AT_REGISTER,  0, "RFC 7591 §2" },
	{ "client_uri",               AT_REGISTER,  0, "RFC 7591 §2" },
	{ "logo_uri",                 AT_REGISTER,  0, "RFC 7591 §2" },
	{ "tos_uri",                  AT_REGISTER,  0, "RFC 7591 §2" },
	{ "policy_uri",               AT_REGISTER,  0, "RFC 7591 §2" },
	{ "jwks_uri",                 AT_REGISTER,  0, "RFC 7591 §2" },
	{ "jwks",                     AT_REGISTER,  0, "RFC 7591 §2" },
	{ "software_id",              AT_REGISTER,  0, "RFC 7591 §2" },
	{ "software_version",         AT_REGISTER,  0, "RFC 7591 §2" },
};

static const struct { unsigned at; const char *path; } endpoints[] = {
	{ AT_AUTHORIZE, "authorize" }, { AT_PAR, "par" }, { AT_TOKEN, "token" }, { AT_DEVICE, "device" },
	{ AT_REVOKE, "revoke" }, { AT_INTROSPECT, "introspect" }, { AT_LOGOUT, "logout" }, { AT_REGISTER, "register" },
};
/* clang-format on */

bool param_repeats(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(param_rows); i++)
		if ((param_rows[i].flags & PARAM_REPEATS) && str_eq(name, str_of(param_rows[i].name)))
			return true;
	return false;
}

void param_table_print(struct buf *out)
{
	BUF_LIT(out, "| parameter | of `/oauth/…` | twice | secret | source |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < ARRAY_LEN(param_rows); i++) {
		const char *between = "";
		buf_fmt(out, "| `%s` | ", param_rows[i].name);
		for (size_t k = 0; k < ARRAY_LEN(endpoints); k++) {
			if (!(param_rows[i].at & endpoints[k].at))
				continue;
			buf_fmt(out, "%s%s", between, endpoints[k].path);
			between = ", ";
		}
		buf_fmt(out, " | %s | %s | %s |\n", param_rows[i].flags & PARAM_REPEATS ? "yes" : "",
			param_rows[i].flags & PARAM_SECRET ? "yes" : "", param_rows[i].source);
	}
}
