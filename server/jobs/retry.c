/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jobs/retry.h"

#define WAIT_MOST_S INT64_C(86400)
#define SPREAD 5 /* a fifth */

static const int64_t waits_s[] = { 5, 30, 120, 300, 600, 1200, 2400, 3600, 7200, 14400 };

struct instant retry_next(const struct retry *failed)
{
	struct instant end = instant_add_s(failed->created_at, RETRY_GIVEN_UP_S);
	if (failed->number > RETRIES || !instant_before(failed->now, end))
		return INSTANT_NONE;
	size_t i = failed->number < ARRAY_LEN(waits_s) ? failed->number - 1 : ARRAY_LEN(waits_s) - 1;
	int64_t spread_ms = waits_s[i] * 1000 / SPREAD;
	int64_t more_ms = (int64_t)((uint64_t)spread_ms * 2 * failed->random / UINT32_MAX) - spread_ms;
	int64_t wait_us = waits_s[i] * US_PER_S + more_ms * 1000;
	int64_t asked_us = (failed->wait_s < WAIT_MOST_S ? failed->wait_s : WAIT_MOST_S) * US_PER_S;
	struct instant next = { failed->now.us + (wait_us > asked_us ? wait_us : asked_us) };
	return instant_before(next, end) ? next : end;
}

int64_t retry_after_s(struct str value, struct instant now)
{
	uint64_t seconds;
	struct instant at;
	if (str_to_u64(value, INT32_MAX, &seconds))
		return (int64_t)seconds;
	if (!value.ptr || !instant_from_http(value, now, &at) || !instant_before(now, at))
		return 0;
	return (at.us - now.us + US_PER_S - 1) / US_PER_S;
}
