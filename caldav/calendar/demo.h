/* SPDX-License-Identifier: Apache-2.0 */
/* What test mode begins with: a few weeks of events of every kind, so that a first call has something to show. */
#pragma once

#include "server/base/ctx.h"

/*
 * Fill the default calendar of the account's test twin, around now. Live data is never touched. Call it with
 * account_create in one transaction (db_begin … db_commit), so that an account is whole or not there.
 */
MUST_CHECK err_t demo_seed(struct ctx *cx, struct id account);
