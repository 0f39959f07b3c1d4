/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first spots of a page, whatever order they come in: so many as the page has, and one more that tells of others.
 * A full page has an end, and what begins after it need not be looked for. For the files agenda*.c.
 */
#pragma once

#include "caldav/calendar/view/agenda.h"

#define RECURRENCE_ID_MAX 16 /* 20261124T090000Z */

/* Where an item is. */
struct spot {
	int64_t start, end; /* seconds */
	struct id object;
	char recurrence_id[RECURRENCE_ID_MAX];
	size_t recurrence_id_len; /* 0: the event does not recur, or stands for all its instances */
	int32_t size;             /* of the object */
};

struct spot spot_at(const struct object *object, int64_t start, int64_t end, struct str recurrence_id);
struct str spot_instance(const struct spot *spot);
struct agenda_position spot_position(const struct spot *spot);

struct agenda_page {
	const struct agenda_position *after; /* only what comes after it; NULL: everywhere */
	size_t limit;
	struct spot *spots; /* sorted */
	size_t count;       /* up to limit + 1 */
};

struct agenda_page agenda_page_new(struct arena *mem, const struct agenda_position *after, size_t limit);
void agenda_page_put(struct agenda_page *page, const struct spot *spot);
/* What begins at or after this second has no spot here any more; INT64_MAX while there is room. */
int64_t agenda_page_end(const struct agenda_page *page);
