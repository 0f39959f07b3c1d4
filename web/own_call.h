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

/*
 * The same with what a page made itself, as if with a key of this kind: the one place where a session becomes a key.
 * It goes by the clock of its world. What the operation refuses is in the answer; an error is that it could not be
 * asked. rq->principal is the session's again afterwards.
 */
MUST_CHECK err_t own_subrequest(
	struct request *rq, const struct subrequest *sub, enum who kind, bool test, struct subanswer *out);
