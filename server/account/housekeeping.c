/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/housekeeping.h"

#include "server/account/key.h"
#include "server/account/usage.h"
#include "server/db/query.h"
#include "sql.h"

#define UNUSED_KEPT_S (INT64_C(400) * 86400)

err_t account_housekeeping(struct ctx *cx, void *unused)
{
	(void)unused;
	TRY(db_exec(cx, &sql_session_purge, NULL, IN(cx->now)));
	TRY(db_exec(cx, &sql_throttle_purge, NULL, IN(cx->now)));
	TRY(db_exec(cx, &sql_credential_use_purge, NULL, IN(instant_add_s(cx->now, -UNUSED_KEPT_S))));
	TRY(usage_trim(cx));
	return db_exec(cx, &sql_key_purge, NULL, IN(instant_add_s(cx->now, -REVOKED_SHOWN_S)));
}
