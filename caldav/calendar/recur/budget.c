/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/budget.h"

#include <time.h>

static uint64_t thread_us(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

err_t budget_check(struct ctx *cx)
{
	uint64_t now = thread_us();
	if (!cx->budget_until_us)
		cx->budget_until_us = now + BUDGET_US;
	return now <= cx->budget_until_us
		       ? OK
		       : FAIL(cx, TOO_COSTLY, "calendar work took over %d s", (int)(BUDGET_US / 1000000));
}
