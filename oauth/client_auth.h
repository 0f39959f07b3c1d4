/* SPDX-License-Identifier: Apache-2.0 */
/* How a client is registered to prove itself (RFC 7591 §2: token_endpoint_auth_method), and the keys that it has. */
#pragma once

#include "server/base/ctx.h"
#include "server/crypto/certificate.h"
#include "server/jose/jwk.h"

enum client_auth {
	CLIENT_AUTH_OPEN, /* nothing was said: a public one by its name, a confidential one by its secret, sent either
			     way */
#define CLIENT_AUTH(name, stored, text) CLIENT_AUTH_##name = (stored),
#include "oauth/client_auth.def"
#undef CLIENT_AUTH
};

/* "client_secret_basic"; absent for CLIENT_AUTH_OPEN. */
struct str client_auth_name(int16_t auth);
/* All names, with blanks between. */
#define CLIENT_AUTH_NAMES (client_auth_names + 1)
extern const char client_auth_names[]; /* a blank before each */
bool client_auth_parse(struct str name, enum client_auth *out);

/* May a client that is registered like this use that method? */
bool client_auth_allows(int16_t registered, enum client_auth used);

/* The fields by which a certificate is known (RFC 8705 §2.1.2), "tls_client_auth_subject_dn" … */
struct client_tls_field {
	const char *name;
	enum certificate_name kind;
};
extern const struct client_tls_field client_tls_fields[];
extern const size_t client_tls_field_count;

/* What a client has to prove itself with. */
struct client_means {
	int16_t auth;          /* enum client_auth */
	struct str jwks;       /* a JWK Set (RFC 7517 §5); absent: none */
	struct str uri;        /* where one is fetched from; absent: nowhere */
	int16_t tls_name_kind; /* enum certificate_name: by what its certificate is known; 0: by nothing */
	struct str tls_name;
};

/*
 * Do they fit each other, and the kind of the client? Every key of the set must be one that we can use, and have a name
 * of its own where there are several.
 *
 * errors  INVALID_VALUE with "token_endpoint_auth_method", "jwks", "jwks_uri" or the name's field; URL_NOT_ALLOWED with
 * "jwks_uri" spec    RFC 7591 §2
 */
MUST_CHECK err_t client_means_check(struct ctx *cx, int16_t kind, const struct client_means *means);
