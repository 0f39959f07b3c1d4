/* SPDX-License-Identifier: Apache-2.0 */
/* A rate for strangers where programs ask for credentials, beside the one of REST (access_count). */
#pragma once

#include "server/http/router.h"

/*
 * What strangers can make us do without proving anything is counted by `what` and their network (IPv6: /56), at the
 * rate of --rate-limit. RATE_LIMITED with its retry_after_s when it was too much; OK where no limit is set.
 */
MUST_CHECK err_t guess_limit_take(struct request *rq, struct str what);
