/* SPDX-License-Identifier: Apache-2.0 */
/* How a client is registered to prove itself (RFC 7591 §2: token_endpoint_auth_method), and the keys that it has. */
#pragma once

#include "server/base/ctx.h"
#include "server/jose/jwk.h"

enum client_auth { /* as stored */
	CLIENT_AUTH_OPEN =
		0, /* nothing was said: a public one by its name, a confidential one by its secret, sent either way */
	CLIENT_AUTH_NONE = 1,
	CLIENT_AUTH_BASIC = 2,
	CLIENT_AUTH_POST = 3,
	CLIENT_AUTH_KEY = 4, /* private_key_jwt */
};

/* "client_secret_basic"; absent for CLIENT_AUTH_OPEN. */
struct str client_auth_name(int16_t auth);
/* All names, with blanks between. */
#define CLIENT_AUTH_NAMES "none client_secret_basic client_secret_post private_key_jwt"
bool client_auth_parse(struct str name, enum client_auth *out);

/* May a client that is registered like this use that method? */
bool client_auth_allows(int16_t registered, enum client_auth used);

/* What a client has to prove itself with. */
struct client_means {
	int16_t auth;    /* enum client_auth */
	struct str jwks; /* a JWK Set (RFC 7517 §5); absent: none */
	struct str uri;  /* where one is fetched from; absent: nowhere */
};

/*
 * Do they fit each other, and the kind of the client? Every key of the set must be one that we can use, and have a name
 * of its own where there are several.
 *
 * errors  INVALID_VALUE with "token_endpoint_auth_method", "jwks" or "jwks_uri"; URL_NOT_ALLOWED with "jwks_uri"
 * spec    RFC 7591 §2
 */
MUST_CHECK err_t client_means_check(struct ctx *cx, int16_t kind, const struct client_means *means);
