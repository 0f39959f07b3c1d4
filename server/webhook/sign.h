/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of webhooks and what is signed with them. One secret makes three different keys, since verifiers in use
 * disagree about what of "whsec_…" is the key:
 *
 *   as given  all of the text: Stripe's way, `<Brand>-Signature: t=…,v1=…`
 *   stripped  the text behind "whsec_"
 *   decoded   the octets that the base64 behind "whsec_" is: Standard Webhooks
 */
#pragma once

#include "server/base/clock.h"

#define WEBHOOK_SECRET_PREFIX "whsec_"

enum webhook_key { KEY_AS_GIVEN, KEY_STRIPPED, KEY_DECODED };

/* "whsec_" and base64 of 32 random octets. */
struct str webhook_secret_new(struct arena *mem);
/* "whsec_" and base64 of 24 to 64 octets, as Standard Webhooks has it. */
bool webhook_secret_is_fine(struct arena *mem, struct str secret);

/* HMAC-SHA-256 of `content` under that key of the secret, which is fine. In mem. */
struct bytes webhook_mac(struct arena *mem, enum webhook_key key, struct str secret, struct str content);

struct webhook_signed {
	struct str id;          /* whe_… */
	struct instant at;      /* of this try */
	struct str secret, old; /* old: absent, or the one that signs too for a while */
	struct str body;
};
/* "t=1764000000,v1=<hex>": HMAC of "<t>.<body>"; a second v1 by the old secret. */
struct str webhook_signature(struct arena *mem, const struct webhook_signed *what);
/* "v1,<base64>": HMAC of "<id>.<t>.<body>"; a second one behind a blank. Standard Webhooks, "Signature scheme". */
struct str webhook_signature_standard(struct arena *mem, const struct webhook_signed *what);
