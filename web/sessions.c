/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sessions.h"

#include "server/account/session.h"
#include "server/base/address.h"
#include "server/data/agent.h"
#include "web/pages.h"
#include "web/say.h"

static struct str browser_name(struct request *rq, struct str agent)
{
	struct str words = agent_words(rq->cx.mem, request_language(rq), agent);
	return words.len ? words : say(rq, "A browser that did not say its name");
}

static void one_values(struct request *rq, struct html_values *row, const struct session_seen *s, bool this_one)
{
	html_set(row, "session_id", id_text(rq->cx.mem, "ses", s->id));
	html_set(row, "browser", browser_name(rq, s->agent));
	html_set(row, "network", address_coarse(rq->cx.mem, s->ip));
	html_set_flag(row, "this_one", this_one);
	html_set_flag(row, "two_factors", amr_is_mfa(s->amr));
	page_when(rq, row, "since", s->created_at);
	page_when(rq, row, "seen", this_one ? rq->cx.now : s->seen_at);
}

err_t sessions_values(struct request *rq, struct html_values *v)
{
	struct session_seen *all;
	size_t count;
	TRY(session_list(&rq->cx, rq->principal->account, &all, &count));
	for (size_t i = 0; i < count; i++)
		one_values(rq, html_add_row(v, "sessions"), &all[i], id_eq(all[i].id, rq->principal->credential));
	html_set_flag(v, "other_sessions", count > 1);
	return OK;
}

err_t session_end_post(struct request *rq, struct response *rs)
{
	struct id id;
	if (!id_parse(rq->args[0], "ses", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no session's id");
	TRY(session_end_one(&rq->cx, rq->principal->account, id));
	reply_redirect(rs, 303, STR("/security?done=signed-out-there"));
	return OK;
}

err_t session_end_others_post(struct request *rq, struct response *rs)
{
	TRY(session_end_others(&rq->cx, rq->principal->account, rq->principal->credential));
	reply_redirect(rs, 303, STR("/security?done=signed-out-others"));
	return OK;
}
