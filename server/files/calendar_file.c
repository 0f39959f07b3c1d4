/* SPDX-License-Identifier: Apache-2.0 */
#include "server/files/calendar_file.h"

#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/view/document.h"
#include "server/http/disposition.h"

static bool flush(void *rs)
{
	return response_flush_if_large(rs);
}

err_t calendar_send(struct request *rq, struct response *rs, const struct actor *actor, const struct calendar *calendar)
{
	struct buf *out = response_stream(rs, 200, "text/calendar; charset=utf-8");
	response_header(rs, "ETag", calendar_etag(rq->cx.mem, calendar));
	response_attachment(rs, calendar_label(calendar), ".ics");
	if (rq->method == METHOD_HEAD)
		return OK;
	document_begin(&rq->cx, calendar, out);
	TRY(document_objects(&rq->cx, actor, calendar, &(struct document_out){ out, flush, rs }));
	BUF_LIT(out, DOCUMENT_END);
	return OK;
}
