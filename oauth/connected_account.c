/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/connected_account.h"

#include "caldav/calendar/store/store.h"
#include "oauth/consent.h"
#include "server/account/audit.h"
#include "server/db/query.h"
#include "sql.h"

#define CONNECTED_ACCOUNT_COLS                                                                                         \
	id, account, client_id, client_name, owner_name, verified, scopes, calendars, authorized_at, expires_at,       \
		last_used_at
DB_RESULT(connected_account_find, struct connected_account, CONNECTED_ACCOUNT_COLS);
DB_RESULT(connected_account_get, struct connected_account, CONNECTED_ACCOUNT_COLS);
DB_RESULT(connected_account_older, struct connected_account, CONNECTED_ACCOUNT_COLS);
DB_RESULT(grant_older, struct connected_account, CONNECTED_ACCOUNT_COLS);
DB_RESULT(grant_newer, struct connected_account, CONNECTED_ACCOUNT_COLS);

#define PLATFORM_ACCOUNT_COLS                                                                                          \
	id, account, client_id, scopes, calendars, authorized_at, expires_at, revoked_at, last_used_at, name, email,   \
		state
DB_RESULT(platform_account_older, struct platform_account, PLATFORM_ACCOUNT_COLS);
DB_RESULT(platform_account_newer, struct platform_account, PLATFORM_ACCOUNT_COLS);
DB_RESULT(platform_account_get, struct platform_account, PLATFORM_ACCOUNT_COLS);

struct connected_account_counted {
	int64_t count;
};
DB_RESULT(connected_account_count, struct connected_account_counted, count);

struct connected_account_changed {
	struct id id;
	uint64_t scopes;
	struct str client_name;
};
DB_RESULT(connected_account_change, struct connected_account_changed, id, scopes, client_name);

struct connected_account_ended {
	struct id id;
};
DB_RESULT(connected_account_end, struct connected_account_ended, id);
DB_RESULT(platform_account_deauthorize, struct connected_account_ended, id);

#define WORLDS_OF(account)                                                                                             \
	((struct id_list){ (const struct id[]){ id_in_mode((account), false), id_in_mode((account), true) }, 2 })

err_t connected_account_get(struct ctx *cx, struct id account, struct id connection, struct connected_account *out)
{
	return db_row(cx, &sql_connected_account_get, ROW(connected_account_get, out), IN(WORLDS_OF(account)),
		IN(connection));
}

err_t connected_account_older(struct ctx *cx, struct id account, struct id bound, size_t limit,
	struct connected_account **out, size_t *count_out)
{
	return db_rows(cx, &sql_connected_account_older, connected_account_older, out, count_out,
		IN(WORLDS_OF(account)), IN(bound), IN((int32_t)limit));
}

err_t connected_account_count(struct ctx *cx, struct id account, int64_t *out)
{
	struct connected_account_counted counted;
	TRY(db_row(cx, &sql_connected_account_count, ROW(connected_account_count, &counted), IN(WORLDS_OF(account)),
		IN((int32_t)CONNECTED_ACCOUNTS_COUNTED)));
	*out = counted.count;
	return OK;
}

err_t connected_account_find(struct ctx *cx, struct id account, struct id client, struct connected_account *out)
{
	return db_row(cx, &sql_connected_account_find, ROW(connected_account_find, out), IN(account), IN(client));
}

static err_t check_calendars(struct ctx *cx, struct id account, struct id_list chosen)
{
	const struct actor actor = actor_server(account);
	struct calendar *calendars;
	size_t count;
	if (!chosen.items)
		return OK;
	if (!chosen.count)
		return REFUSE(cx, INVALID_VALUE, "calendar", "Choose at least one calendar, or all of them.");
	TRY(calendar_list(cx, &actor, &calendars, &count));
	for (size_t i = 0; i < chosen.count; i++) {
		bool is_theirs = false;
		for (size_t n = 0; n < count; n++)
			is_theirs |= id_eq(calendars[n].id, chosen.items[i]);
		if (!is_theirs)
			return REFUSE(cx, INVALID_VALUE, "calendar", "There is no such calendar among yours.");
	}
	return OK;
}

