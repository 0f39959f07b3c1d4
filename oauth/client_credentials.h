/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_credentials: a token that an app gets for itself (OAuth 2.1 §4.2, docs/adr/0030). It acts on the account that
 * the app belongs to, in the app's mode, as a restricted key of that account does; never on a user's.
 */
#pragma once

#include "oauth/client.h"
#include "oauth/tokens.h"

struct machine_claim {
	const struct client *client; /* authenticated */
	struct token_bound bound;    /* what the request proved, and the tokens are bound to */
	uint64_t scopes;             /* 0: all that the app may do for itself */
	int16_t audience;            /* 0: the whole server */
};

/*
 * out     set on success only; refresh is absent and connected_account zero: who can prove itself asks again
 * errors  UNAUTHORIZED_CLIENT  a public client; INVALID_SCOPE  more than its owner allows it for itself
 * spec    OAuth 2.1 §4.2
 */
MUST_CHECK err_t token_of_machine(struct ctx *cx, const struct machine_claim *claim, struct token_pair *out);
