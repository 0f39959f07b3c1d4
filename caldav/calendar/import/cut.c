/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/cut.h"

#include <string.h>

#include "caldav/calendar/ical/scan.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "server/crypto/digest.h"

struct cutter {
	struct ctx *cx;
	struct import_notes *notes;
	struct import_document *doc;
	struct import_line *lines;
	struct import_piece *open; /* NULL: between components */
	struct str stack[IMPORT_DEPTH_MAX];
	size_t depth;         /* of components open inside the VCALENDAR; may be more than the stack has */
	size_t skipped_depth; /* of a component that is left out */
	size_t zones;
	int calendars;
	bool in_calendar;
};

/* ---- lines ---- */

bool import_property(struct str line, struct str *name_out, struct str *value_out)
{
	size_t n = 0;
	bool quoted = false;
	while (n < line.len && (char_is_alpha(line.ptr[n]) || char_is_digit(line.ptr[n]) || line.ptr[n] == '-' ||
				       line.ptr[n] == '_' || line.ptr[n] == '.'))
		n++;
	if (!n || n == line.len || (line.ptr[n] != ':' && line.ptr[n] != ';'))
		return false;
	*name_out = str_sub(line, 0, n);
	for (; n < line.len; n++) {
		if (line.ptr[n] == '"')
			quoted = !quoted;
		else if (line.ptr[n] == ':' && !quoted)
			break;
	}
	*value_out = str_from(line, n + 1);
	return n < line.len;
}

/* Old Macs ended lines with CR alone: where no line ends with LF, they are line ends. */
static struct str line_ends(struct ctx *cx, struct str data, struct import_notes *notes)
{
	if (str_has(data, '\n') || !str_has(data, '\r'))
		return data;
	char *copy = arena_take(cx->mem, data.len, 1);
	for (size_t i = 0; i < data.len; i++)
		copy[i] = data.ptr[i] == '\r' ? '\n' : data.ptr[i];
	notes_add(notes, 1, false, NOTE_LINE_ENDS, STR(""), STR(""));
	return (struct str){ copy, data.len };
}

static err_t lines_read(struct cutter *c, struct str data)
{
	size_t count = 1;
	struct scan scan = scan_open(data);
	struct scan_line line;
	for (size_t i = 0; i < data.len; i++)
		count += data.ptr[i] == '\n';
	if (count > IMPORT_LINES_MAX)
		return REFUSE(
			c->cx, ICAL_DATA, "", "More than %d lines: send the calendar in parts.", IMPORT_LINES_MAX);
	c->lines = arena_array(c->cx->mem, struct import_line, count);
	while (scan_any(c->cx, &scan, &line))
		c->lines[c->doc->line_count++] = (struct import_line){ line.raw, line.text, line.number };
	c->doc->lines = c->lines;
	return OK;
}

/* ---- components ---- */

/* Two exports of the same are the same, although each has its own time in them. */
static bool is_stamp(struct str name)
{
	return str_eq_nocase(name, STR("DTSTAMP")) || str_eq_nocase(name, STR("CREATED")) ||
	       str_eq_nocase(name, STR("LAST-MODIFIED")) || str_eq_nocase(name, STR("UID"));
}

static struct str uid_of_content(struct cutter *c, const struct import_piece *piece)
{
	size_t size = 1;
	uint8_t digest[SHA256_SIZE];
	struct arena_mark mark = arena_mark(c->cx->mem);
	for (size_t i = piece->first; i < piece->last; i++)
		size += c->lines[i].text.len + 1;
	struct buf text = buf_new(c->cx->mem, size);
	for (size_t i = piece->first; i < piece->last; i++) {
		struct str name, value;
		if (import_property(c->lines[i].text, &name, &value) && is_stamp(name))
			continue;
		buf_add(&text, c->lines[i].text);
		buf_char(&text, '\n');
	}
	sha256(bytes_of(buf_str(&text).ptr, text.len), digest);
	arena_rewind(c->cx->mem, mark);
	return str_cat(c->cx->mem, STR("import-"), hex_of(c->cx->mem, bytes_of(digest, 16)));
}

/* The component ends before line `last`. */
static void close_piece(struct cutter *c, size_t last)
{
	struct import_piece *piece = c->open;
	if (!piece)
		return;
	piece->last = last;
	if (c->depth && !piece->too_deep)
		notes_add(c->notes, piece->line, false, NOTE_END_ADDED, piece->name, STR(""));
	if (!piece->tzid.ptr && ical_component(piece->name) && !str_trim(piece->uid, STR_BLANK).len) {
		piece->uid_made = true;
		piece->uid = uid_of_content(c, piece);
		notes_add(c->notes, piece->line, false, NOTE_UID_MADE, piece->name, STR(""));
	}
	c->open = NULL;
	c->depth = 0;
}

/* What is not taken at all: passed over up to its END. */
static void leave_out(struct cutter *c, int line, struct str name, enum note_kind why)
{
	c->skipped_depth = 1;
	c->doc->left_out++;
	notes_add(c->notes, line, true, why, name, STR(""));
}

static void open_piece(struct cutter *c, size_t at, struct str name)
{
	struct import_document *doc = c->doc;
	int line = c->lines[at].number;
	bool zone = str_eq(name, STR("VTIMEZONE"));
	if (!c->in_calendar)
		notes_add(c->notes, line, false, NOTE_OUTSIDE, name, STR(""));
	if (!zone && !ical_component(name))
		leave_out(c, line, name, NOTE_KIND_UNKNOWN);
	else if (doc->piece_count == IMPORT_PIECES_MAX)
		leave_out(c, line, name, NOTE_MANY_PIECES);
	else if (zone && ++c->zones > IMPORT_ZONES_MAX)
		leave_out(c, line, name, NOTE_MANY_ZONES);
	else {
		c->open = &doc->pieces[doc->piece_count++];
		*c->open = (struct import_piece){ .name = name,
			.first = at,
			.line = line,
			.calendar = c->calendars,
			.tzid = zone ? STR("") : STR_ABSENT };
		c->stack[0] = name;
		c->depth = 1;
	}
}

