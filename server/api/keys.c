/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/resources.h"
#include "server/api/api.h"

/* Whose mode the key has: a test key lists test keys. */
static err_t run_list(struct api_call *call, struct response *rs)
{
	struct arena *mem = call->rq->cx.mem;
	struct key *keys;
	size_t count;
	TRY(key_list(&call->rq->cx, call->who.account, &keys, &count));
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct key_view view = key_view_of(mem, &keys[i]);
		if (id_eq(keys[i].account, call->who.account))
			api_list_item(call, &j, &view);
	}
	api_list_end(call, &j, false, STR_ABSENT);
	return OK;
}

const struct contract list_api_keys = {
	.id = "listApiKeys",
	.summary = "The account's keys of the key's own mode, newest first; revoked ones for 90 days.",
	.answer = &key_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list,
};
