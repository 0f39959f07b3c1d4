/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: argon2id (19 MiB, 2 passes, 1 lane), about 0.1 s each, so at most two at once and a bounded queue. */
#pragma once

#include "server/base/ctx.h"

#define PASSWORD_MIN 8
#define PASSWORD_MAX 200

/*
 * The encoded hash ($argon2id$…) of the password as RFC 8265 prepares it (opaque_string.h), so that it opens the
 * account from every keyboard. INVALID_VALUE when it has control characters, is too short or too long; UNAVAILABLE when
 * the queue is full.
 */
MUST_CHECK err_t password_hash(struct ctx *cx, struct str password, struct str *out);

/*
 * Does it match? As prepared, or octet by octet: hashes may be older than the preparation. An absent `encoded` costs
 * the same and is false: unknown users cannot be told by time.
 */
MUST_CHECK err_t password_verify(struct ctx *cx, struct str password, struct str encoded, bool *out);
