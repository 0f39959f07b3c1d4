/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spots of a page, whatever order they come in: so many as the page has, the nearest to its position, and one more
 * that tells of others. A full page has an edge, and what begins beyond it need not be looked for. For the files
 * agenda*.c.
 */
#pragma once

#include "caldav/calendar/view/agenda.h"

struct spot spot_at(const struct object *object, int64_t start, int64_t end, struct str recurrence_id);
struct str spot_instance(const struct spot *spot);
struct agenda_position spot_position(const struct spot *spot);

struct agenda_page {
	const struct agenda_position *position; /* only what comes after it, with `back` before it; NULL: everywhere */
	bool back;
	size_t limit;
	struct spot *spots; /* the nearest first */
	size_t count;       /* up to limit + 1 */
};

struct agenda_page agenda_page_new(struct arena *mem, const struct agenda_position *position, bool back, size_t limit);
/* What stands there already is put once. */
void agenda_page_put(struct agenda_page *page, const struct spot *spot);
/* What stands at the spots, in order of start, or what of it fits: large events make a short page. */
MUST_CHECK err_t agenda_read_spots(
	struct ctx *cx, const struct agenda_query *q, const struct agenda_page *page, struct agenda_list *out);
/*
 * The objects of the range [start, end) that may have q->words, in any order, as candidates. *all_out is false where
 * these are not all, since there are too many to be looked at or found.
 */
MUST_CHECK err_t agenda_sought(struct ctx *cx, const struct agenda_query *q, struct instant start, struct instant end,
	struct object **rows_out, size_t *count_out, bool *all_out);
/* What begins at or after this second has no spot here; INT64_MAX while there is room that way. */
int64_t agenda_page_end(const struct agenda_page *page);
/* What begins before this second has no spot here; INT64_MIN while there is room that way. */
int64_t agenda_page_begin(const struct agenda_page *page);
