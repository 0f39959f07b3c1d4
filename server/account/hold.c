/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/hold.h"

#include <assert.h>

#include "server/db/query.h"
#include "sql.h"

err_t row_hold(struct ctx *cx, enum held what, struct id account, struct id id)
{
	static const struct query *const queries[] = {
		[HELD_ACCOUNT] = &sql_account_hold,
		[HELD_KEY] = &sql_key_hold,
		[HELD_CLIENT] = &sql_client_hold,
		[HELD_CONNECTED_ACCOUNT] = &sql_connected_account_hold,
		[HELD_WEBHOOK_ENDPOINT] = &sql_webhook_endpoint_hold,
	};
	size_t held = 0;
	assert(cx->tx);
	if (what == HELD_ACCOUNT)
		TRY(db_exec(cx, queries[what], &held, IN(account)));
	else
		TRY(db_exec(cx, queries[what], &held, IN(account), IN(id)));
	return held ? OK : FAIL(cx, NOT_FOUND, "what is to be held is gone");
}
