/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public keys of a client: those that it is registered with, or those that its jwks_uri has. What was fetched is
 * kept in the database for all instances, for an hour; a key that is not there has it fetched again, once a minute at
 * most, by one of them. While nothing can be fetched, what was fetched within a day still counts.
 */
#pragma once

#include "oauth/client_auth.h"
#include "server/jose/jws.h"

struct client_keys {
	struct id client;
	struct str jwks, jwks_uri; /* as registered; both absent where it has none */
	struct str fetched;        /* what jwks_uri had; absent: never */
	struct instant fetched_at;
};

/*
 * Did one of the client's keys sign it? Where the signature names a key, that one.
 *
 * errors  UNAVAILABLE  its keys could not be fetched, and none are kept
 */
MUST_CHECK err_t client_keys_verify(struct ctx *cx, const struct client_keys *keys, const struct jws *jws, bool *out);
/* Is this certificate (DER) of one of the client's keys (RFC 8705 §2.2.2)? */
MUST_CHECK err_t client_keys_certify(
	struct ctx *cx, const struct client_keys *keys, struct bytes certificate, bool *out);
