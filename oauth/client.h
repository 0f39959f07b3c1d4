/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients: apps that ask users for access (OAuth 2.1 §2). A client belongs to an account; the last bit of `owner` is
 * the client's mode: a test client connects to the test twins of its users.
 */
#pragma once

#include "oauth/client_auth.h"
#include "oauth/client_policy.h"
#include "server/base/ctx.h"

enum client_kind { CLIENT_PUBLIC = 1, CLIENT_CONFIDENTIAL = 2 };
enum grant_type {
	GRANT_CODE = 1,
	GRANT_REFRESH = 2,
	GRANT_EXCHANGE = 16,
	GRANT_DEVICE = 32,
	GRANT_CLIENT = 64
}; /* a set, as stored */

#define CLIENT_REDIRECTS_MAX 20
#define CLIENTS_MAX 250 /* of one account, in each of its worlds, with those that were deleted in the last 90 days */
#define CLIENT_SECRETS_MAX 20 /* of one client, with those that ended in the last 90 days */

struct client {
	struct id id, owner; /* owner in the client's mode */
	int16_t kind;        /* enum client_kind */
	int16_t grants;      /* enum grant_type, a set */
	struct str name, owner_name;
	int16_t owner_status; /* enum account_status */
	bool verified;        /* the operator vouches for it: consent may be remembered */
	bool may_introspect;
	bool par_only;           /* its authorization requests are pushed, and come in no other way (RFC 9126 §6) */
	uint64_t scopes;         /* at most these can be asked */
	uint64_t machine_scopes; /* this and the next seven: client_policy_of() */
	struct str_list post_logout_redirects;
	bool cert_bound, keeps_refresh, signed_only;
	int16_t profile; /* enum client_profile */
	int32_t refresh_idle_s, refresh_absolute_s;
	struct str_list redirects;
	struct str api_version; /* in which its tokens call (server/base/api_version.h) */
	int16_t auth_method;    /* enum client_auth; with jwks and jwks_uri: client_means_of() */
	struct str jwks, jwks_uri, tls_name;
	int16_t tls_name_kind;
	struct instant created_at;
	struct id secret;     /* of client_prove() alone: which one was sent */
	int16_t registration; /* enum client_registration (registration.h): who says that it is all this */
	struct str url;       /* of REGISTERED_BY_DOCUMENT: what it is called */
	struct str called;    /* of endpoint_client() alone: the client_id that it sent, if it sent one */
};

struct client_means client_means_of(const struct client *client);
/* What is meant where an app asks for no scope: all of its own, but those of IDENTITY, unless it has no others. */
uint64_t client_default_scopes(const struct client *client);

struct client_new {
	struct id owner; /* in the client's mode */
	enum client_kind kind;
	struct str name; /* 1 to 100 characters; no control, bidi or invisible ones */
	struct str_list redirects;
	uint64_t scopes; /* 0: all that can be asked */
	int16_t grants;  /* 0: authorization_code and refresh_token */
	bool may_introspect, par_only;
	struct client_means means;
	struct client_policy policy;
};

/*
 * Register a client. A confidential one gets a secret (cls_…), which is told once, but with private_key_jwt; a public
 * one has none.
 *
 * secret_out  absent where there is none
 * errors      INVALID_VALUE with the parameter ("name", "redirect_uri") and what is wrong with it; FORBIDDEN past
 * CLIENTS_MAX spec        OAuth 2.1 §2.3, §2.3.1, §8.4; redirect URIs as redirect.h says
 */
MUST_CHECK err_t client_create(struct ctx *cx, const struct client_new *in, struct client *out, struct str *secret_out);
/* Clients of one account in both modes, or of all (owner zero), oldest first. */
MUST_CHECK err_t client_list(struct ctx *cx, struct id owner, struct client **out, size_t *count_out);
MUST_CHECK err_t client_by_id(struct ctx *cx, struct id id, struct client *out); /* NOT_FOUND */
/* The old secrets die in the transaction that makes the new. INVALID_VALUE for a public client; NOT_FOUND. */
MUST_CHECK err_t client_rotate_secret(struct ctx *cx, struct id id, struct str *secret_out);
/* Its connections end with it. NOT_FOUND: not of this owner (in its mode; zero: of any), or deleted before. */
MUST_CHECK err_t client_delete(struct ctx *cx, struct id owner, struct id id);
MUST_CHECK err_t client_verify(struct ctx *cx, struct id id); /* NOT_FOUND */

/* The clients of an owner in its mode: the newest before `bound`, or with `back` those that come after it. */
MUST_CHECK err_t client_page(struct ctx *cx, struct id owner, struct id bound, bool back, size_t limit,
	struct client **out, size_t *count_out);
/* One of exactly this owner and mode. NOT_FOUND. */
MUST_CHECK err_t client_owned(struct ctx *cx, struct id owner, struct id id, struct client *out);

struct client_change {
	struct str name;           /* absent: as it is */
	uint64_t scopes;           /* 0: as they are. What users granted already stays theirs */
	int16_t grants;            /* 0: as they are */
	struct str_list redirects; /* items NULL: as they are */
	const bool *par_only;      /* NULL: as it is */
	bool has_means;            /* else as they are */
	struct client_means means;
	const struct client_policy *policy; /* NULL: as it is */
};
/* Of a client as client_owned() found it. It is verified no more when its name or its redirect URIs change. Errors as
 * of client_create(); NOT_FOUND. */
MUST_CHECK err_t client_change(struct ctx *cx, const struct client *present, const struct client_change *change);

/* ---- secrets ---- */

struct client_secret {
	struct id id; /* sec_… */
	struct str prefix;
	struct instant created_at, expires_at, revoked_at, last_used_at; /* INSTANT_NONE where not */
};

/* The newest first, with those that ended in the last 90 days. */
MUST_CHECK err_t client_secrets(struct ctx *cx, struct id client, const struct client_secret **out, size_t *count_out);
/*
 * One more beside the others, of a confidential client; told once.
 *
 * errors  INVALID_VALUE (a public client; "expires_at": past), FORBIDDEN past CLIENT_SECRETS_MAX, NOT_FOUND
 */
MUST_CHECK err_t client_secret_add(struct ctx *cx, const struct client *client, struct instant expires_at,
	struct client_secret *out, struct str *secret_out);
/* Dead at once. NOT_FOUND: no secret of this client. Revoking twice changes nothing. */
MUST_CHECK err_t client_secret_revoke(struct ctx *cx, struct id client, struct id secret);

/*
 * Is this the client it says it is? One statement for the right secret, the wrong one and an unknown client. By a key:
 * assertion.h.
 *
 * secret  absent or empty: none was sent, which is right for a public client and for no other
 * used    how it came; a client is held to what it was registered for
 * out     id, owner, kind, grants, name, verified, may_introspect, scopes, secret and what tokens are like alone
 * errors  INVALID_CLIENT, also when the account that it belongs to is deactivated
 * spec    OAuth 2.1 §2.4
 */
MUST_CHECK err_t client_prove(
	struct ctx *cx, struct str client_id, struct str secret, enum client_auth used, struct client *out);
