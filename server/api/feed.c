/* SPDX-License-Identifier: Apache-2.0 */
/* GET /feed/{feedToken}: a calendar for programs that subscribe to an address. The token is all that they show. */
#include "server/api/feed.h"

#include "caldav/calendar/feed.h"
#include "server/files/calendar_file.h"
#include "server/http/access.h"
#include "server/http/etag.h"

#define SUFFIX ".ics"

static struct str token_of(const struct request *rq)
{
	struct str token = rq->args[0];
	if (str_ends(token, STR(SUFFIX)))
		token.len -= sizeof SUFFIX - 1;
	return token;
}

/* Has the reader this already? PRECONDITION: If-Match names another. */
static err_t validate(struct request *rq, struct str tag, bool *unchanged_out)
{
	struct etag_list match, none_match;
	TRY(etags_read(rq, "If-Match", &match));
	TRY(etags_read(rq, "If-None-Match", &none_match));
	if (match.items && !etags_hold(&match, tag, false))
		return FAIL(&rq->cx, PRECONDITION, "If-Match");
	*unchanged_out = etags_hold(&none_match, tag, true);
	return OK;
}

/* A person who opens the link in a browser (Fetch Metadata: programs never say so) is shown a page of it. */
static bool is_for_a_person(const struct request *rq)
{
	return str_eq(request_header(rq, "Sec-Fetch-Dest"), STR("document"));
}

static err_t show_page(struct request *rq, struct response *rs)
{
	struct actor actor;
	struct id id;
	TRY(feed_open(&rq->cx, token_of(rq), &actor, &id));
	reply_redirect(rs, 303, str_cat(rq->cx.mem, STR("/shared/"), token_of(rq)));
	return OK;
}

err_t feed_get(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct actor actor;
	struct id id;
	struct calendar calendar;
	bool unchanged;
	if (is_for_a_person(rq))
		return show_page(rq, rs);
	TRY(feed_open(cx, token_of(rq), &actor, &id));
	cx->account = id_in_mode(actor.owner, false);
	TRY(access_enter_as(rq, actor.owner));
	TRY(calendar_by_id(cx, &actor, id, &calendar));
	struct str tag = calendar_etag(cx->mem, &calendar);
	TRY(validate(rq, tag, &unchanged));
	if (!unchanged)
		return calendar_send(rq, rs, &actor, &calendar);
	reply_empty(rs, 304);
	response_header(rs, "ETag", tag);
	response_header(rs, "Vary", STR("Accept-Encoding")); /* as the whole answer says (RFC 9110 §15.4.5) */
	return OK;
}

/* The address is a secret, and subscribers ask again and again. */
void feed_every_answer(struct request *rq, struct response *rs)
{
	(void)rq;
	response_header(rs, "Vary", STR("Sec-Fetch-Dest"));
	response_header(rs, "Referrer-Policy", STR("no-referrer"));
	if (rs->status == 200 || rs->status == 304)
		response_header(rs, "Cache-Control", STR("max-age=3600"));
}
