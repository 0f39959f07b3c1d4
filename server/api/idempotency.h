/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a call that writes and carries one is done once. Its
 * work and the answer that is kept are one transaction, so that there is both or neither, whatever dies in between, and
 * over all servers of a database. See docs/adr/0020.
 */
#pragma once

#include "server/api/call.h"

struct idempotency {
	bool asked;    /* the call carries a key, and its transaction has begun */
	bool replayed; /* the answer of before is written: nothing is to be done */
	struct bytes key_hash, fingerprint;
};

/* Of a request that writes, whose key is to be checked yet: what was answered before goes with that (db_prefetch). */
void idempotency_ahead(struct request *rq, struct id account, struct bytes key);

/*
 * Before the work. Without a key it does nothing.
 *
 * errors  INVALID_VALUE (not 1 to 255 visible ASCII characters); IDEMPOTENCY_RUNNING (with Retry-After),
 * IDEMPOTENCY_IN_USE; KEY_ALREADY_SHOWN (done before, by a contract that TELLS_SECRET)
 */
MUST_CHECK err_t idempotency_begin(struct api_call *call, struct response *rs, struct idempotency *out);

/* After work that succeeded: keeps the answer and commits. Work that failed is rolled back, and may be tried again. */
MUST_CHECK err_t idempotency_end(struct api_call *call, struct response *rs, const struct idempotency *idempotency);
