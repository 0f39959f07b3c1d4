/* SPDX-License-Identifier: Apache-2.0 */
/* PUT of a calendar object (RFC 4791 §5.3.2). */
#include "caldav/calendar/write.h"
#include "caldav/methods/methods.h"
#include "server/http/calendar_type.h"

err_t put_read(struct dav_call *call)
{
	struct request *rq = call->rq;
	TRY(calendar_type_check(rq));
	/* RFC 9110 §14.5: a part of a representation is not one. */
	if (request_header(rq, "Content-Range").ptr)
		return REFUSE(&rq->cx, MALFORMED, "Content-Range", "A whole object is put, never a range.");
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
	TRY(uid_conflict_href(rq, at, object_put(&rq->cx, at.actor, &in, &outcome, &object)));

	/* Stored to the octet as sent, so the tag may be told (RFC 4791 §5.3.4). */
	reply_empty(call->rs, outcome == PUT_CREATED ? 201 : 204);
	response_header(call->rs, "ETag", etag_text(rq->cx.mem, object.etag));
	return OK;
}
