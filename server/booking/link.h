/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link of a confirmation: whoever has it may see, move and cancel this one booking, and nothing else. Its token is
 * a MAC over account and booking with a key of this purpose: nothing of it is stored, so that no copy of the database
 * opens one.
 */
#pragma once

#include "server/base/ctx.h"

struct str booking_link_token(struct ctx *cx, struct id account, struct id booking);
/* "https://…/booking/cbk_…", and with "/cancel" after it. */
struct str booking_link(struct ctx *cx, struct id account, struct id booking);

/* Whose booking it is the token of. NOT_FOUND: of none. */
MUST_CHECK err_t booking_link_open(struct ctx *cx, struct str token, struct id *account_out, struct id *booking_out);
