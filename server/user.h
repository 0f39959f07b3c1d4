/* SPDX-License-Identifier: Apache-2.0 */
/* The user that serves. What root can use at the start that user must be able to use later. */
#pragma once

#include "server/base/ctx.h"

/*
 * Of root, for good: `calends`, or `nobody` where there is no such user. Whoever else started the process stays who
 * they are.
 *
 * errors  INTERNAL: it cannot be changed to that user
 */
MUST_CHECK err_t user_become(struct ctx *cx);

/* The same for as long as something is looked at. False: it cannot be done, and nothing was changed. */
MUST_CHECK bool user_visit(void);
void user_return(void);
