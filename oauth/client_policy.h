/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner of a client decides for it beyond who it is and how it proves itself. All of it is stored together. */
#pragma once

#include "oauth/client_auth.h"

#define REFRESH_S_MIN 60
#define REFRESH_ABSOLUTE_MAX_S (10 * 366 * 86400)

struct client;

enum client_profile { CLIENT_ANY = 0, CLIENT_FAPI2 = 1 }; /* FAPI 2.0 security profile */
#define CLIENT_PROFILE_FAPI2 "fapi2"

struct client_policy {
	uint64_t
		machine_scopes; /* with a token for itself (client_credentials.h), on its owner's account; 0: nothing */
	struct str_list post_logout_redirects; /* where a browser may go after a sign-out (logout.h); none: nowhere */
	bool cert_bound;                       /* its tokens are bound to its certificate (RFC 8705 §3.4) */
	bool keeps_refresh;                    /* its refresh token stays as it is while access tokens are bound */
	int32_t refresh_idle_s;                /* how long one may stay unused; 0: REFRESH_IDLE_S */
	bool signed_only;           /* its authorization requests are signed, and come in no other way (RFC 9101) */
	int16_t profile;            /* enum client_profile */
	int32_t refresh_absolute_s; /* how long all that comes of one grant is good; 0: as long as that stands */
};

struct client_policy client_policy_of(const struct client *client);
/* The names of the fields of /v1/oauth_apps in which they differ, with blanks between; absent: in none. */
struct str client_policy_changes(struct arena *mem, const struct client_policy *a, const struct client_policy *b);

/* What it must fit. */
struct client_shape {
	int16_t kind, grants, auth;
	struct str_list redirects;
};

/*
 * Does it fit a client of this shape?
 *
 * errors  INVALID_VALUE with the field's name
 */
MUST_CHECK err_t client_policy_check(
	struct ctx *cx, const struct client_shape *shape, const struct client_policy *policy);

/* Of a client whose row this transaction has changed. What it was given for itself follows at once. */
MUST_CHECK err_t client_policy_store(struct ctx *cx, struct id client, const struct client_policy *policy);
/* What a client was given for itself is narrowed to what it may by now; with `ends` all of it ends. After the statement
 * that changed the client, in its transaction. */
MUST_CHECK err_t client_machine_settle(struct ctx *cx, struct id client, bool ends);
