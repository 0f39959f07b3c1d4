/* SPDX-License-Identifier: Apache-2.0 */
/* What an import tells of the lines that it could not take as they were sent: so many, and how many more there are. */
#pragma once

#include <stdarg.h>

#include "server/base/str.h"

#define IMPORT_NOTES_MAX 200

struct import_note {
	int line;      /* of the document that was sent, from 1 on */
	bool left_out; /* else repaired */
	char text[240];
};

struct import_notes {
	struct import_note *items; /* IMPORT_NOTES_MAX of them */
	size_t count;
	int64_t more; /* that are not listed */
};

struct import_notes notes_open(struct arena *mem);
/* The text is cut at its end and made valid UTF-8: it may quote what was sent. */
__attribute__((format(printf, 4, 5))) void notes_add(
	struct import_notes *notes, int line, bool left_out, const char *format, ...);
/* In the order of the document. */
void notes_sort(struct import_notes *notes);
