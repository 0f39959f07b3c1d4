/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/routes.h"

#include "oauth/authorize.h"
#include "oauth/device.h"
#include "oauth/error.h"
#include "oauth/introspect.h"
#include "oauth/metadata.h"
#include "oauth/par.h"
#include "oauth/register.h"
#include "oauth/revoke.h"
#include "oauth/token.h"
#include "oauth/userinfo.h"
#include "server/auth/scope.h"

#define SECRETS (CORS_KEYS | SENSITIVE_BODY)
#define PAGE (FOR_PEOPLE | SENSITIVE_BODY)

/* clang-format off */
static const struct route oauth_routes[] = {
	/* method      path                who               scope  body          at most  handler             source                  flags */
	{ METHOD_GET,  "/oauth/authorize", OPTIONAL_SESSION, 0,     BODY_IGNORED, 0,       authorize_get,      "OAuth 2.1 §3.1, §4.1.1", PAGE },
	{ METHOD_POST, "/oauth/authorize", ANYONE,           0,     BODY_ANY,     KIB(32), authorize_post,     "OAuth 2.1 §3.1",         PAGE },
	{ METHOD_GET,  "/oauth/continue",  OPTIONAL_SESSION, 0,     BODY_IGNORED, 0,       authorize_continue, "page",                   PAGE },
	{ METHOD_POST, "/oauth/par",       ANYONE,           0,     BODY_FORM,    KIB(32), par_post,           "RFC 9126 §2",            SECRETS },
	{ METHOD_POST, "/oauth/device",    ANYONE,           0,     BODY_FORM,    KIB(16), device_post,        "RFC 8628 §3.1",          SECRETS },
	{ METHOD_POST, "/oauth/register",  ANYONE,           0,     BODY_JSON,    KIB(16), register_post,      "RFC 7591 §3.1",          CORS_ANY | SENSITIVE_BODY },
	{ METHOD_GET,  "/oauth/register/:client", ANYONE,    0,     BODY_IGNORED, 0,       registration_get,   "RFC 7592 §2.1",          SENSITIVE_BODY },
	{ METHOD_PUT,  "/oauth/register/:client", ANYONE,    0,     BODY_JSON,    KIB(16), registration_put,   "RFC 7592 §2.2",          SENSITIVE_BODY },
	{ METHOD_DELETE, "/oauth/register/:client", ANYONE,  0,     BODY_IGNORED, 0,       registration_delete, "RFC 7592 §2.3",         SENSITIVE_BODY },
	{ METHOD_POST, "/oauth/token",     ANYONE,           0,     BODY_FORM,    KIB(16), token_post,         "OAuth 2.1 §3.2",         SECRETS },
	{ METHOD_POST, "/oauth/revoke",    ANYONE,           0,     BODY_FORM,    KIB(16), revoke_post,        "RFC 7009 §2",            SECRETS },
	{ METHOD_POST, "/oauth/introspect", ANYONE,          0,     BODY_FORM,    KIB(16), introspect_post,    "RFC 7662 §2",            SENSITIVE_BODY },
	{ METHOD_GET,  "/oauth/jwks",      ANYONE,           0,     BODY_IGNORED, 0,       metadata_jwks,      "RFC 7517 §5",            CORS_ANY },
};

/* One document by both names: OpenID's (Discovery §4), where libraries ask first, and OAuth's. */
static const struct route wellknown_routes[] = {
	{ METHOD_GET, "/.well-known/openid-configuration",           ANYONE, 0, BODY_IGNORED, 0, metadata_server,   "Discovery §4",  CORS_ANY },
	{ METHOD_GET, "/.well-known/oauth-authorization-server",     ANYONE, 0, BODY_IGNORED, 0, metadata_server,   "RFC 8414 §3",   CORS_ANY },
	{ METHOD_GET, "/.well-known/openid-configuration/*path",     ANYONE, 0, BODY_IGNORED, 0, metadata_server,   "RFC 8414 §3.1", CORS_ANY },
	{ METHOD_GET, "/.well-known/oauth-authorization-server/*path", ANYONE, 0, BODY_IGNORED, 0, metadata_server, "RFC 8414 §3.1", CORS_ANY },
	{ METHOD_GET, "/.well-known/oauth-protected-resource",       ANYONE, 0, BODY_IGNORED, 0, metadata_resource, "RFC 9728 §3",   CORS_ANY },
	{ METHOD_GET, "/.well-known/oauth-protected-resource/*path", ANYONE, 0, BODY_IGNORED, 0, metadata_resource, "RFC 9728 §3.1", CORS_ANY },
};
/* clang-format on */

/* clang-format off */
static const struct route userinfo_routes[] = {
	{ METHOD_GET,  "/oauth/userinfo", TOKEN, OPENID, BODY_IGNORED, 0, userinfo_answer, "OpenID Connect Core §5.3.1", SECRETS },
	{ METHOD_POST, "/oauth/userinfo", TOKEN, OPENID, BODY_IGNORED, 0, userinfo_answer, "OpenID Connect Core §5.3.1", SECRETS },
};
/* clang-format on */

/* Apart from the others, since it takes tokens: what is wrong is told in their way (RFC 6750 §3). */
const struct module oauth_userinfo_module = {
	.name = "oauth userinfo",
	.prefix = "/oauth/userinfo",
	.routes = userinfo_routes,
	.route_count = ARRAY_LEN(userinfo_routes),
	.rate_limited = true,
	.show_error = userinfo_show_error,
	.show_refusal = oauth_show_refusal,
};

const struct module oauth_module = {
	.name = "oauth",
	.prefix = "/oauth/",
	.routes = oauth_routes,
	.route_count = ARRAY_LEN(oauth_routes),
	.show_error = oauth_show_error,
	.show_refusal = oauth_show_refusal,
};

const struct module oauth_wellknown_module = {
	.name = "oauth well-known",
	.prefix = "/.well-known/",
	.routes = wellknown_routes,
	.route_count = ARRAY_LEN(wellknown_routes),
	.show_error = oauth_show_error,
	.show_refusal = oauth_show_refusal,
};
