/* SPDX-License-Identifier: Apache-2.0 */
/* What a test may take is work, and not time: others work beside it. */
#pragma once

#include <time.h>

/* Milliseconds for which this thread had a processor. */
static inline double spent_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
