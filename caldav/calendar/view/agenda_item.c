/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/agenda_item.h"

#include "caldav/calendar/recur/expand.h"

/* ---- an object and its items ---- */

/* A day's instants are told by the zone; all other times are instants already. */
static struct instant day_start(const struct event *event, struct instant t, struct str zone)
{
	return event->all_day ? instant_of_s(zone_to_utc(zone_or_utc(zone), instant_s(t))) : t;
}

static void settle(struct agenda_item *item, struct str zone)
{
	item->start = day_start(&item->event, item->event.start, zone);
	item->end = day_start(&item->event, item->event.end, zone);
}

err_t agenda_source_open(struct ctx *cx, const struct object *object, struct str zone, struct agenda_source *out)
{
	struct agenda_source source = { .object = *object, .zone = zone };
	source.object.data = STR_ABSENT;
	source.object.occ = (struct bytes){ NULL, 0 };
	TRY(ical_parse(cx, object->data, &source.ical));
	TRY(series_read(cx, source.ical, &source.series));
	TRY(event_read(cx, source.ical, ical_main(source.ical), zone, &source.event));
	*out = source;
	return OK;
}

void agenda_item_of_event(const struct agenda_source *source, struct agenda_item *out)
{
	*out = (struct agenda_item){ .object = source->object, .event = source->event };
	settle(out, source->zone);
}

/* What an override of its own has made of an instance, beside what the series says. */
static void set_own(struct arena *mem, const struct agenda_source *source, const struct series_instance *is,
	struct agenda_item *out)
{
	struct series_instance plain;
	out->own = is->own && !is->own->moves_later;
	out->due = out->start;
	if (out->own && series_instance_at(mem, source->series, is->original, false, zone_or_utc(source->zone), &plain))
		out->due = instant_of_s(plain.at.start);
}

err_t agenda_item_of_instance(
	struct ctx *cx, const struct agenda_source *source, struct str recurrence_id, struct agenda_item *out)
{
	struct agenda_item item = { .object = source->object, .instance = true };
	struct series_instance instance;
	if (!series_instance(cx->mem, source->series, recurrence_id, zone_or_utc(source->zone), &instance))
		return FAIL(cx, NOT_FOUND, "no such instance");
	TRY(event_read_instance(cx, source->ical, &instance, source->zone, &item.event));
	settle(&item, source->zone);
	set_own(cx->mem, source, &instance, &item);
	item.event.recurrence_id = recurrence_id;
	*out = item;
	return OK;
}

err_t agenda_event(struct ctx *cx, const struct object *object, struct str zone, struct agenda_item *out)
{
	struct agenda_source source;
	TRY(agenda_source_open(cx, object, zone, &source));
	agenda_item_of_event(&source, out);
	return OK;
}

err_t agenda_instance(
	struct ctx *cx, const struct object *object, struct str recurrence_id, struct str zone, struct agenda_item *out)
{
	struct agenda_source source;
	TRY(agenda_source_open(cx, object, zone, &source));
	return agenda_item_of_instance(cx, &source, recurrence_id, out);
}
