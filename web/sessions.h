/* SPDX-License-Identifier: Apache-2.0 */
/* Where an account is signed in, for the page of its security. */
#pragma once

#include "web/page.h"

/* Rows `sessions`, and the flag `other_sessions`. */
MUST_CHECK err_t sessions_values(struct request *rq, struct html_values *v);
