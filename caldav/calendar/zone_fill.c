/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/zone_fill.h"

#include "caldav/calendar/validate.h"
#include "caldav/calendar/zone/zone.h"
#include "server/db/query.h"
#include "sql.h"

#define OBJECTS_A_RUN 500
#define OCTETS_A_RUN (INT64_C(4) << 20)

struct stored {
	struct id account, id;
	struct bytes etag;
	int16_t flags;
	struct instant first_at, last_at, occ_until;
	struct bytes occ;
	struct str data; /* absent: there is nothing to do for it */
};
DB_RESULT(zone_fill_next, struct stored, account, id, etag, flags, first_at, last_at, occ_until, occ, data);

struct refilled {
	bool held;
};
DB_RESULT(zone_fill_put, struct refilled, held);

static bool instant_same(struct instant a, struct instant b)
{
	return !instant_before(a, b) && !instant_before(b, a);
}

/* Of what happens once there are none, which is stored as no octets. */
static bool occ_same(struct bytes a, struct bytes b)
{
	return a.len == b.len && (!a.len || bytes_same(a, b));
}

static bool same(const struct stored *row, const struct ical_facts *facts)
{
	return row->flags == facts->flags && instant_same(row->first_at, facts->first_at) &&
	       instant_same(row->last_at, facts->last_at) && instant_same(row->occ_until, facts->occ_until) &&
	       occ_same(row->occ, facts->occ);
}

/* held: what somebody else has at this moment and may leave as it is. */
static err_t refill(struct ctx *cx, const struct stored *row, bool *held)
{
	struct ical_facts facts;
	struct refilled put = { 0 };
	if (!ical_validate(cx, row->data, &facts) && !same(row, &facts))
		TRY(db_row(cx, &sql_zone_fill_put, ROW(zone_fill_put, &put), IN(row->account), IN(row->id),
			IN(row->etag), IN(facts.first_at), IN(facts.last_at), IN(facts.occ_until), IN(facts.flags),
			IN(facts.occ)));
	*held = put.held;
	return OK;
}

/* done: of so many none was held, from the first. Those after it are not kept waiting. */
static err_t refill_all(struct ctx *cx, const struct stored *rows, size_t count, size_t *done)
{
	*done = count;
	for (size_t i = 0; i < count; i++) {
		struct arena_mark mark = arena_mark(cx->mem);
		bool held = false;
		if (rows[i].data.ptr)
			TRY(refill(cx, &rows[i], &held));
		if (held && i < *done)
			*done = i;
		arena_rewind(cx->mem, mark);
	}
	return OK;
}

err_t zone_fill(struct ctx *cx, void *unused)
{
	struct stored *rows;
	size_t count, done;
	(void)unused;
	TRY(db_exec(cx, &sql_zone_fill_begin, NULL, IN(zone_version())));
	TRY(db_rows(
		cx, &sql_zone_fill_next, zone_fill_next, &rows, &count, IN((int32_t)OBJECTS_A_RUN), IN(OCTETS_A_RUN)));
	if (!count)
		return db_exec(cx, &sql_zone_fill_end, NULL, IN_NONE);
	TRY(refill_all(cx, rows, count, &done));
	if (done)
		TRY(db_exec(cx, &sql_zone_fill_place, NULL, IN(rows[done - 1].account), IN(rows[done - 1].id)));
	cx->found = true; /* what is held is come back to */
	return OK;
}
