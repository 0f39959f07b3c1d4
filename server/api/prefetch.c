/* SPDX-License-Identifier: Apache-2.0 */
/* What a request will ask is told while its key is still to be checked (docs/adr/0011). */
#include "server/api/call.h"
#include "server/api/idempotency.h"
#include "server/auth/credential.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/http/header_alias.h"

/* On behalf of somebody else it is another account's that is read. */
static bool is_on_behalf(struct request *rq)
{
	struct str other;
	return header_or_alias(rq, CONNECTED_ACCOUNT, "Account", &other) || other.ptr;
}

void api_prefetch(struct request *rq, const struct credential *sent)
{
	struct secret_parts parts;
	const struct contract *contract = rq->route ? api_contract_of(rq) : NULL;
	if (!contract || sent->transport != VIA_BEARER || !secret_parse(rq->cx.mem, sent->secret, &parts) ||
		parts.kind > SECRET_PK_TEST || is_on_behalf(rq))
		return;
	struct bytes key = secret_hash(rq->cx.mem, sent->secret);
	if (contract->ahead)
		contract->ahead(rq, parts.account, key);
	else if (contract_writes(contract, rq->method))
		idempotency_ahead(rq, parts.account, key);
}
