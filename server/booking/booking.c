/* SPDX-License-Identifier: Apache-2.0 */
/* Bookings as they are stored, and as their events say. */
#include "server/booking/booking.h"

#include "caldav/calendar/index/facts.h"
#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/agenda.h"
#include "server/db/query.h"
#include "sql.h"

#define LOOKED_AT_ONCE 20 /* events with their data */

struct booking_row {
	struct id account, id, page, made_in, event;
	struct instant start, end_;
	struct str tz, name, email, note, language;
	struct str_list questions, answers;
	struct instant cancelled_at;
	int16_t cancelled_by;
	struct str reason;
	struct instant created_at, updated_at;
};

#define BOOKING_COLS                                                                                                   \
	account, id, page, made_in, event, start, end_, tz, name, email, note, language, questions, answers,           \
		cancelled_at, cancelled_by, reason, created_at, updated_at
DB_RESULT(booking_get, struct booking_row, BOOKING_COLS);
DB_RESULT(booking_by_event, struct booking_row, BOOKING_COLS);
DB_RESULT(booking_older, struct booking_row, BOOKING_COLS);
DB_RESULT(booking_newer, struct booking_row, BOOKING_COLS);

static void booking_of(const struct booking_row *row, struct booking *out)
{
	*out = (struct booking){
		.account = row->account,
		.id = row->id,
		.page = row->page,
		.made_in = row->made_in,
		.event = row->event,
		.start = row->start,
		.end = row->end_,
		.tz = row->tz,
		.name = row->name,
		.email = row->email,
		.note = row->note,
		.language = row->language,
		.questions = row->questions,
		.answers = row->answers,
		.cancelled = true,
		.cancelled_by = (enum booking_by)row->cancelled_by,
		.cancelled_at = row->cancelled_at,
		.reason = row->reason,
		.created_at = row->created_at,
		.updated_at = row->updated_at,
	};
}

/* ---- what their events say ---- */

/* What cannot be read any more is told by what is stored beside it. */
static struct str set_from_event(struct ctx *cx, const struct object *object, struct booking *b)
{
	struct agenda_item item;
	b->event = object->id;
	b->calendar = object->calendar;
	b->start = object->first_at;
	b->end = object->last_at;
	b->cancelled = object->flags & ICAL_TRANSPARENT;
	if (object->component != COMPONENT_VEVENT || agenda_event(cx, object, b->tz, &item))
		return STR_ABSENT;
	b->start = item.start;
	b->end = item.end;
	b->cancelled = item.event.status == EVENT_CANCELLED;
	return item.event.title;
}

/* Of several with one UID, one that is no cancelled one. */
static const struct object *object_of_uid(const struct object *objects, size_t count, struct str uid)
{
	const struct object *found = NULL;
	for (size_t i = 0; i < count; i++)
		if (str_eq(objects[i].uid, uid) && (!found || (found->flags & ICAL_TRANSPARENT)))
			found = &objects[i];
	return found;
}

/* Those whose events are not there by their ids. */
static err_t look_by_uid(
	struct ctx *cx, struct id account, struct booking *list, size_t count, const bool *seen, struct str *titles)
{
	const struct actor actor = actor_server(account);
	struct str *uids = arena_array(cx->mem, struct str, count + 1);
	struct object *objects;
	size_t missing = 0, object_count;
	for (size_t i = 0; i < count; i++)
		if (!seen[i])
			uids[missing++] = booking_uid(cx->mem, list[i].id);
	if (!missing)
		return OK;
	TRY(object_by_uids(cx, &actor, (struct str_list){ uids, missing }, &objects, &object_count));
	for (size_t i = 0; i < count; i++) {
		const struct object *object =
			seen[i] ? NULL : object_of_uid(objects, object_count, booking_uid(cx->mem, list[i].id));
		if (!seen[i])
			list[i].event = (struct id){ { 0 } };
		if (object)
			titles[i] = set_from_event(cx, object, &list[i]);
	}
	return OK;
}

static err_t look_at_some(struct ctx *cx, struct id account, struct booking *list, size_t count, struct str *titles)
{
	const struct actor actor = actor_server(account);
	struct id ids[LOOKED_AT_ONCE];
	bool seen[LOOKED_AT_ONCE] = { false };
	struct object *objects;
	size_t object_count;
	for (size_t i = 0; i < count; i++)
		ids[i] = list[i].event;
	TRY(object_by_ids(cx, &actor, (struct id_list){ ids, count }, &objects, &object_count));
	for (size_t i = 0; i < count; i++) {
		const struct object *object = object_of_id(objects, object_count, ids[i]);
		if (object)
			titles[i] = set_from_event(cx, object, &list[i]);
		seen[i] = object;
	}
	return look_by_uid(cx, account, list, count, seen, titles);
}

/* The data of a few events at a time is in memory. The title is told of a single one. */
static err_t look(struct ctx *cx, struct id account, struct booking *list, size_t count)
{
	for (size_t from = 0; from < count; from += LOOKED_AT_ONCE) {
		size_t some = count - from < LOOKED_AT_ONCE ? count - from : LOOKED_AT_ONCE;
		struct str titles[LOOKED_AT_ONCE] = { STR_ABSENT };
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(look_at_some(cx, account, list + from, some, titles));
		if (count == 1)
			list->title = titles[0];
		else
			arena_rewind(cx->mem, mark);
	}
	return OK;
}

/* ---- reading ---- */

err_t booking_get(struct ctx *cx, const struct actor *actor, struct id id, struct booking *out)
{
	struct booking_row row;
	struct booking booking;
	TRY(db_row(cx, &sql_booking_get, ROW(booking_get, &row), IN(actor->owner), IN(actor->calendars), IN(id)));
	booking_of(&row, &booking);
	TRY(look(cx, row.account, &booking, 1));
	*out = booking;
	return OK;
}

err_t booking_by_event(struct ctx *cx, struct id account, struct id event, struct booking *out)
{
	struct booking_row row;
	struct booking booking;
	TRY(db_row(cx, &sql_booking_by_event, ROW(booking_by_event, &row), IN(account), IN(event)));
	booking_of(&row, &booking);
	TRY(look(cx, account, &booking, 1));
	*out = booking;
	return OK;
}

err_t booking_list(struct ctx *cx, const struct actor *actor, struct id page, struct id bound, bool back, size_t limit,
	struct booking **out, size_t *count_out)
{
	struct booking_row *rows;
	size_t count;
	if (back)
		TRY(db_rows(cx, &sql_booking_newer, booking_newer, &rows, &count, IN(actor->owner),
			IN(actor->calendars), db_in_id_or_null(page), IN(bound), IN((int32_t)limit)));
	else
		TRY(db_rows(cx, &sql_booking_older, booking_older, &rows, &count, IN(actor->owner),
			IN(actor->calendars), db_in_id_or_null(page), IN(bound), IN((int32_t)limit)));
	struct booking *list = arena_array(cx->mem, struct booking, count + 1);
	for (size_t i = 0; i < count; i++)
		booking_of(&rows[i], &list[i]);
	TRY(look(cx, actor->owner, list, count));
	*out = list;
	*count_out = count;
	return OK;
}
