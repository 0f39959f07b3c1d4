/* SPDX-License-Identifier: Apache-2.0 */
/* The account's test data: their clock, and the way back to their beginning. */
#include "caldav/calendar/sandbox.h"

#include "web/page.h"
#include "web/pages.h"

#define DAY_S INT64_C(86400)

static struct str duration_of(struct arena *mem, int64_t seconds)
{
	if (seconds >= DAY_S)
		return str_fmt(mem, "%lld day%s", (long long)(seconds / DAY_S), seconds / DAY_S == 1 ? "" : "s");
	if (seconds >= 3600)
		return str_fmt(mem, "%lld hour%s", (long long)(seconds / 3600), seconds / 3600 == 1 ? "" : "s");
	return str_fmt(mem, "%lld minute%s", (long long)((seconds + 59) / 60), seconds <= 60 ? "" : "s");
}

err_t sandbox_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Test data", "calendars");
	int64_t ahead_s;
	TRY(sandbox_ahead(&rq->cx, id_in_mode(rq->principal->account, true), &ahead_s));
	page_when(rq, v, "sandbox_now", instant_add_s(rq->cx.now, ahead_s));
	if (ahead_s)
		html_set(v, "ahead", duration_of(rq->cx.mem, ahead_s));
	page_notice(rq, v);
	return page_reply(rs, 200, "sandbox", v);
}

err_t sandbox_reset_post(struct request *rq, struct response *rs)
{
	TRY(sandbox_reset(&rq->cx, id_in_mode(rq->principal->account, true)));
	reply_redirect(rs, 303, STR("/sandbox?done=reset"));
	return OK;
}
