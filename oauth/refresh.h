/* SPDX-License-Identifier: Apache-2.0 */
/* Refresh tokens: rotation, the retry that gets the same answer, and what a second use ends (docs/adr/0008). */
#pragma once

#include "oauth/client.h"
#include "oauth/tokens.h"

/* How long a retry with the token just rotated gets the same answer again; while the database is away is not counted.
 */
#define REPLAY_WINDOW_S 10

struct refresh_claim {
	const struct client *client; /* authenticated */
	struct str token;            /* as received; absent if not sent */
	struct token_bound bound;    /* what the request proved, and the tokens are bound to */
	uint64_t scopes;             /* of the access token; 0: all that was granted */
	int16_t audience;            /* of the access token, within the grant's; 0: the grant's (RFC 8707 §2.2) */
};

/*
 * Rotate a refresh token, in one round trip.
 *
 * Each use gives a new one. Within REPLAY_WINDOW_S the token just used gets the very same answer again, so that a lost
 * answer or two workers of one client do no harm: it is kept sealed under a key that only the old token gives, and no
 * second successor is ever made. It is for the same request: what asks for other scopes or resources, like what comes
 * later or after the successor was used, ends the whole family: it was stolen, or its successor was. A narrowed scope
 * is the access token's alone; the refresh token keeps what was granted.
 *
 * One that is bound to a key (of a public client that sent a proof, RFC 9449 §5) stays as it is, and is worth nothing
 * without that key.
 *
 * out     set on success only; its text lives in cx->mem
 * errors  MISSING_FIELD  no token
 *         INVALID_GRANT  unknown, expired, another client's (its family is left alone), ended, used before
 *         INVALID_SCOPE  more than was granted
 *         INVALID_TARGET  an audience that was not granted; the token can still be used
 *         ACCOUNT_DEACTIVATED  otherwise right; works again when the account does
 * spec    OAuth 2.1 §4.3, §4.3.3; RFC 9700 §4.14.2
 */
MUST_CHECK err_t token_refresh(struct ctx *cx, const struct refresh_claim *claim, struct token_pair *out);
