/* SPDX-License-Identifier: Apache-2.0 */
/* What test mode begins with: a few weeks of events of every kind, so that a first call has something to show. */
#pragma once

#include "server/base/ctx.h"

/*
 * Fill the default calendar of the account's test twin, around now, in one transaction of its own (not within another).
 * Live data is never touched. What fails is logged, and test mode is then empty: an account is not refused for it.
 */
void demo_seed(struct ctx *cx, struct id account);
