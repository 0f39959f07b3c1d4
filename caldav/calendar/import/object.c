/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/object.h"

#include <string.h>

#include "caldav/calendar/recur/vtimezone.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\n"
#define HEAD_LINES 3
#define TAIL "END:VCALENDAR\r\n"

struct writer {
	struct import_work *work;
	enum mend_form form;
	struct buf text;
	int line; /* the next physical one of the text */
	struct object_text *out;
	struct str stack[IMPORT_DEPTH_MAX]; /* components that are open */
	size_t depth;
};

/* ---- time zones ---- */

static void zone_mark(struct import_work *work, struct str tzid, const struct import_piece *leader)
{
	for (size_t i = 0; i < work->doc.piece_count; i++) {
		struct import_piece *zone = &work->doc.pieces[i];
		if (zone->tzid.len && !zone->too_deep && zone->calendar == leader->calendar &&
			str_eq_nocase(zone->tzid, tzid))
			zone->used_by = leader;
	}
}

/* One mark for each name in a row: most objects have one zone. */
void object_zones(struct import_work *work, const struct import_piece *leader)
{
	struct str last = STR_ABSENT;
	for (const struct import_piece *p = leader; p; p = p->next) {
		for (size_t i = p->first; i < p->last && !p->gone; i++) {
			size_t from, to;
			ical_tzid_span(work->doc.lines[i].text, &from, &to);
			struct str name = str_sub(work->doc.lines[i].text, from, to);
			if (!name.len || str_eq(name, last))
				continue;
			last = name;
			zone_mark(work, tzid_plain(work->cx->mem, str_trim(name, "\"")), leader);
		}
	}
}

size_t object_lines(const struct import_work *work, const struct import_piece *leader)
{
	size_t count = 0;
	for (const struct import_piece *p = leader; p; p = p->next)
		count += p->gone ? 0 : p->last - p->first;
	for (size_t i = 0; i < work->doc.piece_count; i++)
		if (work->doc.pieces[i].used_by == leader)
			count += work->doc.pieces[i].last - work->doc.pieces[i].first;
	return count;
}

/* ---- lines ---- */

static void line_write(struct writer *w, struct str line, int number)
{
	w->out->map[w->out->map_count++] = (struct object_line){ w->line, number };
	for (size_t i = 0; i < line.len; i++)
		w->line += line.ptr[i] == '\n';
	buf_add(&w->text, line);
}

static void end_write(struct writer *w, int number)
{
	struct str name = w->stack[--w->depth];
	line_write(w, str_cat(w->work->cx->mem, str_cat(w->work->cx->mem, STR("END:"), name), STR("\r\n")), number);
}

/* BEGIN and END: whatever of it was missing is there. True: it was one. */
static bool frame_write(struct writer *w, const struct import_line *line)
{
	struct ctx *cx = w->work->cx;
	struct mend_why why;
	struct str name;
	bool begin = str_starts_nocase(line->text, STR("BEGIN:"));
	if (!begin && !str_starts_nocase(line->text, STR("END:")))
		return false;
	name = str_upper(cx->mem, str_trim(str_from(line->text, begin ? 6 : 4), STR_BLANK));
	if (begin) {
		w->stack[w->depth++] = name;
		line_write(w, mend_line(cx, line, AS_SENT, &why), line->number);
		return true;
	}
	size_t at = w->depth;
	while (at && !str_eq(w->stack[at - 1], name))
		at--;
	if (!at)
		return true; /* END of nothing */
	while (w->depth > at)
		end_write(w, line->number);
	w->depth--;
	line_write(w, mend_line(cx, line, AS_SENT, &why), line->number);
	return true;
}

static bool is_uid(struct str text)
{
	struct str name, value;
	return import_property(text, &name, &value) && str_eq_nocase(name, STR("UID"));
}

static void property_write(struct writer *w, const struct import_line *line)
{
	struct mend_why why;
	struct str text = mend_line(w->work->cx, line, w->form, &why);
	if (why.kind)
		notes_add(&w->work->notes, line->number, !text.ptr, why.kind, line->text, why.said);
	if (text.ptr)
		line_write(w, text, line->number);
}

static void piece_write(struct writer *w, const struct import_piece *piece)
{
	w->depth = 0;
	for (size_t i = piece->first; i < piece->last; i++) {
		const struct import_line *line = &w->work->doc.lines[i];
		if (frame_write(w, line)) {
			if (i == piece->first && piece->uid_made)
				line_write(w, str_fmt(w->work->cx->mem, "UID:%.*s\r\n", STR_ARG(piece->uid)),
					line->number);
			continue;
		}
		if (!(piece->uid_made && w->depth == 1 && is_uid(line->text)))
			property_write(w, line);
	}
	while (w->depth)
		end_write(w, w->work->doc.lines[piece->last - 1].number);
}

/* ---- the object ---- */

void object_write(
	struct import_work *work, const struct import_piece *leader, enum mend_form form, struct object_text *out)
{
	size_t lines = object_lines(work, leader), count = work->doc.piece_count;
	struct writer w = { .work = work, .form = form, .out = out, .line = HEAD_LINES + 1 };
	work->mended += form == AS_SENT ? 0 : lines;
	w.text = buf_new(work->cx->mem, 16 * OBJECT_SIZE_MAX);
	/* an END for each BEGIN at the worst, and a UID for each component */
	*out = (struct object_text){ .map = arena_array(work->cx->mem, struct object_line, 3 * lines + 1) };
	BUF_LIT(&w.text, HEAD);
	for (size_t i = 0; i < count; i++) {
		const struct import_piece *zone = &work->doc.pieces[i];
		if (zone->used_by == leader && (form == AS_SENT || !zone_by_name(zone->tzid)))
			piece_write(&w, zone);
	}
	for (const struct import_piece *p = leader; p; p = p->next)
		if (!p->gone)
			piece_write(&w, p);
	BUF_LIT(&w.text, TAIL);
	out->data = buf_str(&w.text);
}

/* The first line of the components that has this in it; 0 for none. */
static int line_with(const struct import_work *work, const struct import_piece *leader, struct str wanted)
{
	for (const struct import_piece *p = leader; p && wanted.len; p = p->next)
		for (size_t i = p->first; i < p->last && !p->gone; i++)
			if (str_find(work->doc.lines[i].text, wanted) != SIZE_MAX)
				return work->doc.lines[i].number;
	return 0;
}

/* What stands between the first two quotes; empty where there are none. */
static struct str quoted(struct str said)
{
	struct str before, inside = STR("");
	if (str_cut(&said, '"', &before) && said.ptr && str_has(said, '"'))
		(void)str_cut(&said, '"', &inside);
	return inside;
}

struct str object_complaint(const struct import_work *work, const struct object_text *text,
	const struct import_piece *leader, err_t e, int *line_out)
{
	struct str said = err_text(e), rest = said, head;
	uint64_t at;
	size_t i = 0;
	int with = line_with(work, leader, quoted(said));
	*line_out = with ? with : leader->line;
	if (!str_starts(said, STR("line ")) || !str_cut(&rest, ':', &head) ||
		!str_to_u64(str_from(head, 5), INT32_MAX, &at))
		return said;
	while (i + 1 < text->map_count && (uint64_t)text->map[i + 1].in_text <= at)
		i++;
	if (text->map_count && (uint64_t)text->map[i].in_text <= at)
		*line_out = text->map[i].in_document + ((int)at - text->map[i].in_text);
	return str_trim(rest, STR_BLANK);
}
