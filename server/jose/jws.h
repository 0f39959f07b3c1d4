/* SPDX-License-Identifier: Apache-2.0 */
/* Signed texts of others in compact form (RFC 7515 §7.1), and whether a key signed them. */
#pragma once

#include "server/jose/jwk.h"

#define JWS_MAX                                                                                                        \
	((size_t)12 * 1024) /* octets: a header with an RSA key of 8192 bits, its signature, and some claims           \
			     */

struct jws {
	enum jws_alg alg;
	struct str typ, kid;     /* absent where its header has none */
	const struct cJSON *jwk; /* the header's key; NULL where there is none. Whoever sent the text chose it */
	struct str payload;      /* decoded; any octets */
	struct str signed_text;  /* header and payload as they came */
	struct bytes signature;
};

/*
 * Its parts, nothing of them verified. NULL, or what is wrong, for people: not three parts in base64url in its only
 * spelling, a header that is no JSON object with each name once, an `alg` that is none of ours, `crit` (RFC 7515
 * §4.1.11: nothing of it is understood here) and `b64`, or a key that is to be fetched or believed (`jku`, `x5u`, `x5c`
 * and their like).
 */
const char *jws_read(struct ctx *cx, struct str text, struct jws *out);

/* Its payload as a JSON object (RFC 7519 §7.2); NULL: it is none. */
const struct cJSON *jws_claims(struct ctx *cx, const struct jws *jws);
/* A claim that is a text; absent where it is missing or something else. */
struct str jws_text(const struct cJSON *claims, const char *name);
/* A NumericDate (RFC 7519 §2) in whole seconds, rounded down. False: there is none. */
bool jws_date(const struct cJSON *claims, const char *name, int64_t *out);

/* A media type of the header: application/ may be left out (RFC 7515 §4.1.9), and case does not matter. */
bool jws_typ_is(const struct jws *jws, const char *type);

/* Did this key sign it, with an algorithm that is the key's? */
bool jws_verify(struct ctx *cx, const struct jws *jws, const struct jwk *key);
/* Did it sign this text? An ES256 signature is in DER here, as all but JOSE have it. */
bool jwk_signed(const struct jwk *key, enum jws_alg alg, struct bytes text, struct bytes signature);
/* Is this certificate (DER) of this key? */
bool jwk_is_certified(const struct jwk *key, struct bytes certificate);
/* Does it verify anything: a point on its curve, and of Ed25519 one that somebody can have alone? */
bool jwk_is_usable(const struct jwk *key);
