/* SPDX-License-Identifier: Apache-2.0 */
/* MOVE and COPY (RFC 4918 §9.8, §9.9): objects between and inside calendars, and whole calendars in the home. */
#include "caldav/calendar/write.h"
#include "caldav/methods/methods.h"
#include "server/http/access.h"

struct relocation {
	bool overwrite;
	enum depth depth;
};

/*
 * A Destination that is no path of ours can hold nothing: 403 (RFC 4918 §9.9.4), not 404, which is about the source.
 * Below what is no collection its parent is missing: 409 (§9.8.5).
 */
static err_t destination_read(struct request *rq, struct resource *out)
{
	struct str value;
	struct path path;
	size_t below = 0;
	TRY(header_once(rq, "Destination", &value));
	if (!value.ptr)
		return REFUSE(&rq->cx, MALFORMED, "Destination", "MOVE and COPY need a Destination header.");
	err_t e = href_near(rq, value, out, &below);
	if (!e && below && out->kind == RES_OBJECT)
		return FAIL(&rq->cx, DAV_PARENT_MISSING, "below what is no collection");
	if (!e && out->kind == RES_OBJECT && !href_path(rq, value, &path) && path.folder)
		return REFUSE(&rq->cx, DAV_PARENT_MISSING, "Destination",
			"An object is no collection: its path ends without a slash.");
	if (err_is(e, NOT_FOUND) || (!e && below))
		return REFUSE(&rq->cx, DAV_IMPOSSIBLE, "Destination", "Nothing can be put at the destination.");
	return e;
}

static err_t relocation_read(struct dav_call *call, struct relocation *out)
{
	struct request *rq = call->rq;
	TRY(destination_read(rq, &call->to));
	TRY(overwrite_read(rq, &out->overwrite));
	TRY(depth_read(rq, &out->depth));
	call->plan = out;
	if (resource_same(call->at, call->to))
		return REFUSE(&rq->cx, DAV_IMPOSSIBLE, "Destination", "Source and destination are the same.");
	if (call->at.kind == call->to.kind)
		return OK;
	if (call->at.kind == RES_CALENDAR)
		return FAIL(&rq->cx, DAV_LOCATION, "a calendar goes directly into the home");
	return REFUSE(
		&rq->cx, DAV_IMPOSSIBLE, "Destination", "The destination of an object is an object of a calendar.");
}

/* RFC 4918 §9.8.3: a copy is of depth 0 or infinity. */
err_t copy_read(struct dav_call *call)
{
	struct relocation *r = arena_new(call->rq->cx.mem, struct relocation);
	TRY(relocation_read(call, r));
	if (call->at.kind == RES_CALENDAR && r->depth == DEPTH_1)
		return REFUSE(&call->rq->cx, MALFORMED, "Depth", "Depth of a copy is 0 or infinity.");
	return OK;
}

/* RFC 4918 §9.9.2: a move is always whole. */
err_t move_read(struct dav_call *call)
{
	struct relocation *r = arena_new(call->rq->cx.mem, struct relocation);
	TRY(relocation_read(call, r));
	if (call->at.kind == RES_CALENDAR && r->depth != DEPTH_ABSENT && r->depth != DEPTH_INFINITY)
		return REFUSE(&call->rq->cx, MALFORMED, "Depth", "Depth of a move is infinity.");
	return OK;
}

static struct object_path path_of(struct resource object)
{
	return (struct object_path){ object.calendar, object.object };
}

static err_t object_run(struct dav_call *call, bool copies, bool *created_out)
{
	struct ctx *cx = &call->rq->cx;
	const struct relocation *r = call->plan;
	const struct actor *actor = call->at.actor;
	const struct object_path from = path_of(call->at), to = path_of(call->to);
	struct preconditions when = conditions_of_object(cx->mem, &call->when);
	err_t e = copies ? object_copy(cx, actor, from, to, r->overwrite, &when, created_out)
			 : object_move(cx, actor, from, to, r->overwrite, &when, created_out);
	return uid_conflict_href(call->rq, call->to, e);
}

static err_t calendar_run(struct dav_call *call, bool copies, bool *created_out)
{
	struct ctx *cx = &call->rq->cx;
	const struct relocation *r = call->plan;
	const struct resource at = call->at;
	int64_t objects;
	if (!copies)
		return calendar_move(cx, at.actor, at.calendar, call->to.calendar, r->overwrite, created_out);
	TRY(calendar_copy(cx, at.actor, at.calendar, call->to.calendar, r->depth != DEPTH_0, r->overwrite, created_out,
		&objects));
	access_charge_writes(call->rq, call->to.actor->owner, objects);
	return OK;
}

err_t relocate_run(struct dav_call *call)
{
	bool copies = call->method->method == METHOD_COPY, created = false;
	if (call->at.kind == RES_OBJECT)
		TRY(object_run(call, copies, &created));
	else
		TRY(calendar_run(call, copies, &created));
	reply_empty(call->rs, created ? 201 : 204);
	response_header(call->rs, "Location", request_absolute(call->rq, href_text(call->rq->cx.mem, call->to)));
	return OK;
}
