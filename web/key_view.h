/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of API keys have in common. */
#pragma once

#include "server/account/key.h"
#include "server/data/html.h"
#include "server/http/router.h"

/* Values of one key: what it is called, what it may, when it was used, and what is to be done about it. */
void key_view_values(struct request *rq, struct html_values *v, const struct key *k);

/* free, plan, plans_url: on a plan without API access keys are made for nothing, which is said before, not by 402. */
MUST_CHECK err_t key_plan_values(struct request *rq, struct html_values *v, bool *free_out);

/* The key of :key in the path, of either mode. NOT_FOUND. */
MUST_CHECK err_t key_in_path(struct request *rq, struct key *out);
