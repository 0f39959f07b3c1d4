/* SPDX-License-Identifier: Apache-2.0 */
/* Some weeks of sample events of every kind, so that a first call has something to show. */
#pragma once

#include "server/base/ctx.h"

/*
 * Fill the account's default calendar, around now, in one transaction of its own (not within another). Done twice, the
 * samples are written anew.
 */
MUST_CHECK err_t sample_put(struct ctx *cx, struct id account);

/* What test mode begins with. What fails is logged, and test mode is then empty: an account is not refused for it. */
void sample_put_in_test_mode(struct ctx *cx, struct id account);
