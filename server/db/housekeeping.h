/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables need from time to time: rings emptied, partitions made ahead, rows forgotten that nobody can see. */
#pragma once

#include "server/base/ctx.h"

/*
 * A job, about every minute, on any instance; every step is safe beside others and when rounds were missed. A step
 * that fails (another instance is at it, a table is locked) is logged and does not stop the others: the first such
 * error is returned.
 *
 * cx->now  decides what is old
 */
MUST_CHECK err_t housekeeping(struct ctx *cx, void *unused);
