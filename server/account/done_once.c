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

struct seen {
	struct bytes key_hash, fingerprint;
	struct instant created_at;
	int16_t status;
	struct str head;
	struct bytes body;
};
DB_RESULT(idempotent_seen, struct seen, key_hash, fingerprint, created_at, status, head, body);

static struct instant kept_since(const struct ctx *cx)
{
	return instant_add_s(cx->now, -DONE_ONCE_KEPT_S);
}

void done_once_ahead(struct ctx *cx, struct id account, struct str what, struct bytes api_key)
{
	db_prefetch(cx, &sql_idempotent_seen, &sql_idempotent_seen, IN(account), IN(what), IN(api_key));
}

/* Whoever was answered before is answered without a lock. */
static bool came_ahead(
	struct ctx *cx, struct bytes key, struct bytes fingerprint, enum done_once *state_out, struct once_answer *out)
{
	struct seen seen;
	if (!db_row_ahead(cx, &sql_idempotent_seen, ROW(idempotent_seen, &seen)) || !bytes_same(seen.key_hash, key) ||
		!instant_before(kept_since(cx), seen.created_at))
		return false;
	*state_out = bytes_same(seen.fingerprint, fingerprint) ? ONCE_DONE : ONCE_OTHER;
	*out = (struct once_answer){ seen.status, seen.head, seen.body };
	return true;
}

err_t done_once_begin(struct ctx *cx, struct id account, struct bytes key, struct bytes fingerprint,
	enum done_once *state_out, struct once_answer *out)
{
	struct begun begun;
	if (came_ahead(cx, key, fingerprint, state_out, out))
		return OK;
	TRY(db_begin(cx));
	TRY(db_row(cx, &sql_idempotent_begin, ROW(idempotent_begin, &begun), IN(account), IN(key), IN(fingerprint),
		IN(kept_since(cx))));
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
	return db_exec_commit(cx, &sql_idempotent_keep, IN(account), IN(key), IN(fingerprint), IN(answer->status),
		IN(answer->head), IN(answer->body));
}
