/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One content line, mended by libical. It sees a single line at a time, of at most MEND_LINE_MAX octets, without
 * control characters: its recursion on nested components and its square time on long lines (docs/adr/0009) cannot be
 * reached. Where a line needs nothing, it stays as it was sent, to the octet.
 */
#pragma once

#include "caldav/calendar/import/cut.h"

#define MEND_LINE_MAX 4096

enum mend_form {
	AS_SENT,
	MENDED,       /* octets that are no text are replaced, and what libical refuses goes */
	WRITTEN_ANEW, /* each line that libical knows is as it writes it */
	MEND_FORMS
};

struct mend_why {
	enum note_kind kind;
	struct str said; /* of NOTE_VALUE: the type of value that it should be ("RECUR"); in cx->mem */
};

/*
 * The line in this form, with its line end, in cx->mem. Absent: it goes, and why_out says why; else why_out is
 * NOTE_NONE where it is as it was sent, and what was done to it where it is not.
 */
struct str mend_line(struct ctx *cx, const struct import_line *line, enum mend_form form, struct mend_why *why_out);
