/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES256 (RFC 7518 §3.4): tokens that somebody else can verify. The keys are not stored: each is derived from the
 * server's secret key and from the quarter of a year that it signs in, so that all instances have the same ones and
 * they change by themselves. Those of the quarter before and of the next are published too: nobody's copy of the set is
 * too old.
 */
#pragma once

#include "server/base/clock.h"
#include "server/crypto/keyring.h"

/* A JWT (RFC 7519) of these claims, a JSON object; typ: of its header. */
struct str jwt_sign(struct ctx *cx, const char *typ, struct str claims);
/* Signed by us, and of that typ: its claims. False: anything else. Times are the caller's to judge. */
bool jwt_verify(struct ctx *cx, const char *typ, struct str token, struct str *claims_out);
/* The public keys as a JWK Set (RFC 7517 §5). */
struct str jwks_text(struct ctx *cx);
