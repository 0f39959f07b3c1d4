/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs that whoever sends a request holds a key (RFC 9449): what each of them must be, and the nonces that say when
 * it was made. Nothing is stored here; that a proof comes once only is its caller's to see (oauth/proof.h).
 */
#pragma once

#include "server/jose/jws.h"

/* With RS256 a signature could be one of another protocol's; RFC 9449 §11.6 has it the server's choice. */
#define DPOP_ALGS (JWS_ALG(JWS_ES256) | JWS_ALG(JWS_EDDSA) | JWS_ALG(JWS_PS256))

#define DPOP_ALG_NAMES "ES256 EdDSA Ed25519 PS256"

#define DPOP_NONCE_S 300 /* as long a proof with it is taken */
#define DPOP_JTI_MAX 256 /* octets */

/*
 * A nonce (RFC 9449 §8): the time, who made it, and a MAC that each instance can make, so that a proof made with it is
 * a recent one whatever the clock of its maker says. As long as no other instance is met it is for this one alone,
 * which then remembers by itself what came (dpop_here.h). `now` is when it is sent, not when the request began: what
 * the database knows of proofs may begin in between.
 */
struct str dpop_nonce(struct ctx *cx, struct instant now);

struct dpop_use {
	struct str proof;   /* the DPoP header; absent if none was sent. Two of them, joined by a comma, are none */
	const char *method; /* of the request */
	struct str url;     /* of the request, without query and fragment */
	struct str token;   /* the access token that it comes with; absent at the token endpoint */
	bool everywhere;    /* that it came is remembered in the database, whatever its nonce says */
};

struct dpop {
	struct bytes jkt;  /* thumbprint of the key, 32 octets */
	struct bytes once; /* names the proof among those of all keys, 16 octets */
	int64_t nonce_ms;  /* when its nonce was made, milliseconds since 1970 */
	bool here;         /* whether it came before is dpop_here_take()'s to say, else the database's */
};

/*
 * Judge a proof by RFC 9449 §4.3; whether its key is the token's (and §4.3's check that it comes once) is left to the
 * caller. What comes without a nonce of ours is refused, so the time is ours: `iat` must be there, and may be wrong.
 *
 * errors  INVALID_DPOP_PROOF  with what is wrong with it
 *         USE_DPOP_NONCE      all else would do, but for a nonce of the last DPOP_NONCE_S seconds that is good here:
 * the answer has one
 */
MUST_CHECK err_t dpop_check(struct ctx *cx, const struct dpop_use *use, struct dpop *out);

/* For tests: do both name one resource (RFC 9449 §4.3: RFC 3986 §6.2.2 and §6.2.3)? Query and fragment do not count. */
bool dpop_same_url(struct arena *mem, struct str a, struct str b);
