/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/connection.h"

#include "server/db/query.h"
#include "sql.h"

#define CONNECTION_COLS                                                                                                \
	id, account, client_id, client_name, owner_name, verified, scopes, calendars, authorized_at, expires_at,       \
		last_used_at
DB_RESULT(connection_find, struct connection, CONNECTION_COLS);
DB_RESULT(connection_list, struct connection, CONNECTION_COLS);

struct connection_ended {
	struct id id;
};
DB_RESULT(connection_end, struct connection_ended, id);

err_t connection_list(struct ctx *cx, struct id account, struct connection **out, size_t *count_out)
{
	const struct id worlds[] = { id_in_mode(account, false), id_in_mode(account, true) };
	struct id_list accounts = { worlds, ARRAY_LEN(worlds) };
	return db_rows(cx, &sql_connection_list, connection_list, out, count_out, IN(accounts));
}

err_t connection_find(struct ctx *cx, struct id account, struct id client, struct connection *out)
{
	return db_row(cx, &sql_connection_find, ROW(connection_find, out), IN(account), IN(client));
}

err_t connection_end(struct ctx *cx, struct id account, struct id connection)
{
	const struct id worlds[] = { id_in_mode(account, false), id_in_mode(account, true) };
	struct id_list accounts = { worlds, ARRAY_LEN(worlds) };
	struct connection_ended ended;
	err_t e =
		db_row(cx, &sql_connection_end, ROW(connection_end, &ended), IN(accounts), IN(connection), IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "id", "This app is not connected to your account.");
	return e;
}
