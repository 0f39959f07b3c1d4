/* SPDX-License-Identifier: Apache-2.0 */
/* GET and HEAD: an object as it was put; a calendar as one iCalendar stream, written page by page. */
#include <string.h>

#include "caldav/calendar/view/join.h"
#include "caldav/methods/methods.h"
#include "server/base/log.h"

#define ICAL_TYPE "text/calendar;charset=utf-8"
#define PAGE_OBJECTS 200

/* A file name for whoever saves it (RFC 6266): ASCII for old readers, and UTF-8 where that is not the same. */
static void disposition_add(struct request *rq, struct response *rs, struct str name, const char *suffix)
{
	struct arena *mem = rq->cx.mem;
	struct buf plain = buf_new(mem, KIB(4)), full = buf_new(mem, KIB(16));
	bool same = true;
	for (size_t i = 0; i < name.len && i < 200; i++) {
		char c = name.ptr[i];
		bool fine = c >= ' ' && c <= '~' && !str_has(STR("\"\\/%;"), c);
		same = same && fine;
		buf_char(&plain, fine ? c : '_');
	}
	uri_component_add(&full, name);
	struct str p = buf_str(&plain), f = buf_str(&full);
	response_header(rs, "Content-Disposition",
		same ? str_fmt(mem, "attachment; filename=\"%.*s%s\"", STR_ARG(p), suffix)
		     : str_fmt(mem, "attachment; filename=\"%.*s%s\"; filename*=UTF-8''%.*s%s", STR_ARG(p), suffix,
			       STR_ARG(f), suffix));
}

/* 412, or whether the client has it already: 304. */
static err_t read_judge(const struct dav_call *call, struct str tag, struct instant modified, bool *unchanged_out)
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
	TRY(read_judge(call, tag, object.updated_at, &unchanged));

	struct str modified = instant_imf(rq->cx.mem, object.updated_at);
	if (unchanged)
		reply_empty(rs, 304);
	else
		buf_add(reply(rs, 200, ICAL_TYPE), object.data);
	response_header(rs, "ETag", tag);
	response_header(rs, "Last-Modified", modified);
	response_header(rs, "Cache-Control", STR("private, no-cache"));
	if (!unchanged)
		disposition_add(rq, rs, object.name, "");
	rs->may_gzip = false; /* a compressed body would need a tag of its own */
	return OK;
}

/* ---- a whole calendar ---- */

static void stream_begin(struct request *rq, const struct calendar *calendar, struct buf *out)
{
	BUF_LIT(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\nCALSCALE:GREGORIAN\r\n");
	if (calendar->displayname.len)
		ical_line(out, STR("X-WR-CALNAME"), STR_ABSENT, ical_escape(rq->cx.mem, calendar->displayname));
	if (calendar->tzid.len)
		ical_line(out, STR("X-WR-TIMEZONE"), STR_ABSENT, ical_escape(rq->cx.mem, calendar->tzid));
}

/*
 * A page's objects come and go in an arena of their own, and no connection is held while the client reads. The tag is
 * of what was there before the first page: who gets later changes with it will be told of them again.
 */
static err_t stream_objects(struct request *rq, struct response *rs, const struct actor *actor,
	const struct calendar *calendar, struct buf *out)
{
	struct join *join = join_open(rq->cx.mem);
	char last[NAME_MAX_OCTETS];
	struct str after = STR_ABSENT;
	for (;;) {
		struct arena_mark mark = arena_mark(rq->cx.mem);
		struct object *objects;
		size_t count;
		TRY(object_page(
			&rq->cx, actor, calendar->id, after, 0, OBJECT_WITH_DATA, PAGE_OBJECTS, &objects, &count));
		for (size_t i = 0; i < count; i++) {
			err_t e = join_object(&rq->cx, join, objects[i].data, out);
			if (e) /* never: it was validated when it was put */
				log_event(LOG_ERROR, "join", LOG_STR("object", objects[i].name),
					LOG_STR("detail", e->detail));
			if (!response_flush_if_large(rs))
				return OK;
		}
		if (count < PAGE_OBJECTS)
			break;
		struct str name = objects[count - 1].name;
		memcpy(last, name.ptr, name.len);
		after = (struct str){ last, name.len };
		arena_rewind(rq->cx.mem, mark);
	}
	return OK;
}

static err_t get_calendar(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct response *rs = call->rs;
	struct calendar calendar;
	bool unchanged = false;
	TRY(calendar_by_name(&rq->cx, call->at.actor, call->at.calendar, &calendar));
	struct str tag = calendar_etag(rq->cx.mem, &calendar);
	TRY(read_judge(call, tag, INSTANT_NONE, &unchanged));

	struct buf *out = unchanged ? NULL : response_stream(rs, 200, ICAL_TYPE);
	response_header(rs, "ETag", tag);
	response_header(rs, "Cache-Control", STR("private, no-cache"));
	if (unchanged) {
		reply_empty(rs, 304);
		response_header(rs, "Vary", STR("Accept-Encoding")); /* as the whole answer says */
		return OK;
	}
	disposition_add(rq, rs, calendar.displayname.len ? calendar.displayname : calendar.name, ".ics");
	if (rq->method == METHOD_HEAD)
		return OK;
	stream_begin(rq, &calendar, out);
	TRY(stream_objects(rq, rs, call->at.actor, &calendar, out));
	/* In chunks, however short: a length that is told here would have to be DAV:getcontentlength (RFC 4918 §15.4).
	 */
	(void)response_flush(rs);
	BUF_LIT(out, "END:VCALENDAR\r\n");
	return OK;
}

err_t get_run(struct dav_call *call)
{
	return call->at.kind == RES_OBJECT ? get_object(call) : get_calendar(call);
}
