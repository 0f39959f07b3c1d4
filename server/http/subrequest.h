/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that the server makes to itself for the caller of another: what one surface offers over the operations of
 * another goes through the same route, with the same judgement of who may call, the same scopes and the same contract.
 * Only the credential is not looked at again, and the answer is kept instead of sent.
 */
#pragma once

#include "server/http/contract.h"
#include "server/http/route.h"

/* An operation of the API by the id of its contract ("listEvents"); of NULLs: there is none. */
struct operation {
	const struct route *route;
	const struct contract *contract;
};
struct operation operation_find(const struct app *app, struct str id);

/* The value that is sent for a name of the path. MISSING_FIELD and whatever makes it unfit. */
typedef err_t operation_value(void *owner, struct str name, struct str *out);
/* "/v1/events/evt_…", of the pattern of its route. INVALID_VALUE: a value is empty. */
MUST_CHECK err_t operation_path(
	struct ctx *cx, const struct operation *operation, operation_value *value, void *owner, struct buf *out);

struct subrequest {
	const struct operation *operation;
	struct str target;            /* path and query, in origin form */
	struct str body;              /* JSON, or what the contract takes instead; absent: none */
	struct str if_match;          /* absent: not sent */
	struct str idempotency_key;   /* absent: not sent */
	struct str connected_account; /* absent: that of the outer request */
	bool unrated;                 /* what the server asks for its own sake counts for no rate of the caller's */
	/* It counts in logs and usage as a call of its own, of this credential (struct app's `answered`), and whatever
	   it is refused for is its answer. Zero: it is part of the outer request. */
	struct id told_as;
};

struct subanswer {
	int status;
	struct str head; /* header lines that the operation set, each ended by CR LF; in rq->cx.mem */
	struct str body; /* the same; empty where there is none */
	struct str etag; /* absent where there is none */
	err_t error;     /* why it was refused: `body` is what the module says of it; OK: it was not */
};

/*
 * `rq` must have a principal. Routes with a contract alone, and none that stays open (STAYS_OPEN); what is streamed to
 * others is answered whole.
 *
 * errors  none of the operation's own, which are answered; KEY_KIND_NOT_ALLOWED and INSUFFICIENT_SCOPE, which are about
 *         the credential, and for the caller's own caller to hear (unless it is told_as somebody's)
 */
MUST_CHECK err_t subrequest_run(struct request *rq, const struct subrequest *sub, struct subanswer *out);
/* Those two alone: may it be made? */
MUST_CHECK err_t subrequest_allowed(struct request *rq, const struct subrequest *sub);
