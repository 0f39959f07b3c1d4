/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that sign what others verify: ID tokens, answers about tokens, voice sessions' tokens. They are rows, sealed
 * under the server's secret key, the same for all instances on a database. One is active and signs; the next is
 * published before it signs, so that nobody's copy of the set is too old; a retired one is published as long again as
 * it signed, so that what it signed can still be verified (docs/adr/0029).
 *
 * Each instance keeps them in memory, and reads them again when that is SIGNING_KEYS_READ_MS old.
 */
#pragma once

#include "server/base/ctx.h"

#define SIGNING_KEY_AGE_S (90 * 86400)
#define SIGNING_KEYS_READ_MS 30000

enum signing_key_state { SIGNING_NEXT = 1, SIGNING_ACTIVE, SIGNING_RETIRED };

/* A JWT (RFC 7519) of these claims, a JSON object, by the active key; typ: of its header. */
MUST_CHECK err_t jwt_sign(struct ctx *cx, const char *typ, struct str claims, struct str *out);
/*
 * Signed by us, and of that typ: its claims. Times are the caller's to validate.
 *
 * errors  NOT_FOUND  it is no such token; what the database could not tell
 */
MUST_CHECK err_t jwt_verify(struct ctx *cx, const char *typ, struct str token, struct str *claims_out);
/* The name of the key that signs now. Lives in cx->mem. */
MUST_CHECK err_t signing_keys_active(struct ctx *cx, struct str *kid_out);
/* All public keys as a JWK Set (RFC 7517 §5). */
MUST_CHECK err_t jwks_text(struct ctx *cx, struct str *out);

struct signing_key_row {
	struct str kid;
	int16_t state; /* enum signing_key_state */
	struct bytes sealed;
	struct instant created_at, active_at, retired_at; /* INSTANT_NONE where not yet */
};
MUST_CHECK err_t signing_keys_list(struct ctx *cx, struct signing_key_row **out, size_t *count_out);

/* A job, about every hour, on any instance: makes keys that are missing, and rotates when the active one is old enough.
 */
MUST_CHECK err_t signing_keys_keep(struct ctx *cx, void *unused);
/* Rotate now. Other instances sign with the old key for SIGNING_KEYS_READ_MS more. */
MUST_CHECK err_t signing_keys_rotate(struct ctx *cx);
/* Nothing that this key signed is ours any more. NOT_FOUND: no retired key of this name. */
MUST_CHECK err_t signing_key_withdraw(struct ctx *cx, struct str kid);
