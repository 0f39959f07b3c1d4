/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates that may have the words that are sought: by what stands beside them, without their data. */
#include "caldav/calendar/view/agenda_page.h"
#include "sql.h"

#define LOOKED_AT_MAX 50000 /* objects that may touch the range: each is a row to fetch, 0.001 ms */
#define SOUGHT_MAX 5000     /* of which so many may have the words */

struct objects_row {
	int64_t objects;
};
struct reach_row {
	int64_t events;
};

DB_RESULT(agenda_objects, struct objects_row, objects);
DB_RESULT(agenda_reach, struct reach_row, events);
DB_RESULT(agenda_sought, struct object, id, flags, size, first_at, last_at, occ_until, occ);

/* Small calendars are not counted: whatever the range, it has no more. */
static err_t are_too_many(
	struct ctx *cx, const struct agenda_query *q, struct instant start, struct instant end, bool *out)
{
	struct objects_row all;
	struct reach_row reach;
	TRY(db_row(cx, &sql_agenda_objects, ROW(agenda_objects, &all), IN(q->actor->owner), IN(q->calendars)));
	*out = all.objects > LOOKED_AT_MAX;
	if (!*out)
		return OK;
	TRY(db_row(cx, &sql_agenda_reach, ROW(agenda_reach, &reach), IN(q->actor->owner), IN(q->calendars), IN(start),
		IN(end), IN((int32_t)LOOKED_AT_MAX + 1)));
	*out = reach.events > LOOKED_AT_MAX;
	return OK;
}

err_t agenda_sought(struct ctx *cx, const struct agenda_query *q, struct instant start, struct instant end,
	struct object **rows_out, size_t *count_out, bool *all_out)
{
	bool too_many;
	*all_out = false;
	TRY(are_too_many(cx, q, start, end, &too_many));
	if (too_many)
		return OK;
	TRY(db_rows(cx, &sql_agenda_sought, agenda_sought, rows_out, count_out, IN(q->actor->owner), IN(q->calendars),
		IN(start), IN(end), IN(words_patterns(cx->mem, q->words)), IN((int32_t)SOUGHT_MAX)));
	*all_out = *count_out < SOUGHT_MAX;
	return OK;
}