static void begin(struct cutter *c, size_t at, struct str name)
{
	bool outer = str_eq(name, STR("VTIMEZONE")) || ical_component(name);
	if (str_eq(name, STR("VCALENDAR"))) {
		close_piece(c, at);
		c->skipped_depth = 0;
		c->calendars++;
		c->in_calendar = true;
	} else if (outer) { /* no component has one of these inside */
		close_piece(c, at);
		c->skipped_depth = 0;
		open_piece(c, at, name);
	} else if (c->skipped_depth) {
		c->skipped_depth++;
	} else if (c->open) {
		if (c->depth < IMPORT_DEPTH_MAX)
			c->stack[c->depth] = name;
		else
			c->open->too_deep = true;
		c->depth++;
	} else {
		open_piece(c, at, name);
	}
}

static void end(struct cutter *c, size_t at, struct str name)
{
	int line = c->lines[at].number;
	if (str_eq(name, STR("VCALENDAR"))) {
		close_piece(c, at);
		c->skipped_depth = 0;
		c->in_calendar = false;
		return;
	}
	if (c->skipped_depth) {
		c->skipped_depth--;
		return;
	}
	size_t depth = c->depth;
	if (depth <= IMPORT_DEPTH_MAX)
		while (depth && !str_eq(c->stack[depth - 1], name))
			depth--;
	if (!depth) {
		notes_add(c->notes, line, true, NOTE_BEGIN_MISSING, name, STR(""));
		return;
	}
	if (depth < c->depth)
		notes_add(c->notes, line, false, NOTE_END_ADDED_BEFORE, c->stack[depth], STR(""));
	c->depth = depth - 1;
	if (!c->depth)
		close_piece(c, at + 1);
}

/* ---- properties ---- */

static err_t of_calendar(struct cutter *c, const struct import_line *line, struct str name, struct str value)
{
	value = str_trim(value, STR_BLANK);
	if (str_eq_nocase(name, STR("VERSION")) && !str_eq(value, STR("2.0")))
		return REFUSE(c->cx, ICAL_MEDIA, "VERSION", "Line %d: only iCalendar of VERSION:2.0 is imported.",
			line->number);
	if (str_eq_nocase(name, STR("CALSCALE")) && !str_eq_nocase(value, STR("GREGORIAN")))
		return REFUSE(c->cx, ICAL_DATA, "CALSCALE", "Line %d: this CALSCALE is not supported.", line->number);
	return OK;
}

static void of_piece(struct cutter *c, const struct import_line *line, struct str name, struct str value)
{
	struct import_piece *piece = c->open;
	uint64_t number;
	if (piece->tzid.ptr) {
		if (str_eq_nocase(name, STR("TZID")))
			piece->tzid = tzid_plain(c->cx->mem, value);
	} else if (str_eq_nocase(name, STR("UID"))) {
		piece->uid = ical_text(c->cx->mem, value);
	} else if (str_eq_nocase(name, STR("RECURRENCE-ID"))) {
		piece->recurrence_id = line->text;
	} else if (str_eq_nocase(name, STR("SEQUENCE")) && str_to_u64(value, INT32_MAX, &number)) {
		piece->sequence = (int64_t)number;
	}
}

static err_t line_cut(struct cutter *c, size_t at)
{
	const struct import_line *line = &c->lines[at];
	struct str name, value;
	if (!import_property(line->text, &name, &value)) {
		if (!c->open && !c->skipped_depth)
			notes_add(c->notes, line->number, true, NOTE_NO_PROPERTY, STR(""), STR(""));
		return OK;
	}
	if (str_starts_nocase(line->text, STR("BEGIN:")))
		begin(c, at, str_upper(c->cx->mem, str_trim(value, STR_BLANK)));
	else if (str_starts_nocase(line->text, STR("END:")))
		end(c, at, str_upper(c->cx->mem, str_trim(value, STR_BLANK)));
	else if (c->open && c->depth == 1)
		of_piece(c, line, name, value);
	else if (!c->open && !c->skipped_depth)
		return of_calendar(c, line, name, value);
	return OK;
}

err_t import_cut(struct ctx *cx, struct str data, struct import_notes *notes, struct import_document *out)
{
	struct cutter c = { .cx = cx, .notes = notes, .doc = out };
	*out = (struct import_document){ 0 };
	if (str_starts(data, STR("\xFF\xFE")) || str_starts(data, STR("\xFE\xFF")))
		return REFUSE(cx, ICAL_DATA, "", "This document is in UTF-16. Save it in UTF-8 and send that.");
	TRY(lines_read(&c, line_ends(cx, data, notes)));
	out->pieces = arena_array(cx->mem, struct import_piece, IMPORT_PIECES_MAX);
	for (size_t i = 0; i < out->line_count; i++)
		TRY(line_cut(&c, i));
	close_piece(&c, out->line_count);
	if (!c.calendars)
		return REFUSE(cx, ICAL_DATA, "", "There is no BEGIN:VCALENDAR: this is not an iCalendar document.");
	if (c.in_calendar)
		notes_add(notes, out->lines[out->line_count - 1].number, false, NOTE_CALENDAR_OPEN, STR(""), STR(""));
	return OK;
}
