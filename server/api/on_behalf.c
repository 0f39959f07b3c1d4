/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account.h"
#include "server/api/call.h"
#include "server/db/query.h"
#include "server/http/header_alias.h"
#include "sql.h"

struct connected_account_row {
	struct id account, client;
	uint64_t scopes;
	struct id_list calendars;
	int16_t status, plan;
	struct str email, name, tz, language;
	bool email_confirmed;
	int64_t ahead_s;
};
DB_RESULT(connected_account_of_platform, struct connected_account_row, account, client, scopes, calendars, status, plan,
	email, email_confirmed, name, tz, language, ahead_s);

/* A platform's secret key, on behalf of a user who connected to it. */
static err_t act_for(struct request *rq, struct id connected, struct principal *out)
{
	struct connected_account_row row;
	err_t e = db_row(&rq->cx, &sql_connected_account_of_platform, ROW(connected_account_of_platform, &row),
		IN(out->account), IN(connected));
	if (err_is(e, NOT_FOUND))
		return REFUSE(
			&rq->cx, ACCOUNT_MISMATCH, CONNECTED_ACCOUNT, "This is no connection of yours, or it was cut.");
	TRY(e);
	if (row.status != STATUS_ACTIVE)
		return FAIL(&rq->cx, ACCOUNT_DEACTIVATED, "the user of this connection");
	if (row.plan < PLAN_PRO)
		return FAIL(&rq->cx, PLAN_REQUIRED, "the user of this connection");
	out->account = row.account;
	rq->acts_for = out->connected_account = connected;
	out->client = row.client;
	out->scopes = row.scopes;
	out->calendars = row.calendars;
	out->email = row.email;
	out->name = row.name;
	out->tz = row.tz;
	out->language = row.language;
	out->email_confirmed = row.email_confirmed;
	rq->cx.ahead_s = out->ahead_s = row.ahead_s;
	return OK;
}

err_t api_caller(struct request *rq, struct principal *out)
{
	struct str text;
	struct id connected;
	*out = *rq->principal;
	TRY(header_or_alias(rq, CONNECTED_ACCOUNT, "Account", &text));
	if (!text.ptr)
		return OK;
	if (!id_parse(text, "cpa", &connected))
		return REFUSE(&rq->cx, INVALID_VALUE, CONNECTED_ACCOUNT,
			"This is not the id of a connected account (cpa_…).");
	if (out->kind == TOKEN)
		return id_eq(out->connected_account, connected)
			       ? OK
			       : REFUSE(&rq->cx, ACCOUNT_MISMATCH, CONNECTED_ACCOUNT,
					 "This token belongs to another connected account.");
	if (out->kind == SECRET_KEY)
		return act_for(rq, connected, out);
	return REFUSE(&rq->cx, INVALID_VALUE, CONNECTED_ACCOUNT,
		"A personal key acts for its own account. Leave the header out, or use a platform's secret key.");
}
