/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/proof.h"

#include "server/db/query.h"
#include "sql.h"

struct seen {
	int16_t once;
};
DB_RESULT(dpop_once, struct seen, once);

err_t proof_seen_check(struct ctx *cx, int16_t seen)
{
	if (seen == DPOP_SEEN)
		return REFUSE(cx, INVALID_DPOP_PROOF, "DPoP",
			"The DPoP proof was used before: make one with another jti for each request.");
	return seen == DPOP_FORGOTTEN ? FAIL(cx, USE_DPOP_NONCE, "its nonce is older than what is known") : OK;
}

err_t proof_take(struct request *rq, struct bytes *jkt_out)
{
	struct ctx *cx = &rq->cx;
	const struct dpop_use use = { .proof = request_header_list(rq, "DPoP"),
		.method = method_name(rq->method),
		.url = request_public_url(rq),
		.everywhere = true }; /* whoever sends it has proven nothing yet */
	struct dpop proof;
	struct seen seen;
	*jkt_out = (struct bytes){ 0 };
	if (!use.proof.ptr)
		return OK;
	TRY(dpop_check(cx, &use, &proof));
	TRY(db_row(
		cx, &sql_dpop_once, ROW(dpop_once, &seen), IN(proof.once), IN(proof.nonce_ms), IN(cx->now.us / 1000)));
	TRY(proof_seen_check(cx, seen.once));
	*jkt_out = proof.jkt;
	return OK;
}
