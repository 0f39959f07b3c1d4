/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of caldav/calendar/event: what hangs on a series that is changed; what becomes of it is told in
 * event_series.c. */
#pragma once

#include "caldav/calendar/event/event_edit.h"

struct moving {
	struct edits *e; /* on the new text */
	const struct series *was;
	struct ical *was_object;
	struct time_form was_form, form; /* of the master's DTSTART */
	struct series_move move;
	struct event_dropped *dropped;
	size_t dropped_count, dropped_cap;
};

/* Has what hangs on this start nothing to hang on any more? `belonged`: the series before had an instance there. */
bool moving_goes(const struct moving *m, struct when original, bool belonged);
/* Tell in the answer that an override, or a date, was dropped. */
void moving_drop(struct moving *m, bool override, struct when original);

/* In the form that the property has; in the master's new one, if that was the master's. False: it cannot be said so. */
bool moving_text(
	const struct moving *m, const struct ical_prop *prop, struct when at, struct time_form *form, struct str *text);
/* The line of DTSTART or DTEND of an override. */
void moving_point_line(const struct moving *m, struct buf *out, const struct ical_prop *prop, struct when at);

/* All EXDATE, or RDATE, of the master. */
MUST_CHECK err_t moving_dates(struct moving *m, struct str name);

/* An override of before, and where it is now. */
struct moving_kept {
	const struct timing *timing; /* in the new text */
	struct when original, start; /* moved */
	struct length length;
};

/* Override number `index` of the series before; what became of it goes into kept[index], which later ones look at. */
void moving_override(struct moving *m, size_t index, struct moving_kept *kept);
