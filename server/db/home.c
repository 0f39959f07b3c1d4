/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/home.h"

#include "server/base/log.h"
#include "server/db/query.h"
#include "sql.h"

struct home {
	bool moved, more;
};
DB_RESULT(database_home_step, struct home, moved, more);

struct mark {
	bool same;
};
DB_RESULT(secret_mark_same, struct mark, same);

void db_home_log(void)
{
	log_event(LOG_WARN, "database_moved",
		LOG_C("detail", "restored, or taken over by a copy: clients read all calendars once more"));
}

err_t db_home_keep(struct ctx *cx, void *unused)
{
	struct home home;
	(void)unused;
	TRY(db_row_(cx, &sql_database_home_step, ROW(database_home_step, &home), NULL, 0));
	cx->found = home.more;
	if (home.moved)
		db_home_log();
	return OK;
}

err_t db_secret_is_same(struct ctx *cx, struct bytes mark, bool keep, bool *same_out)
{
	struct mark row;
	if (keep)
		TRY(db_exec(cx, &sql_secret_mark_keep, NULL, IN(mark)));
	TRY(db_row(cx, &sql_secret_mark_same, ROW(secret_mark_same, &row), IN(mark)));
	*same_out = row.same;
	return OK;
}

err_t db_refuse_secret(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "secret-key-file",
		"The secret key (--secret-key-file, or secret.key in the data folder) is not the one that this "
		"database was served "
		"with, so what is sealed in it would not open. Put that file back; every instance has the same. "
		"docs/site/self-hosting.md says what to do when it is lost.");
}
