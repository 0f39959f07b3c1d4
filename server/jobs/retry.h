/* SPDX-License-Identifier: Apache-2.0 */
/* When what another server did not take is sent again: deliveries of webhooks, mail. */
#pragma once

#include "server/base/clock.h"

#define RETRIES 24
#define RETRY_GIVEN_UP_S (INT64_C(72) * 3600) /* after its event */

struct retry {
	unsigned number; /* of the try that failed: 1 is the first */
	struct instant created_at, now;
	int64_t wait_s;  /* what the receiver asked for (Retry-After); 0: nothing */
	uint32_t random; /* spreads by up to a fifth, both ways */
};

/*
 * 5 s, 30 s, 2 min, 5 min, 10 min, 20 min, 40 min, 1 h, 2 h, then every 4 h; not before the receiver said, of which a
 * day counts at most. INSTANT_NONE: that was the last one.
 */
struct instant retry_next(const struct retry *failed);

/* Retry-After (RFC 9110 §10.2.3), seconds or a date, as seconds from now; 0 for anything else. */
int64_t retry_after_s(struct str value, struct instant now);
