/* SPDX-License-Identifier: Apache-2.0 */
/* The text of one object: the time zones that its components use, and these, each in the form that is asked for. */
#pragma once

#include "caldav/calendar/import/group.h"
#include "caldav/calendar/validate.h"

/* Which line of the document stands where in an object's text. */
struct object_line {
	int in_text, in_document; /* physical lines, from 1 on */
};

struct object_text {
	struct str data; /* in cx->mem */
	struct object_line *map;
	size_t map_count;
};

/* First: mark the time zones that it uses. */
void object_zones(struct import_work *work, const struct import_piece *leader);

/* Lines of all its components and time zones. */
size_t object_lines(const struct import_work *work, const struct import_piece *leader);

/* Notes say what was mended. Of a time zone that we know by name, only what is AS_SENT brings its own definition. */
void object_write(
	struct import_work *work, const struct import_piece *leader, enum mend_form form, struct object_text *out);

/*
 * What ical_validate() complains of, without its line ("line 7: …"). *line_out is that of the document; where it names
 * no line, that of the property it is about, if the object has it once, else that of the first component.
 */
struct str object_complaint(const struct import_work *work, const struct object_text *text,
	const struct import_piece *leader, err_t e, int *line_out);
