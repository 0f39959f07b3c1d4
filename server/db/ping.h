/* SPDX-License-Identifier: Apache-2.0 */
/* Does the database answer? */
#pragma once

#include "server/base/ctx.h"

/* A probe that hears nothing for longer than this has its answer, too. */
#define DB_PING_MS 2000

/* One round trip, under a deadline of DB_PING_MS that the request has from then on. UNAVAILABLE: it does not. */
MUST_CHECK err_t db_ping(struct ctx *cx);
