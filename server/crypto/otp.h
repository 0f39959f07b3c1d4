/* SPDX-License-Identifier: Apache-2.0 */
/* One-time passwords: of a counter (RFC 4226) and of the time (RFC 6238), with HMAC-SHA-1 and six digits, as all apps
 * have them. */
#pragma once

#include "server/base/clock.h"
#include "server/base/str.h"

#define OTP_DIGITS 6
#define OTP_KEY_SIZE 20 /* octets: RFC 4226 §4 R6 recommends 160 bits */
#define TOTP_STEP_S 30  /* RFC 6238 §4.1 */

/* The code of this counter, as a number below 10^OTP_DIGITS (RFC 4226 §5.3). For tests: vectors are of it. */
uint32_t hotp(struct bytes key, uint64_t counter);

/* The step of time that this instant is in (RFC 6238 §4.2). */
int64_t totp_step(struct instant at);

/*
 * The step that this code is of: `now` or one step before or after it (RFC 6238 §5.2, §6), and later than `after`, so
 * that no code is taken twice. All of them are computed, whichever fits. Blanks between digits mean nothing.
 *
 * returns  the step; 0 for a code that is wrong, or was used
 */
int64_t totp_step_of(struct bytes key, struct str code, int64_t now, int64_t after);

/* As apps take keys: base32 (RFC 4648 §6) in capitals, without padding. */
struct str base32_of(struct arena *mem, struct bytes data);
