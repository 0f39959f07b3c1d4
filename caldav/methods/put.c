/* SPDX-License-Identifier: Apache-2.0 */
/* PUT of a calendar object (RFC 4791 §5.3.2). */
#include "caldav/calendar/write.h"
#include "caldav/methods/methods.h"
#include "server/http/calendar_type.h"

/* RFC 4791 §5.3.2.1: octets that are no UTF-8 are no valid data, whichever charset the client calls them. */
static err_t type_check(struct request *rq)
{
	err_t e = calendar_type_check(rq);
	if (err_is(e, ICAL_MEDIA) && str_eq(request_media_type(rq), STR("text/calendar")) && !str_is_utf8(rq->body))
		return REFUSE(&rq->cx, ICAL_DATA, "Content-Type", "Calendar data is accepted in UTF-8.");
	return e;
}

err_t put_read(struct dav_call *call)
{
	struct request *rq = call->rq;
	TRY(type_check(rq));
	/* RFC 9110 §14.5: a part of a representation is not one. */
	if (request_header(rq, "Content-Range").ptr)
		return REFUSE(&rq->cx, MALFORMED, "Content-Range", "A whole object is put, never a range.");
	return OK;
}

/* What stands at `at` (RFC 8144 §3): as the request left it, or why its conditions do not hold. */
static void representation(struct response *rs, struct resource at, int status, struct str data, struct str tag)
{
	buf_add(reply(rs, status, ICAL_TYPE), data);
	response_header(rs, "ETag", tag);
	response_header(rs, "Content-Location", href_text(rs->rq->cx.mem, at));
	response_header(rs, "Preference-Applied", STR("return=representation"));
	rs->may_gzip = false; /* a compressed body would need a tag of its own */
}

void put_answer(const struct dav_call *call, struct resource at, bool created, const struct object *object)
{
	struct request *rq = call->rq;
	struct str tag = etag_text(rq->cx.mem, object->etag);
	if (request_wants_representation(rq)) {
		representation(call->rs, at, created ? 201 : 200, rq->body, tag);
	} else {
		reply_empty(call->rs, created ? 201 : 204);
		response_header(call->rs, "ETag", tag);
	}
}

/* RFC 8144 §3.2: who is told that somebody else was faster is shown what they wrote. Else `e`. */
static err_t show_current(struct dav_call *call, err_t e)
{
	struct ctx *cx = &call->rq->cx;
	struct object now;
	if (!err_is(e, PRECONDITION) || !request_wants_representation(call->rq) ||
		!(call->at.actor->rights & EVENTS_READ))
		return e;
	if (object_get(cx, call->at.actor, call->at.calendar, call->at.object, &now))
		return e;
	representation(call->rs, call->at, 412, now.data, etag_text(cx->mem, now.etag));
	return OK;
}

err_t put_run(struct dav_call *call)
{
	struct request *rq = call->rq;
	const struct resource at = call->at;
	struct object_write in = {
		.calendar_name = at.calendar,
		.name = at.object,
		.when = conditions_of_object(rq->cx.mem, &call->when),
		.data = rq->body,
	};
	enum put_outcome outcome;
	struct object object;
	err_t e = object_put(&rq->cx, at.actor, &in, &outcome, &object);
	if (e)
		return show_current(call, uid_conflict_href(rq, at, e));

	put_answer(call, at, outcome == PUT_CREATED, &object);
	return OK;
}
