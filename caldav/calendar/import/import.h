/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document of many components into a calendar.
 *
 * Each UID becomes one object, with the time zones that it uses. What our scanner and validation take is stored as it
 * was sent, to the octet; what they refuse is mended line by line with libical and checked again; what stays refused is
 * left out. Notes say which line, and why.
 *
 * What is there by UID is updated where its components differ, so that the same import again changes nothing. Objects
 * are checked outside of any lock and written in transactions of at most IMPORT_BATCH; a failure in between leaves
 * those before it, and the same import again does the rest. In a transaction of the caller's all is written in that
 * one.
 */
#pragma once

#include "caldav/calendar/import/notes.h"
#include "caldav/calendar/store/store.h"

#define IMPORT_BATCH 50

struct import_result {
	int64_t created, updated, unchanged; /* objects */
	int64_t repaired;                    /* of created and updated */
	int64_t left_out;                    /* components */
	struct import_notes notes;
};

/*
 * skip: what is there by UID stays as it is, whatever the document has.
 *
 * out     true at each time of what is done already, also when it fails
 * errors  ICAL_DATA, ICAL_MEDIA (of the document as a whole, see cut.h); NOT_FOUND (the calendar went), FORBIDDEN (not
 *         writable), DAV_QUOTA (full before the first object), TOO_COSTLY
 */
MUST_CHECK err_t calendar_import(struct ctx *cx, const struct actor *actor, const struct calendar *calendar,
	struct str data, bool skip, struct import_result *out);
