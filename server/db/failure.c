/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/db/conn_private.h"

/* The first row whose beginning is the beginning of the SQLSTATE counts (PostgreSQL's appendix A). */
static const struct {
	const char *state;
	enum err_kind kind;
	bool discard; /* the connection is not to be used again */
} meanings[] = {
	{ "08", UNAVAILABLE, true },     /* connection exception */
	{ "57P", UNAVAILABLE, true },    /* shutdown, crash, cannot connect now, idle session time-out */
	{ "57014", UNAVAILABLE, false }, /* statement_timeout */
	{ "25P03", UNAVAILABLE, true },  /* idle in transaction too long */
	{ "25006", UNAVAILABLE, true },  /* read only: the primary became a standby */
	{ "40", UNAVAILABLE, false },    /* serialization failure, deadlock */
	{ "55P03", UNAVAILABLE, false }, /* lock_timeout */
	{ "53100", DISK_FULL, false },   /* disk full */
	{ "53", UNAVAILABLE, false },    /* out of memory, too many connections */
	{ "58", UNAVAILABLE, false },    /* I/O error */
	{ "26000", UNAVAILABLE, true },  /* prepared statement lost: DISCARD ALL by somebody between us */
	{ "0A000", INTERNAL, true },     /* cached plan must not change result type: a migration ran */
	{ "23505", CONFLICT, false },    /* unique */
	{ "23503", CONFLICT, false },    /* foreign key */
};

err_t db_failure(struct ctx *cx, const char *name, const PGresult *res, struct db_conn *conn)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	if (conn->late) {
		struct err *e = FAIL(cx, UNAVAILABLE, "%s: the database did not answer in time", name);
		e->retry_after_s = 2;
		e->unsure = true;
		return e;
	}
	if (!state) { /* libpq's own words: the connection is gone, or the protocol was violated */
		conn->broken = true;
		struct err *e = FAIL(
			cx, UNAVAILABLE, "%s: the database connection was lost: %s", name, PQerrorMessage(conn->pg));
		e->detail = str_trim(e->detail, " \n");
		e->retry_after_s = 2;
		e->unsure = true;
		return e;
	}
	enum err_kind kind = INTERNAL;
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0) {
			kind = meanings[i].kind;
			conn->broken |= meanings[i].discard;
			break;
		}
	/* The message of a data exception quotes the value. */
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	if (!message || strncmp(state, "22", 2) == 0)
		message = "data exception";
	struct err *e = FAIL(cx, kind, "%s: %s %s", name, state, message);
	e->retry_after_s = kind == UNAVAILABLE ? 2 : 0;
	return e;
}
