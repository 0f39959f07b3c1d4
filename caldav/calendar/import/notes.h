/* SPDX-License-Identifier: Apache-2.0 */
/* What an import tells of the lines that it could not take as they were sent: so many, and how many more there are. */
#pragma once

#include "server/base/str.h"

#define IMPORT_NOTES_MAX 200

enum note_kind {
	NOTE_NONE,
#define NOTE(kind, code, text) kind,
#include "caldav/calendar/import/notes.def"
#undef NOTE
	NOTE_KINDS
};

struct import_note {
	int line;      /* of the document that was sent, from 1 on */
	bool left_out; /* else repaired */
	enum note_kind kind;
	char what[41], why[200]; /* UTF-8, without control characters; "" where the text has none */
	const char *format;      /* of the error whose text `why` is, without its line; NULL: of none (struct err) */
};

struct import_notes {
	struct import_note *items; /* IMPORT_NOTES_MAX of them */
	size_t count;
	int64_t more; /* that are not listed */
};

struct import_notes notes_open(struct arena *mem);
/* what and why may quote what was sent: they are cut, and made valid UTF-8. */
void notes_add(
	struct import_notes *notes, int line, bool left_out, enum note_kind kind, struct str what, struct str why);
/* The note that was added last says what an error of this format says. */
void notes_quote(struct import_notes *notes, const char *format);
/* In the order of the document. */
void notes_sort(struct import_notes *notes);

/* "uid_missing": what a program asks for. */
struct str note_code(enum note_kind kind);
/* In English, with {what} and {why} in it. */
const char *note_format(enum note_kind kind);
/* In English, whole. */
struct str note_text(struct arena *mem, const struct import_note *note);
