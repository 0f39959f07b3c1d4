/* SPDX-License-Identifier: Apache-2.0 */
/* Proof Key for Code Exchange, S256 alone (RFC 7636, OAuth 2.1 §4.1.1). */
#pragma once

#include "server/base/str.h"

/* The 32 octets that a code_challenge of method S256 stands for; absent when it cannot be one. */
struct bytes pkce_challenge_read(struct arena *mem, struct str challenge);

/* SHA-256 of a code_verifier; absent unless it is 43 to 128 unreserved characters (RFC 7636 §4.1), or
 * characters of base64. */
struct bytes pkce_challenge(struct arena *mem, struct str verifier);
