/* SPDX-License-Identifier: Apache-2.0 */
/* MOVE and COPY (RFC 4918 §9.8, §9.9): objects between and inside calendars, and whole calendars in the home. */
#include "caldav/methods.h"

struct relocation {
	struct resource from, to;
	bool overwrite, keep;
	enum depth depth;
	struct preconditions when;
};

/* A Destination that is no path of ours can hold nothing: 403 (RFC 4918 §9.9.4), not 404, which is about the source. */
static err_t destination_read(struct request *rq, struct resource *out)
{
	struct str value = request_header(rq, "Destination");
	if (!value.ptr)
		return REFUSE(&rq->cx, MALFORMED, "Destination", "MOVE and COPY need a Destination header.");
	err_t e = href_resolve(rq, value, out);
	return err_is(e, NOT_FOUND)
		       ? REFUSE(&rq->cx, FORBIDDEN, "Destination", "Nothing can be put at the destination.")
		       : e;
}

static err_t relocation_read(struct request *rq, bool keep, struct relocation *out)
{
	*out = (struct relocation){ .keep = keep };
	TRY(href_of_request(rq, &out->from));
	TRY(destination_read(rq, &out->to));
	TRY(overwrite_read(rq, &out->overwrite));
	TRY(depth_read(rq, &out->depth));
	TRY(preconditions_read(rq, &out->when));
	if (resource_same(out->from, out->to))
		return REFUSE(&rq->cx, FORBIDDEN, "Destination", "Source and destination are the same.");
	if (out->from.kind == out->to.kind)
		return OK;
	if (out->from.kind == RES_CALENDAR)
		return FAIL(&rq->cx, DAV_LOCATION, "a calendar goes directly into the home");
	return REFUSE(&rq->cx, FORBIDDEN, "Destination", "The destination of an object is an object of a calendar.");
}

static err_t relocate_object(struct request *rq, const struct relocation *r, bool *created)
{
	const struct actor *actor = r->from.actor;
	struct object_place from = { r->from.calendar, r->from.object }, to = { r->to.calendar, r->to.object };
	return r->keep ? object_copy(&rq->cx, actor, from, to, r->overwrite, &r->when, created)
		       : object_move(&rq->cx, actor, from, to, r->overwrite, &r->when, created);
}

/* RFC 4918 §9.8.3: a copy is of depth 0 or infinity; §9.9.2: a move is always whole. */
static err_t relocate_calendar(struct request *rq, const struct relocation *r, bool *created)
{
	const struct actor *actor = r->from.actor;
	if (r->depth == DEPTH_1 || (!r->keep && r->depth == DEPTH_0))
		return REFUSE(&rq->cx, MALFORMED, "Depth",
			r->keep ? "Depth of a copy is 0 or infinity." : "Depth of a move is infinity.");
	TRY(calendar_preconditions(rq, r->from, &r->when));
	if (r->keep)
		return calendar_copy(
			&rq->cx, actor, r->from.calendar, r->to.calendar, r->depth != DEPTH_0, r->overwrite, created);
	return calendar_move(&rq->cx, actor, r->from.calendar, r->to.calendar, r->overwrite, created);
}

static err_t relocate(struct request *rq, struct response *rs, bool keep)
{
	struct relocation r;
	bool created = false;
	TRY(relocation_read(rq, keep, &r));
	if (r.from.kind == RES_OBJECT)
		TRY(uid_conflict_href(rq, r.to, relocate_object(rq, &r, &created)));
	else
		TRY(relocate_calendar(rq, &r, &created));
	reply_empty(rs, created ? 201 : 204);
	response_header(rs, "Location", href_text(rq->cx.mem, r.to));
	return OK;
}

err_t dav_copy(struct request *rq, struct response *rs)
{
	return relocate(rq, rs, true);
}

err_t dav_move(struct request *rq, struct response *rs)
{
	return relocate(rq, rs, false);
}
