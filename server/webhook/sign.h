/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of webhooks and what is signed with them. One secret makes three different keys, since verifiers in use
 * disagree about what of "whsec_…" is the key:
 *
 *   as given  all of the text: Stripe's way, `<Brand>-Signature: t=…,v1=…`
 *   stripped  the text after "whsec_": those of hosted calendars
 *   decoded   the octets that the base64 after "whsec_" is: Standard Webhooks
 */
#pragma once

#include "server/base/clock.h"

#define WEBHOOK_SECRET_PREFIX "whsec_"

enum webhook_key { KEY_AS_GIVEN, KEY_STRIPPED, KEY_DECODED };

/* "whsec_" and base64 of 32 random octets. */
struct str webhook_secret_new(struct arena *mem);
/* "whsec_" and base64 of 24 to 64 octets, as Standard Webhooks has it. */
bool webhook_secret_is_fine(struct arena *mem, struct str secret);
/* Of a hosted calendar: "whsec_" and 16 to 128 visible characters of ASCII, which need not be base64. */
bool webhook_secret_is_fine_hosted(struct str secret);

/* For tests: HMAC-SHA-256 of `content` under that key of the secret. In mem. */
struct bytes webhook_mac(struct arena *mem, enum webhook_key key, struct str secret, struct str content);

struct webhook_signed {
	struct str id;          /* whe_… */
	struct instant at;      /* of this try */
	struct str secret, old; /* old: absent, or the one that signs too for a while */
	struct str body;
	bool hosted; /* for the receiver of a hosted calendar */
};
/*
 * "t=1764000000,v1=<hex>": HMAC of "<t>.<body>" under the secret as given; a second v1 by the old secret. Of a hosted
 * calendar that is stripped, and those of the secret as given follow, so that verifiers of either habit accept it.
 */
struct str webhook_signature(struct arena *mem, const struct webhook_signed *what);
/* "v1,<base64>": HMAC of "<id>.<t>.<body>"; a second one after a blank. Standard Webhooks, "Signature scheme".
 * Absent where the secret is no base64: nobody could verify it. */
struct str webhook_signature_standard(struct arena *mem, const struct webhook_signed *what);
