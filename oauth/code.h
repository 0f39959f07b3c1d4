/* SPDX-License-Identifier: Apache-2.0 */
/* Authorization codes (OAuth 2.1 §4.1). A code's account and family are inside it, under its hash. */
#pragma once

#include "oauth/client.h"
#include "oauth/tokens.h"

#define CODE_LIFETIME_S 60

/* A new code before it is stored, with the family that its redemption begins. */
struct code_draft {
	struct str code;
	struct bytes hash;
	struct id family;
	struct instant expires_at;
};
struct code_draft code_draft(struct ctx *cx, struct id account);

struct code_claim {
	const struct client *client; /* authenticated */
	struct str code, verifier;   /* as received; absent if not sent */
	int16_t audience;            /* of the access token, within the grant's; 0: the grant's (RFC 8707 §2.2) */
	struct token_bound bound;    /* what the request proved, and the tokens are bound to */
	struct str redirect_uri;     /* absent if not sent: then it is not compared (OAuth 2.1 §10.2) */
};

/*
 * Redeem an authorization code for a pair of tokens, in one round trip.
 *
 * A code works once, for the client it was issued to, until it expires. A second, otherwise valid use ends the token
 * family: one of the two callers is a thief. An invalid use changes nothing, so that a stolen code alone ends nothing,
 * and the rightful client can still use it.
 *
 * out     set on success only; its text lives in cx->mem
 * errors  MISSING_FIELD        no code
 *         INVALID_GRANT        unknown, expired, another client's, wrong verifier or redirect URI, used
 *         INVALID_TARGET  an audience that was not granted; the code can still be used
 *         ACCOUNT_DEACTIVATED  see family.h
 * spec    OAuth 2.1 §4.1.3, §7.5.2; RFC 7636 §4.6
 */
MUST_CHECK err_t code_redeem(struct ctx *cx, const struct code_claim *claim, struct token_pair *out);
/* The same for a device code that was allowed, whose account and family are known (device.h). INVALID_GRANT: what it
 * was allowed by has ended; INVALID_TARGET; ACCOUNT_DEACTIVATED. */
MUST_CHECK err_t code_redeem_device(
	struct ctx *cx, const struct code_claim *claim, struct id account, struct id family, struct token_pair *out);
