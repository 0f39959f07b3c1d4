/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/takeout.h"

#include "server/account/audit.h"
#include "server/account/throttle.h"
#include "server/db/query.h"
#include "sql.h"

DB_RESULT(takeout_person, struct takeout_person, id, email, email_confirmed_at, name, tz, language, page_language,
	hours, week_start, created_at);
DB_RESULT(takeout_consents, struct takeout_consent, id, connection, client, asked, granted, calendars, wording, ip,
	agent);
DB_RESULT(takeout_voice_sessions, struct takeout_voice_session, id, connection, scopes, origin, created_at, expires_at,
	ended_at);
DB_RESULT(takeout_properties, struct takeout_property, resource, calendar, event_calendar, event_name, ns, name, xml);

err_t takeout_begin(struct ctx *cx, struct id account)
{
	const struct throttle limit = { "takeout", id_uuid(cx->mem, account), TAKEOUTS_A_DAY, 86400 };
	TRY(throttle_take(cx, &limit, 1));
	TRY(db_begin(cx));
	TRY(audit_add(cx, account, "account.exported", account, STR_ABSENT));
	return db_commit(cx);
}

err_t takeout_person(struct ctx *cx, struct id account, struct takeout_person *out)
{
	return db_row(cx, &sql_takeout_person, ROW(takeout_person, out), IN(account));
}

err_t takeout_consents(struct ctx *cx, struct id account, struct id after, size_t limit, struct takeout_consent **out,
	size_t *count_out)
{
	return db_rows(cx, &sql_takeout_consents, takeout_consents, out, count_out, IN(account), IN(after),
		IN((int32_t)limit));
}

err_t takeout_voice_sessions(struct ctx *cx, struct id account, struct id after, size_t limit,
	struct takeout_voice_session **out, size_t *count_out)
{
	return db_rows(cx, &sql_takeout_voice_sessions, takeout_voice_sessions, out, count_out, IN(account), IN(after),
		IN((int32_t)limit));
}

err_t takeout_properties(struct ctx *cx, struct id account, const struct takeout_property *after, size_t limit,
	struct takeout_property **out, size_t *count_out)
{
	struct str ns = after->ns.ptr ? after->ns : STR(""), name = after->name.ptr ? after->name : STR("");
	return db_rows(cx, &sql_takeout_properties, takeout_properties, out, count_out, IN(account),
		IN(after->resource), IN(ns), IN(name), IN((int32_t)limit));
}
