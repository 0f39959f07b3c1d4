/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request's computing with calendar data is bounded. Each walk through a recurrence is, by itself; but a filter has
 * many of them for each object, and a calendar many objects, so what they take together is counted, too: as the
 * thread's CPU time, so that a slow reader of the answer does not use it up. It begins with the first check.
 *
 * Checked before each object and each walk: TOO_COSTLY.
 */
#pragma once

#include "server/base/ctx.h"

#define BUDGET_US UINT64_C(5000000)

MUST_CHECK err_t budget_check(struct ctx *cx);
