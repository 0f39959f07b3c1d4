/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/show.h"
#include "server/api/api.h"

/* Whose mode the key has: a test key lists test keys. */
err_t api_key_list_get(struct request *rq, struct response *rs)
{
	struct principal who;
	const struct form *params;
	struct key *keys;
	size_t count;
	TRY(api_caller(rq, &who)); /* no connection is granted the owner's rights */
	TRY(api_params(rq, NULL, 0, &params));
	TRY(key_list(&rq->cx, who.account, &keys, &count));
	struct json j = api_list_begin(rs);
	for (size_t i = 0; i < count; i++)
		if (id_eq(keys[i].account, who.account))
			key_json(&j, rq->cx.mem, NULL, &keys[i], STR_ABSENT);
	api_list_end(&j, false, STR_ABSENT);
	return OK;
}
