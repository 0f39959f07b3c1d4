/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page does by an operation of REST: the same route and contract, called by who is signed in as if with a key of
 * full access to one of their two worlds (server/http/subrequest.h).
 */
#pragma once

#include "server/http/subrequest.h"
#include "web/page.h"

struct own_call {
	const char *operation;     /* id of its contract: "updateEvent" */
	struct str id;             /* what stands for the one name in its path; absent: none */
	struct str query;          /* without '?'; absent: none */
	struct str body;           /* JSON; absent: none */
	struct str if_match, once; /* If-Match and Idempotency-Key; absent: not sent */
	bool test;
};

/*
 * The answer of the operation; what it refuses is the error. `param` and text are REST's. `id_out` (NULL: not wanted):
 * the id that the answer has, absent where it has none.
 */
MUST_CHECK err_t own_call(struct request *rq, const struct own_call *call, struct str *id_out);
