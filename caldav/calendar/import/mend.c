/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/mend.h"

#include <libical/ical.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static struct str as_sent(struct ctx *cx, const struct import_line *line)
{
	return str_ends(line->raw, STR("\n")) ? line->raw : str_cat(cx->mem, line->raw, STR("\r\n"));
}

/* How many octets at the front are one character; 0: none is. */
static size_t character(struct str s)
{
	for (size_t n = 1; n <= 4 && n <= s.len; n++)
		if (str_is_utf8(str_sub(s, 0, n)))
			return n;
	return 0;
}

/* Without control characters; U+FFFD for what is no UTF-8. */
static struct str readable(struct ctx *cx, struct str text)
{
	struct buf out = buf_new(cx->mem, 3 * text.len + 1);
	for (size_t i = 0; i < text.len;) {
		unsigned char c = (unsigned char)text.ptr[i];
		size_t n = character(str_from(text, i));
		if (!n)
			BUF_LIT(&out, REPLACEMENT);
		else if ((c >= 0x20 && c != 0x7F) || c == '\t')
			buf_add(&out, str_sub(text, i, i + n));
		i += n ? n : 1;
	}
	return buf_str(&out);
}

/* Without its last quote, which closes nothing. */
static struct str unquoted(struct ctx *cx, struct str text)
{
	size_t at = text.len;
	while (at && text.ptr[at - 1] != '"')
		at--;
	return at ? str_cat(cx->mem, str_sub(text, 0, at - 1), str_from(text, at)) : text;
}

static struct str folded(struct ctx *cx, struct str text, struct str name, struct str value)
{
	struct buf out = buf_new(cx->mem, 2 * text.len + 64);
	ical_line(&out, name, str_sub(text, name.len, text.len - value.len - 1), value);
	return buf_str(&out);
}

/* Properties without which the rest means something else: empty ones say nothing. */
static bool is_timing(struct str name)
{
	static const struct str names[] = { STR_INIT("DTSTART"), STR_INIT("DTEND"), STR_INIT("DUE"),
		STR_INIT("DURATION"), STR_INIT("RRULE"), STR_INIT("EXRULE"), STR_INIT("RDATE"), STR_INIT("EXDATE"),
		STR_INIT("RECURRENCE-ID") };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, names[i]))
			return true;
	return false;
}

/* "Can't parse as RECUR value in RRULE property. …" is about a RECUR; empty: it names none. */
static struct str type_in(struct str complaint)
{
	size_t at = str_find(complaint, STR(" as ")), end = str_find(complaint, STR(" value in "));
	return at < end && end < complaint.len ? str_sub(complaint, at + 4, end) : STR("");
}

/* What libical says of a property that it took out, in our words: its own are in English. */
static struct mend_why complaint(struct ctx *cx, const icalproperty *error)
{
	struct str wanted = type_in(str_of(icalproperty_get_xlicerror(error)));
	return (struct mend_why){ wanted.len ? NOTE_VALUE : NOTE_UNREADABLE, str_dup(cx->mem, wanted) };
}

/* What libical makes of one line that has no line end in it. Absent: it refuses it. */
static struct str checked(struct ctx *cx, struct str text, struct mend_why *why_out)
{
	struct str whole = str_cat(cx->mem, str_cat(cx->mem, STR("BEGIN:VEVENT\r\n"), text), STR("\r\nEND:VEVENT\r\n"));
	struct str written = STR_ABSENT;
	icalcomponent *comp = icalparser_parse_string(str_c(cx->mem, whole));
	*why_out = (struct mend_why){ NOTE_UNREADABLE, STR("") };
	for (icalproperty *p = comp ? icalcomponent_get_first_property(comp, ICAL_ANY_PROPERTY) : NULL; p;
		p = icalcomponent_get_next_property(comp, ICAL_ANY_PROPERTY)) {
		if (icalproperty_isa(p) == ICAL_XLICERROR_PROPERTY) {
			*why_out = complaint(cx, p);
			continue;
		}
		char *line = icalproperty_as_ical_string_r(p);
		written = line ? str_dup(cx->mem, str_of(line)) : STR_ABSENT;
		icalmemory_free_buffer(line);
	}
	if (comp)
		icalcomponent_free(comp);
	return written;
}

/* Does libical have an opinion about it? */
static bool is_known(struct ctx *cx, struct str text, struct str name)
{
	return text.len <= MEND_LINE_MAX && !str_starts_nocase(name, STR("X-")) &&
	       icalproperty_string_to_kind(str_c(cx->mem, name)) != ICAL_NO_PROPERTY;
}

/* A line that can be cut into name and value, said what was done to it; absent where it cannot. */
static struct str repaired(struct ctx *cx, const struct import_line *line, struct mend_why *why_out)
{
	struct str text = readable(cx, line->text), name, value;
	if (line->raw.ptr[0] == ' ' || line->raw.ptr[0] == '\t') {
		why_out->kind = NOTE_FOLD_ALONE;
		return STR_ABSENT;
	}
	if (!str_eq(text, line->text))
		why_out->kind = NOTE_OCTETS;
	if (import_property(text, &name, &value))
		return text;
	text = unquoted(cx, text);
	bool good = import_property(text, &name, &value);
	why_out->kind = good ? NOTE_QUOTE : NOTE_LINE_NO_PROPERTY;
	return good ? text : STR_ABSENT;
}

struct str mend_line(struct ctx *cx, const struct import_line *line, enum mend_form form, struct mend_why *why_out)
{
	struct str text, name, value, written;
	struct mend_why why;
	*why_out = (struct mend_why){ NOTE_NONE, STR("") };
	if (form == AS_SENT)
		return as_sent(cx, line);
	text = repaired(cx, line, why_out);
	if (!text.ptr || !import_property(text, &name, &value))
		return STR_ABSENT;
	bool empty = !str_trim(value, STR_BLANK).len;
	if (empty && is_timing(name)) {
		why_out->kind = NOTE_NO_VALUE;
		return STR_ABSENT;
	}
	struct str kept = why_out->kind ? folded(cx, text, name, value) : as_sent(cx, line);
	if (empty || !is_known(cx, text, name))
		return kept;
	written = checked(cx, text, &why);
	if (!written.ptr)
		*why_out = why;
	else if (form == WRITTEN_ANEW && !str_eq(written, kept))
		why_out->kind = NOTE_WRITTEN_ANEW;
	return !written.ptr || form == WRITTEN_ANEW ? written : kept;
}
