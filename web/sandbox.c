/* SPDX-License-Identifier: Apache-2.0 */
/* The account's test data: their clock, and the way back to their beginning. */
#include "caldav/calendar/sandbox.h"

#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

/* How far ahead; after "That is". */
static struct str duration_of(struct request *rq, int64_t seconds)
{
	static const struct {
		int64_t unit;
		const char *one, *more;
	} units[] = { { 86400, SAY("1 day"), SAY("{n} days") }, { 3600, SAY("1 hour"), SAY("{n} hours") },
		{ 60, SAY("1 minute"), SAY("{n} minutes") } };
	size_t i = 0;
	while (i < ARRAY_LEN(units) - 1 && seconds < units[i].unit)
		i++;
	int64_t count = units[i].unit == 60 ? (seconds + 59) / 60 : seconds / units[i].unit;
	return say_count(rq, count, units[i].one, units[i].more);
}

err_t sandbox_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Test data", "calendars");
	int64_t ahead_s;
	TRY(sandbox_ahead(&rq->cx, id_in_mode(rq->principal->account, true), &ahead_s));
	page_when(rq, v, "sandbox_now", instant_add_s(rq->cx.now, ahead_s));
	if (ahead_s)
		html_set(v, "ahead", duration_of(rq, ahead_s));
	page_notice(rq, v);
	return page_reply(rs, 200, "sandbox", v);
}

err_t sandbox_reset_post(struct request *rq, struct response *rs)
{
	TRY(sandbox_reset(&rq->cx, id_in_mode(rq->principal->account, true)));
	reply_redirect(rs, 303, STR("/sandbox?done=reset"));
	return OK;
}
