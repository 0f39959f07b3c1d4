/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MKCALENDAR (RFC 4791 §5.3.1) and extended MKCOL (RFC 5689). Only calendars are made, directly in the home; a plain
 * MKCOL has no type and makes nothing.
 */
#include "caldav/methods/methods.h"
#include "caldav/props/property_changes.h"

/* What differs between the two. */
struct making {
	enum changes_of use;
	enum err_kind exists;
};

static const struct making *making_of(const struct request *rq)
{
	static const struct making by_mkcalendar = { CHANGES_OF_MKCALENDAR, DAV_MUST_BE_NULL };
	static const struct making by_mkcol = { CHANGES_OF_MKCOL, DAV_EXISTS };
	return rq->method == METHOD_MKCOL ? &by_mkcol : &by_mkcalendar;
}

static err_t exists(struct request *rq, const struct making *how)
{
	return FAIL(&rq->cx, how->exists, "there is one");
}

/* Principals, homes and what lies inside calendars: there already, without a parent (409), or never (403). */
static err_t making_check(struct request *rq, const struct making *how, struct resource at)
{
	struct calendar calendar;
	if (at.kind == RES_CALENDAR)
		return OK;
	if (at.kind != RES_OBJECT)
		return exists(rq, how);
	err_t e = calendar_by_name(&rq->cx, at.actor, at.calendar, &calendar);
	if (err_is(e, NOT_FOUND))
		return FAIL(&rq->cx, DAV_PARENT_MISSING, "no such calendar");
	TRY(e);
	return FAIL(&rq->cx, DAV_LOCATION, "inside a calendar");
}

/* The properties that the body sets, each checked; a refused one is no error yet. */
err_t mkcalendar_read(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct property_changes *p = arena_new(rq->cx.mem, struct property_changes);
	*p = (struct property_changes){
		.cx = &rq->cx, .use = making_of(rq)->use, .kind = RES_CALENDAR, .manages = true
	};
	call->plan = p;
	return call->root ? property_changes_read(p, call->root) : OK;
}

/* RFC 5689 §3: mkcol-response under the status of what failed. RFC 4791 §5.3.1.1: 207. */
static void refused_write(
	struct response *rs, const struct making *how, struct resource at, const struct property_changes *p)
{
	if (how->use == CHANGES_OF_MKCALENDAR) {
		struct buf *out = multistatus_begin(rs);
		multistatus_response(out, href_text(rs->rq->cx.mem, at));
		property_changes_write(p, out);
		multistatus_response_end(out);
		multistatus_end(out);
		return;
	}
	int status = 403;
	for (size_t i = p->count; i-- > 0;)
		if (p->items[i].status != 200)
			status = p->items[i].status;
	struct buf *out = reply(rs, status, XML_TYPE);
	BUF_LIT(out, XML_PROLOGUE "<D:mkcol-response " XML_PREFIXES ">");
	property_changes_write(p, out);
	BUF_LIT(out, "</D:mkcol-response>\n");
}

/*
 * What is asked cannot be made. Where there is something already, this is told first (RFC 4791 §5.3.1.1; RFC 4918
 * §9.3.1: a plain MKCOL there is 405).
 */
static err_t refuse(struct dav_call *call, const struct making *how)
{
	struct request *rq = call->rq;
	const struct property_changes *p = call->plan;
	struct calendar calendar;
	err_t e = calendar_by_name(&rq->cx, call->at.actor, call->at.calendar, &calendar);
	if (!e)
		return exists(rq, how);
	if (!err_is(e, NOT_FOUND))
		return e;
	if (!p->failed)
		return FAIL(&rq->cx, DAV_RESOURCE_TYPE, "plain collection");
	refused_write(call->rs, how, call->at, p);
	return OK;
}

err_t mkcalendar_run(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct response *rs = call->rs;
	const struct making *how = making_of(rq);
	const struct property_changes *p = call->plan;
	const struct resource at = call->at;
	TRY(making_check(rq, how, at));
	response_header(rs, "Cache-Control", STR("no-cache")); /* RFC 4791 §5.3.1 */
	if (p->failed || (how->use == CHANGES_OF_MKCOL && !p->is_calendar))
		return refuse(call, how);

	struct id id;
	err_t e = calendar_create(
		&rq->cx, at.actor, at.calendar, p->components ? p->components : COMPONENTS_ALL, &p->change, &id);
	if (err_is(e, CONFLICT))
		return exists(rq, how);
	TRY(e);
	reply_empty(rs, 201);
	return OK;
}
