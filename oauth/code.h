/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "oauth/client.h"
#include "oauth/tokens.h"

#define CODE_LIFETIME_S 60

struct code_claim {
	const struct client *client; /* authenticated */
	struct str code, verifier;   /* as received; absent if not sent */
	struct str redirect_uri;     /* absent if not sent: then it is not compared (OAuth 2.1 §4.1.3) */
};

/*
 * Redeem an authorization code for a pair of tokens, in one round trip.
 *
 * A code works once, for the client it was issued to, until it expires. A second, otherwise valid use ends the token
 * family: one of the two callers is a thief. An invalid use changes nothing, so that a stolen code alone ends nothing,
 * and the rightful client can still use it.
 *
 * out     set on success only; its text lives in cx->mem
 * errors  INVALID_GRANT        unknown, expired, another client's, wrong verifier or redirect URI, used
 *         ACCOUNT_DEACTIVATED  otherwise right
 * spec    OAuth 2.1 §4.1.3, §7.5.2; RFC 7636 §4.6
 */
MUST_CHECK err_t code_redeem(struct ctx *cx, const struct code_claim *claim, struct token_pair *out);