/* Why there was nothing to change: it is so already, or another change has taken what this one leaves. */
static err_t change_is_none(
	struct ctx *cx, const struct connected_account *present, const struct connected_account_changes *change)
{
	struct connected_account now;
	TRY(connected_account_find(cx, present->account, present->client_id, &now));
	if (!(now.scopes & change->scopes))
		return REFUSE(cx, CONFLICT, "scope",
			"What this app may was changed elsewhere just now, and nothing that you left it is among that. "
			"Look at it again.");
	return OK;
}

static err_t change_store(
	struct ctx *cx, const struct connected_account *present, const struct connected_account_changes *change)
{
	struct connected_account_changed changed;
	err_t e = db_row(cx, &sql_connected_account_change, ROW(connected_account_change, &changed),
		IN(present->account), IN(present->id), IN(change->scopes), IN(change->calendars), IN(change->until));
	if (err_is(e, NOT_FOUND))
		return change_is_none(cx, present, change);
	TRY(e);
	return audit_add(cx, present->account, "consent.changed", changed.id,
		consent_details(cx->mem, changed.client_name, changed.scopes));
}

err_t connected_account_change(
	struct ctx *cx, const struct connected_account *present, const struct connected_account_changes *change)
{
	bool own;
	if (!(present->scopes & change->scopes))
		return REFUSE(cx, INVALID_VALUE, "scope", "Leave at least one permission ticked, or remove the app.");
	TRY(check_calendars(cx, present->account, change->calendars));
	TRY(db_join(cx, &own));
	return db_settle(cx, own, change_store(cx, present, change));
}

err_t connected_account_end(struct ctx *cx, struct id account, struct id connection)
{
	struct connected_account_ended ended;
	return db_row(cx, &sql_connected_account_end, ROW(connected_account_end, &ended), IN(account), IN(connection),
		IN(cx->now), IN(audit_by(cx)));
}

err_t grant_page(struct ctx *cx, struct id account, struct id bound, bool back, size_t limit,
	struct connected_account **out, size_t *count_out)
{
	if (back)
		return db_rows(
			cx, &sql_grant_newer, grant_newer, out, count_out, IN(account), IN(bound), IN((int32_t)limit));
	return db_rows(cx, &sql_grant_older, grant_older, out, count_out, IN(account), IN(bound), IN((int32_t)limit));
}

/* ---- the platform's view ---- */

#define CONNECTIONS_COUNTED 10000
DB_RESULT(platform_account_counts, struct platform_account_count, client_id, count);

err_t platform_account_counts(
	struct ctx *cx, struct id platform, struct platform_account_count **out, size_t *count_out)
{
	return db_rows(cx, &sql_platform_account_counts, platform_account_counts, out, count_out, IN(platform),
		IN((int32_t)CONNECTIONS_COUNTED));
}

err_t platform_account_page(struct ctx *cx, struct id platform, const struct platform_account_filter *filter,
	struct id bound, bool back, size_t limit, struct platform_account **out, size_t *count_out)
{
	if (back)
		return db_rows(cx, &sql_platform_account_newer, platform_account_newer, out, count_out, IN(platform),
			IN(bound), db_in_id_or_null(filter->client), IN(filter->scopes), IN(filter->state),
			IN((int32_t)limit));
	return db_rows(cx, &sql_platform_account_older, platform_account_older, out, count_out, IN(platform), IN(bound),
		db_in_id_or_null(filter->client), IN(filter->scopes), IN(filter->state), IN((int32_t)limit));
}

err_t platform_account_get(struct ctx *cx, struct id platform, struct id connection, struct platform_account *out)
{
	return db_row(cx, &sql_platform_account_get, ROW(platform_account_get, out), IN(platform), IN(connection));
}

err_t platform_account_deauthorize(struct ctx *cx, struct id platform, struct id connection)
{
	struct connected_account_ended ended;
	return db_row(cx, &sql_platform_account_deauthorize, ROW(platform_account_deauthorize, &ended), IN(platform),
		IN(connection), IN(cx->now), IN(audit_by(cx)));
}
