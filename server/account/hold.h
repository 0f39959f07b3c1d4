/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row that is read, checked and then changed by more than one statement: held against all others until the
 * transaction ends (FOR NO KEY UPDATE), so that what was checked is what is changed.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/base/id.h"

enum held { HELD_ACCOUNT, HELD_KEY, HELD_CLIENT, HELD_CONNECTED_ACCOUNT, HELD_WEBHOOK_ENDPOINT };

/* In the transaction that has begun. `account`: whose it is, in its mode; `id`: absent of an account. NOT_FOUND. */
MUST_CHECK err_t row_hold(struct ctx *cx, enum held what, struct id account, struct id id);
