/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/done_once.h"

#include "server/db/query.h"
#include "sql.h"

struct begun {
	struct str outcome, head;
	int16_t status;
	struct bytes body;
};
DB_RESULT(idempotent_begin, struct begun, outcome, status, head, body);

err_t done_once_begin(struct ctx *cx, struct id account, struct bytes key, struct bytes fingerprint,
	enum done_once *state_out, struct once_answer *out)
{
	struct begun begun;
	TRY(db_begin(cx));
	TRY(db_row(cx, &sql_idempotent_begin, ROW(idempotent_begin, &begun), IN(account), IN(key), IN(fingerprint),
		IN(instant_add_s(cx->now, -DONE_ONCE_KEPT_S))));
	*out = (struct once_answer){ begun.status, begun.head, begun.body };
	*state_out = ONCE_NEW;
	if (str_eq(begun.outcome, STR("new")))
		return OK;
	db_rollback(cx);
	*state_out = str_eq(begun.outcome, STR("running")) ? ONCE_RUNNING
		     : str_eq(begun.outcome, STR("other")) ? ONCE_OTHER
							   : ONCE_DONE;
	return OK;
}

err_t done_once_end(
	struct ctx *cx, struct id account, struct bytes key, struct bytes fingerprint, const struct once_answer *answer)
{
	TRY(db_exec(cx, &sql_idempotent_keep, NULL, IN(account), IN(key), IN(fingerprint), IN(answer->status),
		IN(answer->head), IN(answer->body)));
	return db_commit(cx);
}
