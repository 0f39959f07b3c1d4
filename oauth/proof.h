/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of keys (RFC 9449) at the endpoints of clients, and that each comes once on all instances. */
#pragma once

#include "server/http/router.h"
#include "server/jose/dpop.h"
#include "server/jose/dpop_here.h"

/* OK for DPOP_FRESH; INVALID_DPOP_PROOF; USE_DPOP_NONCE, where nobody knows what came at the time of its nonce. `seen`
 * as dpop_here_take() or the SQL function dpop_once says. */
MUST_CHECK err_t proof_seen_check(struct ctx *cx, int16_t seen);

/*
 * The proof that the request comes with, from now on used up.
 *
 * jkt_out  the thumbprint of its key, 32 octets; absent where there is no proof
 * errors   as dpop_check() has them; INVALID_DPOP_PROOF: it came before
 * spec     RFC 9449 §5
 */
MUST_CHECK err_t proof_take(struct request *rq, struct bytes *jkt_out);
