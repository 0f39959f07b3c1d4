/* SPDX-License-Identifier: Apache-2.0 */
/* What one account may store. It is enforced where something is added: storage_fits() in SQL. */
#include "caldav/calendar/store/store_private.h"
#include "server/base/config.h"

struct usage {
	int64_t octets;
};
DB_RESULT(account_usage, struct usage, octets);

int64_t account_storage_max(const struct ctx *cx)
{
	return cx->config ? cx->config->account_storage_mib * 1024 * 1024 : 0;
}

struct db_in db_in_storage_max(const struct ctx *cx)
{
	int64_t max = account_storage_max(cx);
	return max ? IN(max) : IN_NULL(DB_INT8);
}

err_t account_usage(struct ctx *cx, const struct actor *actor, int64_t *octets_out)
{
	struct usage row;
	TRY(db_row(cx, &sql_account_usage, ROW(account_usage, &row), IN(actor->owner)));
	*octets_out = row.octets;
	return OK;
}
