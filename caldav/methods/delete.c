/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE of an object or of a calendar with all that is in it (RFC 4918 §9.6). */
#include "caldav/methods.h"

static err_t delete_calendar(struct request *rq, struct resource at, const struct preconditions *when)
{
	enum depth depth;
	TRY(depth_read(rq, &depth));
	if (depth != DEPTH_ABSENT && depth != DEPTH_INFINITY)
		return REFUSE(
			&rq->cx, MALFORMED, "Depth", "A collection goes with all its members: Depth is infinity.");
	TRY(calendar_preconditions(rq, at, when));
	return calendar_delete(&rq->cx, at.actor, at.calendar);
}

err_t dav_delete(struct request *rq, struct response *rs)
{
	struct resource at;
	struct preconditions when;
	TRY(href_of_request(rq, &at));
	TRY(preconditions_read(rq, &when));
	if (at.kind == RES_OBJECT)
		TRY(object_delete(&rq->cx, at.actor, at.calendar, at.object, &when));
	else
		TRY(delete_calendar(rq, at, &when));
	reply_empty(rs, 204);
	return OK;
}
