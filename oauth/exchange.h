/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token exchange (RFC 8693): an app trades an access token of its own for one that may less, to hand on to a part of it
 * that needs no more.
 */
#pragma once

#include "oauth/client.h"
#include "oauth/tokens.h"

#define ACCESS_TOKEN_TYPE "urn:ietf:params:oauth:token-type:access_token" /* RFC 8693 §3 */

struct exchange_claim {
	const struct client *client; /* authenticated */
	struct token_bound bound;    /* what the request proved, and the tokens are bound to */
	struct str subject;          /* as received; absent if not sent */
	uint64_t scopes;             /* 0: all that the subject token has */
	int16_t audience;            /* within the subject token's; 0: that */
};

/*
 * A token of the same grant, which ends when the subject token does, and with the grant. It has no refresh token.
 *
 * out     set on success only; refresh is absent
 * errors  UNAUTHORIZED_CLIENT  a public client
 *         MISSING_FIELD        no subject token
 *         INVALID_VALUE        it is none that works, is another app's, or is bound to another key than the proof's
 *         INVALID_SCOPE, INVALID_TARGET  more than it has
 * spec    RFC 8693 §2.1, §2.2
 */
MUST_CHECK err_t token_exchange(struct ctx *cx, const struct exchange_claim *claim, struct token_pair *out);
