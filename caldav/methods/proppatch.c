/* SPDX-License-Identifier: Apache-2.0 */
/* PROPPATCH (RFC 4918 §9.2) of a principal, a home, a calendar or an object. */
#include "caldav/methods/methods.h"
#include "caldav/props/property_changes.h"

/* Where the dead properties of what is no calendar hang; looks whether an object is there. */
static err_t dead_resource(struct request *rq, struct resource at, struct id *out, struct id *calendar_out)
{
	struct object object;
	*calendar_out = (struct id){ { 0 } };
	*out = at.kind == RES_HOME ? dead_property_home(at.account) : at.account;
	if (at.kind != RES_OBJECT)
		return OK;
	TRY(object_get(&rq->cx, at.actor, at.calendar, at.object, &object));
	*out = object.id;
	*calendar_out = object.calendar;
	return OK;
}

static err_t changes_apply(struct request *rq, struct resource at, struct property_changes *p)
{
	if (at.kind == RES_CALENDAR)
		return calendar_update(&rq->cx, at.actor, at.calendar, &p->change);
	struct id resource, calendar;
	TRY(dead_resource(rq, at, &resource, &calendar));
	return dead_property_change(&rq->cx, at.actor, calendar, resource, p->change.dead, p->change.dead_count);
}

/* What is not there is 404 before anything is said of its properties. */
static err_t must_exist(struct request *rq, struct resource at)
{
	struct calendar calendar;
	struct id resource, calendar_id;
	if (at.kind == RES_CALENDAR)
		return calendar_by_name(&rq->cx, at.actor, at.calendar, &calendar);
	return dead_resource(rq, at, &resource, &calendar_id);
}

err_t proppatch_read(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct property_changes *p = arena_new(rq->cx.mem, struct property_changes);
	*p = (struct property_changes){
		.cx = &rq->cx,
		.use = CHANGES_OF_PROPPATCH,
		.kind = call->at.kind,
		.manages = (call->at.actor->rights & CALENDARS_MANAGE) != 0,
	};
	call->plan = p;
	return property_changes_read(p, call->root);
}

err_t proppatch_run(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct response *rs = call->rs;
	struct property_changes *p = call->plan;
	TRY(p->failed ? must_exist(rq, call->at) : changes_apply(rq, call->at, p));

	if (!p->failed && request_wants_minimal(rq)) { /* RFC 8144 §2.1 */
		reply_empty(rs, 200);
		response_header(rs, "Preference-Applied", STR("return=minimal"));
		response_header(rs, "Vary", STR("Prefer, Brief"));
		return OK;
	}
	struct buf *out = multistatus_begin(rs);
	multistatus_response(out, href_text(rq->cx.mem, call->at));
	property_changes_write(p, out);
	multistatus_response_end(out);
	multistatus_end(out);
	return OK;
}
