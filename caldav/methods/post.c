/* SPDX-License-Identifier: Apache-2.0 */
/* POST to a calendar: an object is put under a name that the server chooses (RFC 5995 §3.1). */
#include "caldav/calendar/write.h"
#include "caldav/methods/methods.h"

/*
 * As a PUT, but of no body without a type: a page of another origin can have a browser send such a POST, with a
 * password that it keeps for this host, without asking first (Fetch: CORS-safelisted).
 */
err_t post_read(struct dav_call *call)
{
	struct request *rq = call->rq;
	TRY(put_read(call));
	return request_media_type(rq).ptr ? OK : FAIL(&rq->cx, ICAL_MEDIA, "no Content-Type");
}

err_t post_run(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct arena *mem = rq->cx.mem;
	struct str name = str_cat(mem, id_uuid(mem, id_new(rq->cx.now)), STR(".ics"));
	const struct resource made = href_object(call->at, name);
	const struct object_write in = { .calendar_name = made.calendar, .name = name, .data = rq->body };
	enum put_outcome outcome;
	struct object object;
	err_t e = object_put(&rq->cx, made.actor, &in, &outcome, &object);
	if (err_is(e, DAV_PARENT_MISSING)) /* of a PUT; here it is the resource itself */
		return FAIL(&rq->cx, NOT_FOUND, "no such calendar");
	TRY(uid_conflict_href(rq, made, e));

	put_answer(call, made, true, &object);
	response_header(call->rs, "Location", request_absolute(rq, href_text(mem, made)));
	return OK;
}
