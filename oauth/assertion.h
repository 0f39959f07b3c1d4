/* SPDX-License-Identifier: Apache-2.0 */
/* A client that proves itself by a JWT that its key signed (private_key_jwt: RFC 7523 §2.2, §3). */
#pragma once

#include "oauth/client.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define ASSERTION_LIFETIME_S 3600 /* `exp` lies at most so far ahead */
#define ASSERTION_JTI_MAX 256     /* octets */

struct assertion {
	struct str text;
	struct str client_id; /* sent beside it; absent: not sent */
	struct str issuer;    /* ours: the only audience that it may have */
};

/*
 * Is this the client it says it is? `iss` and `sub` are its id, `aud` is the issuer alone and a text (RFC 7523bis: who
 * gets an assertion for another endpoint or server cannot use it here), `exp` is ahead, `iat` and `nbf` are not, `jti`
 * is there and comes once, whichever instance it comes to. The key pins the algorithm.
 *
 * out     as client_prove() sets it
 * errors  INVALID_CLIENT with what is wrong; the same for an unknown client and for a wrong signature. UNAVAILABLE: its
 *         keys cannot be fetched
 */
MUST_CHECK err_t assertion_prove(struct ctx *cx, const struct assertion *sent, struct client *out);
