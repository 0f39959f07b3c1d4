/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM for what must be recoverable: 12 octets nonce, ciphertext, 16 octets tag. */
#pragma once

#include "server/base/str.h"

#define SEAL_KEY_SIZE 32

/* `context` is authenticated but not stored: what the sealed text belongs to. key: 32 octets. */
struct bytes seal(struct arena *mem, struct bytes key, struct str context, struct bytes plain);
/* False when altered, truncated, of another key or context. */
bool unseal(struct arena *mem, struct bytes key, struct str context, struct bytes sealed, struct bytes *out);
