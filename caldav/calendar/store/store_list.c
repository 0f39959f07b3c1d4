/* SPDX-License-Identifier: Apache-2.0 */
/* Many objects of a calendar, a page at a time. */
#include <assert.h>
#include <string.h>

#include "caldav/calendar/store/store_private.h"

/* What OBJECT_PLAIN has. */
#define OBJECT_FACTS id, name, etag, component, size, created_at, updated_at

DB_RESULT(object_page, struct object, OBJECT_FACTS);
DB_RESULT(object_page_data, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_by_names, struct object, OBJECT_FACTS);
DB_RESULT(object_by_names_data, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_by_ids, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_small_by_ids, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_by_uids, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_longer_uids, struct object, OBJECT_COLUMNS, occ);
DB_RESULT(object_in_range, struct object, lane, OBJECT_COLUMNS, occ);
DB_RESULT(object_busy_in_range, struct object, lane, OBJECT_COLUMNS, occ);

/* Lanes of one calendar and component: one for each class of length. */
#define SPANS 9

err_t object_page(struct ctx *cx, const struct actor *actor, const struct object_page_query *q, struct object **out,
	size_t *count_out)
{
	assert(!id_is_zero(q->calendar) && q->limit > 0 && !(q->components & ~COMPONENTS_ALL));
	struct str after = q->after.ptr ? q->after : STR("");
	int16_t components = q->components ? q->components : (int16_t)COMPONENTS_ALL;
	if (q->fields == OBJECT_WITH_DATA)
		return db_rows(cx, &sql_object_page_data, object_page_data, out, count_out, IN(actor->owner),
			IN(q->calendar), IN(after), IN(components), IN(q->limit));
	return db_rows(cx, &sql_object_page, object_page, out, count_out, IN(actor->owner), IN(q->calendar), IN(after),
		IN(components), IN(q->limit));
}

err_t object_by_uids(
	struct ctx *cx, const struct actor *actor, struct str_list uids, struct object **out, size_t *count_out)
{
	assert(uids.items);
	return db_rows(cx, &sql_object_by_uids, object_by_uids, out, count_out, IN(actor->owner), IN(actor->calendars),
		IN(uids));
}

err_t object_longer_uids(struct ctx *cx, const struct actor *actor, struct id calendar, struct str uid,
	int16_t components, struct object **out, size_t *count_out)
{
	assert(!id_is_zero(calendar) && !(components & ~COMPONENTS_ALL));
	return db_rows(cx, &sql_object_longer_uids, object_longer_uids, out, count_out, IN(actor->owner), IN(calendar),
		IN(uid), IN(components ? components : (int16_t)COMPONENTS_ALL), IN((int32_t)LONGER_UIDS_MAX));
}

struct range_position range_position(const struct object *o)
{
	return (struct range_position){ .lane = o->lane, .first_at = o->first_at, .id = o->id };
}

/* A page goes on after the last row of the one before. */
static bool in_order(const struct object *a, const struct object *b)
{
	if (a->lane != b->lane)
		return a->lane < b->lane;
	if (a->first_at.us != b->first_at.us)
		return a->first_at.us < b->first_at.us;
	return memcmp(a->id.octets, b->id.octets, sizeof a->id.octets) < 0;
}

static err_t check_order(struct ctx *cx, const struct object *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!in_order(&rows[i - 1], &rows[i]))
			return FAIL(cx, INTERNAL, "objects in range: row %zu is out of order", i);
	return OK;
}

static struct instant first_after(const struct range_query *q)
{
	return id_is_zero(q->after.id) ? INSTANT_BEFORE : q->after.first_at;
}

err_t object_in_range(
	struct ctx *cx, const struct actor *actor, const struct range_query *q, struct object **out, size_t *count_out)
{
	int16_t kinds[3];
	size_t count = 0;
	for (int kind = COMPONENT_VEVENT; kind <= COMPONENT_VJOURNAL; kind <<= 1)
		if (!q->components || (q->components & kind))
			kinds[count++] = (int16_t)kind;
	assert(q->calendars.items && count > 0 && q->limit > 0);
	TRY(db_rows(cx, &sql_object_in_range, object_in_range, out, count_out, IN(actor->owner), IN(q->calendars),
		IN(q->start), IN(q->end), IN(((struct int16_list){ kinds, count })), IN(q->after.lane),
		IN(first_after(q)), IN(q->after.id), IN(q->limit)));
	return check_order(cx, *out, *count_out);
}

size_t range_calendar(const struct object *o)
{
	return (size_t)o->lane / SPANS;
}

err_t object_busy_in_range(
	struct ctx *cx, struct id_list owners, const struct range_query *q, struct object **out, size_t *count_out)
{
	assert(q->calendars.items && owners.count == q->calendars.count && q->limit > 0);
	TRY(db_rows(cx, &sql_object_busy_in_range, object_busy_in_range, out, count_out, IN(owners), IN(q->calendars),
		IN(q->start), IN(q->end), IN(q->after.lane), IN(first_after(q)), IN(q->after.id), IN(q->limit)));
	return check_order(cx, *out, *count_out);
}

err_t object_by_ids(
	struct ctx *cx, const struct actor *actor, struct id_list ids, struct object **out, size_t *count_out)
{
	assert(ids.items);
	return db_rows(cx, &sql_object_by_ids, object_by_ids, out, count_out, IN(actor->owner), IN(ids));
}

err_t object_small_by_ids(struct ctx *cx, const struct actor *actor, struct id_list ids, int32_t most,
	struct object **out, size_t *count_out)
{
	assert(ids.items && most > 0);
	return db_rows(
		cx, &sql_object_small_by_ids, object_small_by_ids, out, count_out, IN(actor->owner), IN(ids), IN(most));
}

err_t object_by_names(struct ctx *cx, const struct actor *actor, struct id calendar, struct str_list names,
	enum object_fields fields, struct object **out, size_t *count_out)
{
	assert(!id_is_zero(calendar) && names.items);
	if (fields == OBJECT_WITH_DATA)
		return db_rows(cx, &sql_object_by_names_data, object_by_names_data, out, count_out, IN(actor->owner),
			IN(calendar), IN(names));
	return db_rows(
		cx, &sql_object_by_names, object_by_names, out, count_out, IN(actor->owner), IN(calendar), IN(names));
}

const struct object *object_of_id(const struct object *objects, size_t count, struct id id)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(objects[i].id, id))
			return &objects[i];
	return NULL;
}
