/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a passkey answers (Web Authentication Level 3): to a registration (§7.1) and to a sign-in (§7.2). Judged here is
 * all that the answer says; whose passkey it is and whether the challenge was used before is the caller's. Attestation
 * is not asked for, and not believed.
 */
#pragma once

#include "server/base/ctx.h"

#define WEBAUTHN_CHALLENGE_SIZE 32
#define WEBAUTHN_CLIENT_DATA_MAX ((size_t)4 * 1024)
#define WEBAUTHN_CREDENTIAL_ID_MAX 1023 /* octets (§7.1 step 25) */
#define WEBAUTHN_KEY_MAX 1200           /* octets: an RSA key of 8192 bits */

/* Numbers of COSE (RFC 9053): what keys may be for, in the order in which they are asked for. */
#define WEBAUTHN_ALGORITHMS "-7 -8 -257" /* ES256, EdDSA, RS256 */

/* What was asked for. */
struct webauthn_asked {
	struct bytes challenge;
	struct str origin; /* of our pages: scheme, host and port */
	struct str rp_id;  /* its host */
	bool verified;     /* the device must have asked for a PIN, a finger or a face */
};

struct webauthn_flags {
	uint32_t counter; /* of signatures; 0: it has none */
	bool verified;    /* by a PIN, a finger or a face */
	bool shared;      /* may be on several devices (backup eligible) */
};

struct webauthn_key {
	struct bytes credential_id, key; /* key: COSE_Key as it came (RFC 9052 §7) */
	struct webauthn_flags flags;
};

/* NULL, or what is wrong with the answer, for people. */
const char *webauthn_register(struct ctx *cx, const struct webauthn_asked *asked, struct bytes client_data,
	struct bytes attestation, struct webauthn_key *out);

struct webauthn_answer {
	struct bytes client_data, authenticator_data, signature;
};
const char *webauthn_assert(struct ctx *cx, const struct webauthn_asked *asked, struct bytes key,
	const struct webauthn_answer *answer, struct webauthn_flags *out);
