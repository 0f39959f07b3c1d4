/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/agenda_item.h"

#include "caldav/calendar/recur/expand.h"
#include "sql.h"

DB_RESULT(agenda_newest, struct object, id, calendar, name, uid, data, etag, modseq, component, flags, size, deleted,
	first_at, last_at, occ_until, created_at, updated_at);

/* ---- times ---- */

/* Where the event counts by the clock on the wall: that clock's zone, else NULL. */
static const struct zone *wall_zone(const struct event *event, struct str name)
{
	return event->floating || event->all_day ? zone_or_utc(name) : NULL;
}

static struct instant to_utc(const struct zone *wall, struct instant t)
{
	return wall ? instant_of_s(zone_to_utc(wall, instant_s(t))) : t;
}

static struct instant to_wall(const struct zone *wall, struct instant t)
{
	return wall ? instant_of_s(zone_to_local(wall, instant_s(t))) : t;
}

/* The item's instants from its event's own times. */
static void settle(struct agenda_item *item, struct str zone)
{
	const struct zone *wall = wall_zone(&item->event, zone);
	item->start = to_utc(wall, item->event.start);
	item->end = to_utc(wall, item->event.end);
}

/* An instance that the expansion found: its instants are known, its event's times follow. */
static void settle_instance(struct agenda_item *item, struct instant start, struct instant end, struct str zone)
{
	const struct zone *wall = wall_zone(&item->event, zone);
	item->start = start;
	item->end = end;
	item->event.start = to_wall(wall, start);
	item->event.end = to_wall(wall, end);
}

/* ---- an object and its items ---- */

err_t agenda_source_open(struct ctx *cx, const struct object *object, struct agenda_source *out)
{
	struct agenda_source source = { .object = *object };
	source.object.data = STR_ABSENT;
	source.object.occ = (struct bytes){ NULL, 0 };
	TRY(ical_parse(cx, object->data, &source.ical));
	TRY(series_read(cx, source.ical, &source.series));
	TRY(event_read(cx, source.ical, ical_main(source.ical), &source.event));
	*out = source;
	return OK;
}

void agenda_item_of_event(const struct agenda_source *source, struct str zone, struct agenda_item *out)
{
	*out = (struct agenda_item){ .object = source->object, .event = source->event };
	settle(out, zone);
}

/* The component of this one instance; NULL: the master describes it. */
static const struct ical_comp *override_of(struct arena *mem, const struct series *s, struct str recurrence_id)
{
	for (size_t i = 0; i < s->override_count; i++) {
		struct when original = s->clock;
		struct arena_mark mark = arena_mark(mem);
		original.local = s->overrides[i].original;
		bool same = str_eq(recurrence_id_text(mem, original), recurrence_id);
		arena_rewind(mem, mark);
		if (same)
			return s->overrides[i].timing->comp;
	}
	return NULL;
}

err_t agenda_item_of_instance(struct ctx *cx, const struct agenda_source *source, struct str recurrence_id,
	struct instant start, struct instant end, struct str zone, struct agenda_item *out)
{
	struct agenda_item item = { .object = source->object, .event = source->event, .instance = true };
	const struct ical_comp *own = override_of(cx->mem, source->series, recurrence_id);
	if (own)
		TRY(event_read(cx, source->ical, own, &item.event));
	settle_instance(&item, start, end, zone);
	item.event.recurrence_id = recurrence_id;
	*out = item;
	return OK;
}

err_t agenda_event(struct ctx *cx, const struct object *object, struct str zone, struct agenda_item *out)
{
	struct agenda_source source;
	TRY(agenda_source_open(cx, object, &source));
	agenda_item_of_event(&source, zone, out);
	return OK;
}

err_t agenda_instance(
	struct ctx *cx, const struct object *object, struct str recurrence_id, struct str zone, struct agenda_item *out)
{
	struct agenda_source source;
	struct placed at;
	TRY(agenda_source_open(cx, object, &source));
	if (!series_instance(cx->mem, source.series, recurrence_id, zone_or_utc(zone), &at))
		return FAIL(cx, NOT_FOUND, "no such instance");
	return agenda_item_of_instance(
		cx, &source, recurrence_id, instant_of_s(at.start), instant_of_s(at.end), zone, out);
}

/* ---- as they are stored ---- */

err_t agenda_newest(struct ctx *cx, const struct actor *actor, struct id_list calendars, struct id after,
	struct str zone, size_t limit, struct agenda_item **out, size_t *count_out, bool *more_out)
{
	static const struct id newest = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255 } };
	struct object *objects;
	size_t count;
	TRY(db_rows(cx, &sql_agenda_newest, agenda_newest, &objects, &count, IN(actor->owner), IN(calendars),
		IN(id_is_zero(after) ? newest : after), IN((int32_t)(limit + 1))));
	size_t fit = 0; /* past the first that did not come with its data there are more */
	while (fit < count && fit < limit && objects[fit].data.ptr)
		fit++;
	*more_out = count > fit;
	count = fit;
	struct agenda_item *items = arena_array(cx->mem, struct agenda_item, count);
	for (size_t i = 0; i < count; i++)
		TRY(agenda_event(cx, &objects[i], zone, &items[i]));
	*out = items;
	*count_out = count;
	return OK;
}
