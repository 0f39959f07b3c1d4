/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody can see any more goes: ended sessions, windows of throttles, keys revoked longer ago than lists show. */
#pragma once

#include "server/base/ctx.h"

MUST_CHECK err_t account_housekeeping(struct ctx *cx, void *unused); /* a job, about every hour, on any instance */
