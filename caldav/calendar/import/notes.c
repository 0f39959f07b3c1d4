/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct import_notes notes_open(struct arena *mem)
{
	return (struct import_notes){ .items = arena_array(mem, struct import_note, IMPORT_NOTES_MAX) };
}

void notes_add(struct import_notes *notes, int line, bool left_out, const char *format, ...)
{
	if (notes->count == IMPORT_NOTES_MAX) {
		notes->more++;
		return;
	}
	struct import_note *note = &notes->items[notes->count++];
	va_list args;
	note->line = line;
	note->left_out = left_out;
	va_start(args, format);
	(void)vsnprintf(note->text, sizeof note->text, format, args);
	va_end(args);
	bool text = str_is_utf8(str_of(note->text));
	for (char *c = note->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F || (!text && (unsigned char)*c >= 0x80))
			*c = '?';
}

static int note_cmp(const void *a, const void *b)
{
	const struct import_note *x = a, *y = b;
	return x->line != y->line ? (x->line < y->line ? -1 : 1) : strcmp(x->text, y->text);
}

void notes_sort(struct import_notes *notes)
{
	qsort(notes->items, notes->count, sizeof *notes->items, note_cmp);
}
