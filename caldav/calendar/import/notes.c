/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/notes.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/buf.h"

#define TEXT_MAX 600

static const struct {
	const char *code, *text;
} rows[NOTE_KINDS] = {
#define NOTE(kind, code, text) [kind] = { code, text },
#include "caldav/calendar/import/notes.def"
#undef NOTE
};

struct import_notes notes_open(struct arena *mem)
{
	return (struct import_notes){ .items = arena_array(mem, struct import_note, IMPORT_NOTES_MAX) };
}

static void keep(char *to, size_t size, struct str from)
{
	struct str text = str_beginning(from, size - 1);
	bool utf8 = str_is_utf8(text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		to[i] = c < 0x20 || c == 0x7F || (!utf8 && c >= 0x80) ? '?' : text.ptr[i];
	}
	to[text.len] = '\0';
}

void notes_add(
	struct import_notes *notes, int line, bool left_out, enum note_kind kind, struct str what, struct str why)
{
	if (notes->count == IMPORT_NOTES_MAX) {
		notes->more++;
		return;
	}
	struct import_note *note = &notes->items[notes->count++];
	*note = (struct import_note){ .line = line, .left_out = left_out, .kind = kind };
	keep(note->what, sizeof note->what, what);
	keep(note->why, sizeof note->why, why);
}

void notes_quote(struct import_notes *notes, const char *format)
{
	if (notes->count && !notes->more)
		notes->items[notes->count - 1].format = format;
}

static int note_cmp(const void *a, const void *b)
{
	const struct import_note *x = a, *y = b;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->what, y->what);
}

void notes_sort(struct import_notes *notes)
{
	qsort(notes->items, notes->count, sizeof *notes->items, note_cmp);
}

struct str note_code(enum note_kind kind)
{
	return str_of(rows[kind].code);
}

const char *note_format(enum note_kind kind)
{
	return rows[kind].text;
}

struct str note_text(struct arena *mem, const struct import_note *note)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (struct str rest = str_of(rows[note->kind].text); rest.len;) {
		size_t at = str_find(rest, STR("{"));
		bool what = str_starts(str_from(rest, at), STR("{what}"));
		bool why = str_starts(str_from(rest, at), STR("{why}"));
		buf_add(&out, str_sub(rest, 0, at));
		if (at >= rest.len)
			break;
		buf_add(&out, what ? str_of(note->what) : why ? str_of(note->why) : STR("{"));
		rest = str_from(rest, at + (what ? 6 : why ? 5 : 1));
	}
	return buf_str(&out);
}
