/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/base/ctx.h"

/* A few events around today in the account's default calendar, so that answers are not empty. */
MUST_CHECK err_t demo_events_put(struct ctx *cx, struct id account);
