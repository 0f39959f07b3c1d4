/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs that came to this process (RFC 9449 §11.1), in its memory: those whose nonce was made for it alone, so that no
 * other instance, and none that is started after it, takes them (docs/adr/0050). All thread-safe.
 */
#pragma once

#include "server/base/clock.h"
#include "server/base/str.h"

#define DPOP_MAKER_SIZE 6
#define DPOP_ONCE_SIZE 16
#define DPOP_HERE_MAX 131072 /* proofs of DPOP_HERE_SLOT_S seconds; more are the database's to remember */
#define DPOP_HERE_SLOT_S 150
#define DPOP_SHARED_S 600 /* so long nonces are for all instances, after one came that another made */

/* As the SQL function dpop_once has them. */
enum dpop_seen { DPOP_FRESH, DPOP_SEEN, DPOP_FORGOTTEN };

/* Names this process among all that ever were: random octets. */
const uint8_t *dpop_maker(void);

/*
 * A proof with a nonce of this time, milliseconds since 1970, that was made for this process alone, is used up.
 * DPOP_FORGOTTEN: there is no room for it, or it is too old to be known; nonces are for all instances then, for a
 * while.
 */
enum dpop_seen dpop_here_take(struct bytes once, int64_t nonce_ms);

/* A nonce came that another instance made, at this time: there are others, or were a moment ago. */
void dpop_here_others(int64_t now_ms);
/* Are nonces to be for this process alone? */
bool dpop_here_alone(int64_t now_ms);
