/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document of many components, cut where they begin and end, whatever else is wrong with it: BEGINs without their
 * END, ENDs without a BEGIN, octets that are no text. Nothing recurses, and all is bounded: lines, components, time
 * zones, depth. What is cut borrows from the document.
 */
#pragma once

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/import/notes.h"

#define IMPORT_LINES_MAX 250000 /* physical ones */
#define IMPORT_PIECES_MAX 10000 /* components, overrides too */
#define IMPORT_ZONES_MAX 200
#define IMPORT_DEPTH_MAX 3 /* of a component inside its VCALENDAR: what ical_parse() takes */

struct import_line {
	struct str raw;  /* as sent, with folds and line end */
	struct str text; /* unfolded */
	int number;      /* of its first physical line */
};

/* A component with all that is in it. */
struct import_piece {
	struct str name;    /* upper case */
	size_t first, last; /* its lines, BEGIN and (if it is there) END too: [first, last) */
	int line;
	int calendar; /* which VCALENDAR it is in: its time zones are that one's */
	bool too_deep;
	bool gone;                /* left out, and told */
	struct str tzid;          /* of a VTIMEZONE: tzid_plain() of it; else absent */
	struct str uid;           /* without escapes; absent in a VTIMEZONE */
	bool uid_made;            /* it has none: this one is made of its content */
	struct str recurrence_id; /* its whole line; absent in a master */
	int64_t sequence;
	const struct import_piece
		*used_by;          /* of a VTIMEZONE: the leader of the group at hand, if that needs it (object.c) */
	struct import_piece *next; /* of the same UID in the same VCALENDAR, in their order; set by group.c */
};

struct import_document {
	const struct import_line *lines;
	size_t line_count;
	struct import_piece *pieces; /* VTIMEZONE, VEVENT, VTODO, VJOURNAL, in their order */
	size_t piece_count;
	int64_t left_out; /* components that are none of these, or too many */
};

/*
 * errors  ICAL_DATA (no VCALENDAR, too many lines, UTF-16, another calendar scale), ICAL_MEDIA (another version)
 */
MUST_CHECK err_t import_cut(struct ctx *cx, struct str data, struct import_notes *notes, struct import_document *out);

/*
 * The name (as sent) and the value of a content line: false where it has no such form (a quote that is not closed, no
 * colon).
 */
bool import_property(struct str line, struct str *name_out, struct str *value_out);
