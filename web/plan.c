/* SPDX-License-Identifier: Apache-2.0 */
/* What the account's plan has, and what it lacks. */
#include "server/account/account.h"
#include "server/account/resources.h"
#include "server/base/config.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

/* What a plan has. Everything but these is for all. */
static const struct {
	const char *what;
	enum plan from;
} features[] = {
	{ SAY("Calendars on these pages, with import and export"), PLAN_FREE },
	{ SAY("A sandbox with test data"), PLAN_FREE },
	{ SAY("Calendar apps on your devices, by CalDAV"), PLAN_PRO },
	{ SAY("Connected apps"), PLAN_PRO },
	{ SAY("API keys, REST and MCP"), PLAN_PRO },
	{ SAY("Feeds and public calendars"), PLAN_PRO },
};

err_t plan_page(struct request *rq, struct response *rs)
{
	struct account account;
	struct html_values *v = page_new(rq, "Plan", "plan");
	TRY(account_by_id(&rq->cx, rq->principal->account, &account));
	html_set(v, "plan_name", str_of(plan_name(account.plan)));
	html_set_flag(v, "lacks", account.plan < PLAN_PRO);
	html_set(v, "plans_url", rq->cx.config->plans_url);
	for (size_t i = 0; i < ARRAY_LEN(features); i++) {
		struct html_values *row = html_add_row(v, "features");
		html_set(row, "feature", say(rq, features[i].what));
		html_set_flag(row, "has", account.plan >= features[i].from);
	}
	return page_reply(rs, 200, "plan_page", v);
}
