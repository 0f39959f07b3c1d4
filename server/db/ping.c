/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/ping.h"

#include "server/db/query.h"
#include "sql.h"

struct ping {
	int32_t one;
};
DB_RESULT(ping, struct ping, one);

err_t db_ping(struct ctx *cx)
{
	struct ping row;
	ctx_begin(cx, DB_PING_MS);
	return db_row_(cx, &sql_ping, ROW(ping, &row), NULL, 0);
}
