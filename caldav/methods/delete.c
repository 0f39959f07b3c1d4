/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE of an object or of a calendar with all that is in it (RFC 4918 §9.6). */
#include "caldav/calendar/write.h"
#include "caldav/methods/methods.h"

err_t delete_read(struct dav_call *call)
{
	enum depth depth = DEPTH_ABSENT;
	if (call->at.kind == RES_CALENDAR)
		TRY(depth_read(call->rq, &depth));
	if (depth == DEPTH_ABSENT || depth == DEPTH_INFINITY)
		return OK;
	return REFUSE(&call->rq->cx, MALFORMED, "Depth", "A collection goes with all its members: Depth is infinity.");
}

err_t delete_run(struct dav_call *call)
{
	struct ctx *cx = &call->rq->cx;
	const struct resource at = call->at;
	struct preconditions when = conditions_of_object(cx->mem, &call->when);
	if (at.kind == RES_OBJECT)
		TRY(object_delete(cx, at.actor, (struct object_path){ at.calendar, at.object }, &when));
	else
		TRY(calendar_delete(cx, at.actor, at.calendar));
	reply_empty(call->rs, 204);
	return OK;
}
