/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees who opened in a browser an address that is for calendar programs. It is asked for with a key, as
 * everything there, so that no cookie has to do with it.
 */
#include "caldav/calendar/view/calendar_label.h"
#include "server/base/config.h"
#include "web/page.h"
#include "web/routes.h"
#include "web/say.h"

static err_t calendar_rows(struct request *rq, const struct actor *actor, struct html_values *v)
{
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(&rq->cx, actor, &calendars, &count));
	html_set_flag(v, "any", count > 0);
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "calendars");
		html_set(row, "calendar_name", calendar_label(&calendars[i]));
		html_set(row, "calendar_id", id_text(rq->cx.mem, "cal", calendars[i].id));
		html_set(row, "url", calendar_url(&rq->cx, &calendars[i]));
	}
	return OK;
}

err_t web_collection(struct request *rq, struct response *rs, const struct actor *actor)
{
	const struct principal *p = rq->principal;
	struct html_values *v = page_without_cookie(rq, say(rq, "An address for calendar programs"));
	html_set(v, "server", str_cat(rq->cx.mem, rq->cx.config->public_url, STR("/dav/")));
	if (p->scopes & PROFILE_READ)
		html_set(v, "user_name", p->email);
	if (actor)
		TRY(calendar_rows(rq, actor, v));
	TRY(page_reply_tagged(rs, "collection", v, false));
	response_header(rs, "Cache-Control", STR("private, no-cache"));
	response_header(rs, "Vary", STR("Accept, Accept-Language"));
	return OK;
}
