/* SPDX-License-Identifier: Apache-2.0 */
/* PUT of a calendar object (RFC 4791 §5.3.2). */
#include "caldav/calendar/write.h"
#include "caldav/methods/methods.h"

/* text/calendar of version 2.0 in UTF-8, or nothing said (RFC 4791 §5.3.2.1, supported-calendar-data). */
static err_t type_check(struct request *rq)
{
	struct str type = request_media_type(rq);
	if (type.ptr && !str_eq(type, STR("text/calendar")))
		return FAIL(&rq->cx, ICAL_MEDIA, "%.*s", STR_ARG(type));
	struct str rest = request_header(rq, "Content-Type"), param;
	while (str_cut(&rest, ';', &param)) {
		struct str value = param, name;
		(void)str_cut(&value, '=', &name);
		name = str_trim(name, STR_BLANK);
		value = str_trim(value, STR_BLANK "\"");
		if (str_eq_nocase(name, STR("charset")) && !str_eq_nocase(value, STR("utf-8")) &&
			!str_eq_nocase(value, STR("utf8")) && !str_eq_nocase(value, STR("us-ascii")))
			return REFUSE(&rq->cx, ICAL_MEDIA, "Content-Type", "Calendar data is accepted in UTF-8.");
		if (str_eq_nocase(name, STR("version")) && !str_eq(value, STR("2.0")))
			return REFUSE(&rq->cx, ICAL_MEDIA, "Content-Type", "iCalendar 2.0 is accepted.");
	}
	return OK;
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
