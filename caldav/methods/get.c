/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET and HEAD: an object as it was put; a calendar as one iCalendar stream, written page by page; any other collection
 * as a page for a person who opened its address in a browser.
 */
#include "caldav/calendar/view/document.h"
#include "caldav/methods/methods.h"
#include "server/http/accept.h"
#include "server/http/disposition.h"

/* 412, or whether the client has it already: 304. */
static err_t read_conditions(const struct dav_call *call, struct str tag, struct instant modified, bool *unchanged_out)
{
	const struct representation now = { tag, modified };
	enum condition_result result = conditions_evaluate(&call->when, &now, true);
	if (result == CONDITIONS_FAIL)
		return FAIL(&call->rq->cx, PRECONDITION, "a condition failed");
	*unchanged_out = result == CONDITIONS_UNCHANGED;
	return OK;
}

static err_t get_object(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct response *rs = call->rs;
	struct object object;
	bool unchanged = false;
	TRY(object_get(&rq->cx, call->at.actor, call->at.calendar, call->at.object, &object));
	struct str tag = etag_text(rq->cx.mem, object.etag);
	TRY(read_conditions(call, tag, object.updated_at, &unchanged));

	struct str modified = instant_imf(rq->cx.mem, object.updated_at);
	if (unchanged)
		reply_empty(rs, 304);
	else
		buf_add(reply(rs, 200, ICAL_TYPE), object.data);
	response_header(rs, "ETag", tag);
	response_header(rs, "Last-Modified", modified);
	response_header(rs, "Cache-Control", STR("private, no-cache"));
	if (!unchanged)
		response_attachment(rs, object.name, "");
	rs->may_gzip = false; /* a compressed body would need a tag of its own */
	return OK;
}

/* ---- a whole calendar ---- */

static bool flush(void *rs)
{
	return response_flush_if_large(rs);
}

static err_t get_calendar(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct response *rs = call->rs;
	struct calendar calendar;
	bool unchanged = false;
	TRY(calendar_by_name(&rq->cx, call->at.actor, call->at.calendar, &calendar));
	struct str tag = calendar_etag(rq->cx.mem, &calendar);
	TRY(read_conditions(call, tag, INSTANT_NONE, &unchanged));

	struct buf *out = unchanged ? NULL : response_stream(rs, 200, ICAL_TYPE);
	response_header(rs, "ETag", tag);
	response_header(rs, "Cache-Control", STR("private, no-cache"));
	if (unchanged) {
		reply_empty(rs, 304);
		response_header(rs, "Vary", STR("Accept-Encoding")); /* as the whole answer says */
		return OK;
	}
	response_attachment(rs, calendar.displayname.len ? calendar.displayname : calendar.name, ".ics");
	if (rq->method == METHOD_HEAD)
		return OK;
	/* The tag is of what was there before the first page: who gets later changes with it will be told of them
	 * again. */
	document_begin(&rq->cx, &calendar, out);
	TRY(document_objects(&rq->cx, call->at.actor, &calendar, &(struct document_out){ out, flush, rs }));
	/* In chunks, however short: a length that is told here would have to be DAV:getcontentlength (RFC 4918 §15.4).
	 */
	(void)response_flush(rs);
	BUF_LIT(out, DOCUMENT_END);
	return OK;
}

/* ---- what has no calendar data of its own ---- */

/* RFC 4918 §9.4: what GET of a collection is, is the server's choice. Where it lies is told first (§5.2). */
static err_t get_collection(struct dav_call *call)
{
	static const struct str page = STR_INIT("text/html");
	struct request *rq = call->rq;
	size_t chosen;
	response_header(call->rs, "Vary", STR("Accept"));
	if (!accept_choose(request_header_list(rq, "Accept"), &page, 1, &chosen))
		return REFUSE(&rq->cx, NOT_ACCEPTABLE, "Accept",
			"This collection is no calendar. A calendar inside it is had as text/calendar, the collection "
			"itself as a page (text/html) that says what it is for.");
	if (!rq->path.folder) {
		reply_redirect(call->rs, 301, href_text(rq->cx.mem, call->at));
		return OK;
	}
	if (!rq->app->show_collection)
		return FAIL(&rq->cx, METHOD_NOT_ALLOWED, "no pages");
	return rq->app->show_collection(rq, call->rs, call->at.kind == RES_HOME ? call->at.actor : NULL);
}

err_t get_run(struct dav_call *call)
{
	switch (call->at.kind) {
	case RES_OBJECT:
		return get_object(call);
	case RES_CALENDAR:
		return get_calendar(call);
	case RES_ROOT:
	case RES_PRINCIPALS:
	case RES_PRINCIPAL:
	case RES_HOMES:
	case RES_HOME:
		return get_collection(call);
	}
	return OK;
}
