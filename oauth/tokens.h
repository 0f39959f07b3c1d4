/* SPDX-License-Identifier: Apache-2.0 */
/* What a grant gives: one access token and one refresh token of a family. */
#pragma once

#include "oauth/details.h"
#include "server/base/ctx.h"
#include "server/crypto/secret.h"

#define ACCESS_LIFETIME_S 3600
#define REFRESH_IDLE_S (30 * 86400)
#define TOKEN_SLOTS 4

/* X(0) X(1) …: tables of statements that are made for each leaf of the ring are written by it, so that none is wrong in
 * one row alone, which would be seen at one hour of four. */
#define TOKEN_LEAVES(X) X(0) X(1) X(2) X(3)

/* In which leaf an access token is kept: by the hour of its end. */
int16_t token_slot(const struct secret_parts *access);

/* Who signed in, where openid was granted: what an ID token says of them. */
struct token_user {
	bool signed_in; /* else nothing of it is set, and no ID token is due */
	struct instant auth_time;
	int16_t amr;      /* by what (server/auth/amr.h) */
	struct str nonce; /* of the request; absent after a refresh (OpenID Connect Core §12.2) */
	struct str email;
	bool email_confirmed;          /* its owner has shown that they read there, or the operator gave it */
	struct str name, tz, language; /* language: absent where they chose none */
	struct str picture;            /* its tag; absent where they have none */
};

/* What a token is bound to: who sends it proves that too. Each absent where it is not. */
struct token_bound {
	struct bytes jkt; /* thumbprint of a key (DPoP, RFC 9449 §6) */
	struct bytes x5t; /* of a certificate (RFC 8705 §3) */
};

struct token_pair {
	struct str access, refresh;           /* refresh: absent where there is none */
	uint64_t scopes;                      /* of the access token */
	struct id connected_account, account; /* account in its mode; no connected account: of an app for itself */
	struct instant access_until;          /* never beyond the connection's end */
	bool by_proof;                        /* a DPoP token (RFC 9449 §5) */
	struct granted_details details;
	struct token_user user;
	struct instant grant_until; /* of all that comes of the grant; zero: nothing is told of that */
};

/* Which family a new pair belongs to, and which use of it this is: 1 for the code's. */
struct token_lineage {
	struct id account, family;
	uint32_t generation;
	int32_t idle_s; /* how long its refresh token may stay unused; 0: REFRESH_IDLE_S */
};

/* A new access token before it is stored, and what is stored of it. */
struct access_draft {
	struct str text;
	struct bytes hash;
	struct instant until;
	int16_t slot; /* of the ring of four: hour of expiry mod 4 */
};
struct access_draft access_draft(struct ctx *cx, struct id account);

/* A new pair. */
struct token_draft {
	struct str access, refresh;
	struct bytes access_hash, refresh_hash;
	struct instant access_until, refresh_until; /* the refresh token's, when it stays unused */
	int16_t slot;
};
struct token_draft token_draft(struct ctx *cx, const struct token_lineage *lineage);

struct client;
/* The end of all that comes of a grant that begins now: INSTANT_FOREVER where the client has none. */
struct instant token_grant_end(const struct ctx *cx, const struct client *client);

/* The end of an access token under a connection that ends then. */
struct instant token_until(struct instant access_until, struct instant connection_until);

/*
 * The generation of a refresh token, where its tag proves that it was issued here; else one later than any, so that who
 * makes up an old token ends nothing.
 */
int32_t token_generation(struct ctx *cx, const struct secret_parts *parts, struct str token);
