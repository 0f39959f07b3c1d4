/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_file.h"

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/import/cut.h"
#include "server/account/label.h"
#include "web/say.h"

#define NAMED_WITHIN 4096 /* octets of the beginning in which a name is looked for */

/* ---- what it is ---- */

/* clang-format off */
#define NOT_A_CALENDAR SAY("This is no calendar file. Those end in .ics and begin with BEGIN:VCALENDAR.")

static const struct {
	struct str begin;
	const char *text;
} others[] = {
	{ STR_INIT("PK\x03\x04"), SAY("This is a ZIP archive. Unpack it, then choose the .ics files in it one after the other.") },
	{ STR_INIT("PK\x05\x06"), SAY("This is an empty ZIP archive.") },
	{ STR_INIT("\x1F\x8B"), SAY("This file is compressed (gzip). Unpack it, then choose the .ics file.") },
	{ STR_INIT("%PDF"), NOT_A_CALENDAR },
	{ STR_INIT("\x89PNG"), NOT_A_CALENDAR },
	{ STR_INIT("\xFF\xD8\xFF"), NOT_A_CALENDAR },
	{ STR_INIT("<"), SAY("This is a web page or another document, no calendar file. Those begin with BEGIN:VCALENDAR.") },
	{ STR_INIT("BEGIN:VCARD"), SAY("These are contacts (a vCard), no calendar.") },
};
/* clang-format on */

/* The number of the first line, as it is without folds, that is not UTF-8; 0: there is none. */
static int line_not_utf8(struct ctx *cx, struct str data)
{
	struct buf line = buf_new(cx->mem, data.len);
	struct str rest = data, physical;
	int number = 0, first = 0;
	while (str_cut(&rest, '\n', &physical)) {
		bool folded = physical.len && (physical.ptr[0] == ' ' || physical.ptr[0] == '\t');
		number++;
		if (!folded && !str_is_utf8(buf_str(&line)))
			return first;
		if (!folded) {
			buf_clear(&line);
			first = number;
		}
		buf_add(&line, str_trim(str_from(physical, folded), "\r"));
	}
	return str_is_utf8(buf_str(&line)) ? 0 : first;
}

err_t calendar_file_check(struct ctx *cx, struct str data, bool anyway)
{
	bool utf16 = str_starts(data, STR("\xFF\xFE")) || str_starts(data, STR("\xFE\xFF")); /* the import tells it */
	if (!str_trim(data, STR_BLANK).len)
		return REFUSE(cx, INVALID_VALUE, "file", "This file is empty.");
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_starts_nocase(data, others[i].begin))
			return REFUSE(cx, INVALID_VALUE, "file", "%s", others[i].text);
	int line = anyway || utf16 ? 0 : line_not_utf8(cx, data);
	if (line)
		return REFUSE(cx, INVALID_VALUE, "encoding",
			"Line %d of this file is not in UTF-8, as if an older program had written it (ISO 8859-1, "
			"Windows). Save it in "
			"UTF-8, or export it anew.",
			line);
	return OK;
}

/* ---- its name ---- */

static bool try_name(struct ctx *cx, struct str text, struct str *out)
{
	return !label_clean(cx, "name", str_beginning(text, LABEL_MAX), out);
}

static bool name_inside(struct ctx *cx, struct str data, struct str *out)
{
	struct str rest = str_sub(data, 0, NAMED_WITHIN), line, name, value;
	while (str_cut(&rest, '\n', &line)) {
		line = str_trim(line, "\r");
		if (!str_is_utf8(line) || !import_property(line, &name, &value))
			continue;
		if ((str_eq_nocase(name, STR("X-WR-CALNAME")) || str_eq_nocase(name, STR("NAME"))) &&
			try_name(cx, ical_text(cx->mem, value), out))
			return true;
	}
	return false;
}

struct str calendar_file_name(struct ctx *cx, const struct form_file *file)
{
	struct str name = file->filename, out;
	if (name_inside(cx, file->data, &out))
		return out;
	if (str_ends(str_lower(cx->mem, name), STR(".ics")))
		name.len -= 4;
	return try_name(cx, name, &out) ? out : STR("Imported");
}
