/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/document.h"

#include <string.h>

#include "caldav/calendar/view/join.h"
#include "server/base/log.h"

#define PAGE_OBJECTS 200

void document_begin(struct ctx *cx, const struct calendar *calendar, struct buf *out)
{
	BUF_LIT(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\nCALSCALE:GREGORIAN\r\n");
	if (calendar->displayname.len)
		ical_line(out, STR("X-WR-CALNAME"), STR_ABSENT, ical_escape(cx->mem, calendar->displayname));
	if (calendar->tzid.len)
		ical_line(out, STR("X-WR-TIMEZONE"), STR_ABSENT, ical_escape(cx->mem, calendar->tzid));
}

err_t document_objects(
	struct ctx *cx, const struct actor *actor, const struct calendar *calendar, const struct document_out *out)
{
	struct join *join = join_open(cx->mem);
	char last[NAME_MAX_OCTETS];
	struct object_page_query q = { .calendar = calendar->id, .fields = OBJECT_WITH_DATA, .limit = PAGE_OBJECTS };
	for (;;) {
		struct arena_mark mark = arena_mark(cx->mem);
		struct object *objects;
		size_t count;
		TRY(object_page(cx, actor, &q, &objects, &count));
		for (size_t i = 0; i < count; i++) {
			err_t e = join_object(cx, join, objects[i].data, out->out);
			if (e) /* never: it was validated when it was put */
				log_event(LOG_ERROR, "join", LOG_STR("object", objects[i].name),
					LOG_STR("detail", e->detail));
			if (!out->flush(out->to))
				return OK;
		}
		if (count < PAGE_OBJECTS)
			break;
		struct str name = objects[count - 1].name;
		memcpy(last, name.ptr, name.len);
		q.after = (struct str){ last, name.len };
		arena_rewind(cx->mem, mark);
	}
	return OK;
}
