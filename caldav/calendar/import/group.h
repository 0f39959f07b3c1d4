/* SPDX-License-Identifier: Apache-2.0 */
/* From the components of a document to calendar objects: one for each UID (RFC 4791 §4.1). */
#pragma once

#include "caldav/calendar/import/mend.h"
#include "caldav/calendar/index/facts.h"

#define IMPORT_OBJECTS_MAX 5000
#define IMPORT_MADE_MAX ((size_t)64 * 1024 * 1024) /* octets of all objects that are tried, time zones with each */
#define IMPORT_MENDED_MAX 20000                    /* lines that libical is asked about */

struct import_work {
	struct ctx *cx;
	struct import_document doc;
	struct import_notes notes;
	struct import_piece **leaders; /* the first component of each UID, in their order */
	size_t leader_count;
	size_t made, mended; /* so far, of the two bounds */
	int64_t left_out;    /* components */
};

struct import_object {
	struct import_piece *of;
	struct str data;
	struct ical_facts facts;
	bool repaired;
};

/*
 * Bring together what has one UID in one VCALENDAR. Of two masters, or two components for one instance, the one with
 * the higher SEQUENCE stays, else the later; what is of a kind that is not in `components`, too deep, or one too many
 * is left out.
 */
void import_group(struct import_work *work, int16_t components);

/*
 * The object of a leader, in cx->mem: as it was sent, else mended, else written anew, whichever is valid first.
 * *good_out is false where none is: then its components are left out, and told. TOO_COSTLY and the like are errors.
 */
MUST_CHECK err_t import_object_make(
	struct import_work *work, struct import_piece *leader, struct import_object *out, bool *good_out);

/* All components of a leader are left out, for this reason; `why` is the note's, "" where it has none. */
void import_leave_out(
	struct import_work *work, struct import_piece *leader, int line, enum note_kind kind, struct str why);
