/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/connected_account.h"

#include "server/account/audit.h"
#include "server/db/query.h"
#include "sql.h"

#define CONNECTED_ACCOUNT_COLS                                                                                         \
	id, account, client_id, client_name, owner_name, verified, scopes, calendars, authorized_at, expires_at,       \
		last_used_at
DB_RESULT(connected_account_find, struct connected_account, CONNECTED_ACCOUNT_COLS);
DB_RESULT(connected_account_list, struct connected_account, CONNECTED_ACCOUNT_COLS);

struct connected_account_ended {
	struct id id;
};
DB_RESULT(connected_account_end, struct connected_account_ended, id);

err_t connected_account_list(struct ctx *cx, struct id account, struct connected_account **out, size_t *count_out)
{
	const struct id worlds[] = { id_in_mode(account, false), id_in_mode(account, true) };
	struct id_list accounts = { worlds, ARRAY_LEN(worlds) };
	return db_rows(cx, &sql_connected_account_list, connected_account_list, out, count_out, IN(accounts));
}

err_t connected_account_find(struct ctx *cx, struct id account, struct id client, struct connected_account *out)
{
	return db_row(cx, &sql_connected_account_find, ROW(connected_account_find, out), IN(account), IN(client));
}

err_t connected_account_end(struct ctx *cx, struct id account, struct id connection)
{
	const struct id worlds[] = { id_in_mode(account, false), id_in_mode(account, true) };
	struct id_list accounts = { worlds, ARRAY_LEN(worlds) };
	struct connected_account_ended ended;
	err_t e = db_row(cx, &sql_connected_account_end, ROW(connected_account_end, &ended), IN(accounts),
		IN(connection), IN(cx->now), IN(audit_by(cx)));
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "id", "This app is not connected to your account.");
	return e;
}
