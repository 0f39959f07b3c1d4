/* SPDX-License-Identifier: Apache-2.0 */
/* A calendar as one iCalendar document, however large: GET of it on CalDAV, its export on REST. */
#pragma once

#include "caldav/calendar/store/store.h"

/* What stands before the components, with the calendar's name. */
void document_begin(struct ctx *cx, const struct calendar *calendar, struct buf *out);

/*
 * The components of all objects, in order of their names. A page's objects come and go in cx->mem, and no connection is
 * held while `flush` (called when something was added) waits for the reader; false from it: the reader is gone, stop.
 * What is changed meanwhile may be in it or not.
 */
struct document_out {
	struct buf *out;
	bool (*flush)(void *to);
	void *to;
};
MUST_CHECK err_t document_objects(
	struct ctx *cx, const struct actor *actor, const struct calendar *calendar, const struct document_out *out);

#define DOCUMENT_END "END:VCALENDAR\r\n"
