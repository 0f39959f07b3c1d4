/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/agenda.h"

#include <assert.h>
#include <string.h>

#include "caldav/calendar/zone.h"
#include "sql.h"

#define CANDIDATES_AT_ONCE 200
#define INSTANCE_SLACK_S (INT64_C(2) * 86400) /* a zone's offset, and a day */

DB_RESULT(agenda_newest, struct object, id, calendar, name, uid, data, etag, modseq, component, flags, size, deleted,
	first_at, last_at, occ_until, created_at, updated_at);

/*
 * In two steps, so that memory holds one batch of candidates and one page, whatever the calendars hold: first where the
 * items of the page are (spots), from all candidates; then what they are, from their objects.
 */
#define RECURRENCE_ID_MAX 16 /* 20261124T090000Z */

struct spot {
	struct instant start, end;
	struct id object;
	char recurrence_id[RECURRENCE_ID_MAX];
	int32_t size;             /* of the object */
	size_t recurrence_id_len; /* 0: the event does not recur, or stands for all its instances */
};

/* The `limit` first spots so far, and one more that tells of others. */
struct page {
	const struct agenda_query *query;
	struct spot *spots;
	size_t count;
};

static struct str spot_instance(const struct spot *spot)
{
	return (struct str){ spot->recurrence_id, spot->recurrence_id_len };
}

static int place_cmp(const struct spot *a, struct instant start, struct id object, struct str recurrence_id)
{
	if (a->start.us != start.us)
		return a->start.us < start.us ? -1 : 1;
	int objects = id_cmp(a->object, object);
	return objects ? objects : str_cmp(spot_instance(a), recurrence_id);
}

static int spot_cmp(const struct spot *a, const struct spot *b)
{
	return place_cmp(a, b->start, b->object, spot_instance(b));
}

static void page_put(struct page *page, const struct spot *spot)
{
	const struct agenda_place *after = page->query->after;
	if (after && place_cmp(spot, after->start, after->object,
			     after->recurrence_id.ptr ? after->recurrence_id : STR("")) <= 0)
		return;
	if (page->count > page->query->limit && spot_cmp(spot, &page->spots[page->count - 1]) >= 0)
		return;
	size_t at = page->count > page->query->limit ? page->count - 1 : page->count++;
	for (; at > 0 && spot_cmp(spot, &page->spots[at - 1]) < 0; at--)
		page->spots[at] = page->spots[at - 1];
	page->spots[at] = *spot;
}

/* ---- one object ---- */

/* Where the event counts by the clock on the wall: that clock's zone, else NULL. */
static const struct zone *wall_zone(const struct event *event, struct str name)
{
	if (!event->floating && !event->all_day)
		return NULL;
	const struct zone *zone = name.ptr ? zone_by_name(name) : NULL;
	return zone ? zone : zone_utc();
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

static struct object without_data(const struct object *object)
{
	struct object plain = *object;
	plain.data = STR_ABSENT;
	plain.occ = (struct bytes){ NULL, 0 };
	return plain;
}

static void put_instances(
	struct page *page, const struct object *object, const struct occurrence *occurrences, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str id = str_sub(occurrences[i].recurrence_id, 0, RECURRENCE_ID_MAX);
		struct spot spot = { .start = occurrences[i].start,
			.end = occurrences[i].end,
			.object = object->id,
			.size = object->size };
		spot.recurrence_id_len = id.len;
		if (id.len > 0)
			memcpy(spot.recurrence_id, id.ptr, id.len);
		page_put(page, &spot);
	}
}

static err_t add_object(struct ctx *cx, struct page *page, const struct object *object)
{
	const struct agenda_query *q = page->query;
	struct occurrence *occurrences;
	struct ical *ical;
	size_t count;
	TRY(ical_parse(cx, object->data, &ical));
	TRY(ical_expand(cx, ical, q->start, q->end, q->zone, ICAL_INSTANCES_MAX, &occurrences, &count));
	if (q->expand) {
		put_instances(page, object, occurrences, count);
		return OK;
	}
	struct agenda_item item;
	if (count == 0)
		return OK;
	TRY(event_read(cx, ical, ical_main(ical), &item.event));
	settle(&item, q->zone);
	const struct spot spot = { .start = item.start, .end = item.end, .object = object->id, .size = object->size };
	page_put(page, &spot);
	return OK;
}

/* The override of this instance, or the component that describes all without one. */
static err_t component_of(
	struct ctx *cx, struct ical *ical, struct str recurrence_id, struct event *out, bool *override_out)
{
	*override_out = false;
	for (const struct ical_comp *c = ical_comp_named(ical->root->child, STR("VEVENT")); c && recurrence_id.len > 0;
		c = ical_comp_named(c->next, STR("VEVENT"))) {
		if (!ical_prop(c, STR("RECURRENCE-ID")))
			continue;
		TRY(event_read(cx, ical, c, out));
		if (!str_eq(out->recurrence_id, recurrence_id))
			continue;
		*override_out = true;
		return OK;
	}
	return event_read(cx, ical, ical_main(ical), out);
}

/* ---- candidates ---- */

/* Those that have an instance in the range, or may have: what bounds and occ leave open, data decides. */
static err_t sift(struct ctx *cx, const struct agenda_query *q, const struct object *candidates, size_t count,
	struct object **out, size_t *count_out)
{
	struct object *kept_rows = arena_array(cx->mem, struct object, count + 1);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		bool touches, needs_data = false;
		TRY(ical_touches(cx, &candidates[i], q->start, q->end, q->zone, &touches, &needs_data));
		if (touches || needs_data)
			kept_rows[kept++] = candidates[i];
	}
	*out = kept_rows;
	*count_out = kept;
	return OK;
}

static err_t add_lot(struct ctx *cx, struct page *page, const struct object *rows, size_t count)
{
	struct id *ids = arena_array(cx->mem, struct id, count);
	struct object *objects;
	size_t object_count;
	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].id;
	TRY(object_by_ids(cx, page->query->account, (struct id_list){ ids, count }, &objects, &object_count));
	for (size_t i = 0; i < object_count; i++) {
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(add_object(cx, page, &objects[i]));
		arena_rewind(cx->mem, mark);
	}
	return OK;
}

static err_t add_candidates(struct ctx *cx, struct page *page, const struct object *candidates, size_t count)
{
	struct object *rows;
	size_t row_count;
	TRY(sift(cx, page->query, candidates, count, &rows, &row_count));
	for (size_t from = 0; from < row_count;) {
		struct arena_mark mark = arena_mark(cx->mem);
		size_t end = object_lot(rows, from, row_count);
		TRY(add_lot(cx, page, rows + from, end - from));
		arena_rewind(cx->mem, mark);
		from = end;
	}
	return OK;
}

static err_t find_spots(struct ctx *cx, struct page *page)
{
	const struct agenda_query *q = page->query;
	struct id after = { { 0 } };
	size_t count = CANDIDATES_AT_ONCE, seen = 0;
	while (q->calendars.count > 0 && count == CANDIDATES_AT_ONCE) {
		struct object *candidates;
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(object_in_range(cx, q->account, q->calendars, q->start, q->end, COMPONENT_VEVENT, after,
			CANDIDATES_AT_ONCE, &candidates, &count));
		TRY(add_candidates(cx, page, candidates, count));
		if (count > 0)
			after = candidates[count - 1].id;
		arena_rewind(cx->mem, mark);
		seen += count;
		if (seen > AGENDA_CANDIDATES_MAX)
			return REFUSE(cx, RANGE_TOO_LARGE, "to",
				"More than %d events touch this range. Ask for less, or for one calendar.",
				AGENDA_CANDIDATES_MAX);
	}
	return OK;
}

static const struct object *object_of(const struct object *objects, size_t count, struct id id)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(objects[i].id, id))
			return &objects[i];
	return NULL;
}

/* What went between the two steps is left out: whoever reads on sees the same as someone who came later. */
static err_t read_spots(struct ctx *cx, const struct page *page, size_t count, struct agenda_item *items, size_t *read)
{
	struct id *ids = arena_array(cx->mem, struct id, count + 1);
	struct object *objects;
	size_t object_count;
	*read = 0;
	if (count == 0)
		return OK;
	for (size_t i = 0; i < count; i++)
		ids[i] = page->spots[i].object;
	TRY(object_by_ids(cx, page->query->account, (struct id_list){ ids, count }, &objects, &object_count));
	for (size_t i = 0; i < count; i++) {
		const struct spot *spot = &page->spots[i];
		const struct object *object = object_of(objects, object_count, spot->object);
		struct agenda_item *item = &items[*read];
		struct ical *ical;
		bool override;
		if (!object)
			continue;
		TRY(ical_parse(cx, object->data, &ical));
		TRY(component_of(cx, ical, spot_instance(spot), &item->event, &override));
		item->object = without_data(object);
		item->instance = spot->recurrence_id_len > 0;
		settle_instance(item, spot->start, spot->end, page->query->zone);
		if (item->instance)
			item->event.recurrence_id = str_dup(cx->mem, spot_instance(spot));
		++*read;
	}
	return OK;
}

/* Each spot's object is read by itself: large ones make a short page. */
static size_t spots_that_fit(const struct page *page)
{
	size_t count = 0, octets = 0;
	while (count < page->count && count < page->query->limit &&
		(count == 0 || octets + (size_t)page->spots[count].size <= LOT_OCTETS))
		octets += (size_t)page->spots[count++].size;
	return count;
}

static err_t check_range(struct ctx *cx, const struct agenda_query *q)
{
	if (!instant_before(q->start, q->end))
		return REFUSE(cx, INVALID_VALUE, "to", "The end of the range does not lie behind its start.");
	if (instant_before(instant_add_s(q->start, AGENDA_RANGE_MAX_S), q->end))
		return REFUSE(cx, RANGE_TOO_LARGE, "to", "The range is longer than five years. Ask for less at once.");
	return OK;
}

err_t agenda_in_range(
	struct ctx *cx, const struct agenda_query *q, struct agenda_item **out, size_t *count_out, bool *more_out)
{
	assert(q->limit > 0 && q->limit <= AGENDA_PAGE_MAX);
	struct page page = { .query = q, .spots = arena_array(cx->mem, struct spot, q->limit + 1) };
	TRY(check_range(cx, q));
	TRY(find_spots(cx, &page));
	struct agenda_item *items = arena_array(cx->mem, struct agenda_item, q->limit);
	size_t count = spots_that_fit(&page);
	*more_out = page.count > count;
	TRY(read_spots(cx, &page, count, items, count_out));
	*out = items;
	return OK;
}

err_t agenda_newest(struct ctx *cx, struct id account, struct id_list calendars, struct id after, struct str zone,
	size_t limit, struct agenda_item **out, size_t *count_out, bool *more_out)
{
	static const struct id newest = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255 } };
	struct object *objects;
	size_t count;
	TRY(db_rows(cx, &sql_agenda_newest, agenda_newest, &objects, &count, IN(account), IN(calendars),
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

/* ---- one event, one instance ---- */

err_t agenda_event(struct ctx *cx, const struct object *object, struct str zone, struct agenda_item *out)
{
	struct agenda_item item = { .object = without_data(object) };
	struct ical *ical;
	TRY(ical_parse(cx, object->data, &ical));
	TRY(event_read(cx, ical, ical_main(ical), &item.event));
	settle(&item, zone);
	*out = item;
	return OK;
}

/* 20261124T090000Z, 20261124T090000 or 20261124, as if it were UTC. */
static bool rough_instant(struct str recurrence_id, struct instant *out)
{
	char full[] = "00000000T000000Z";
	if (recurrence_id.len != 8 && recurrence_id.len != 15 && recurrence_id.len != 16)
		return false;
	for (size_t i = 0; i < recurrence_id.len; i++)
		full[i] = recurrence_id.ptr[i];
	return instant_from_ical((struct str){ full, sizeof full - 1 }, out);
}

/* Is there one without an override? Overrides tell for themselves, wherever they were moved to. */
static err_t find_regular(struct ctx *cx, struct ical *ical, struct str recurrence_id, struct str zone,
	struct agenda_item *item, bool *found)
{
	struct instant about;
	struct occurrence *occurrences;
	size_t count;
	*found = false;
	if (!rough_instant(recurrence_id, &about))
		return OK;
	TRY(ical_expand(cx, ical, instant_add_s(about, -INSTANCE_SLACK_S), instant_add_s(about, INSTANCE_SLACK_S), zone,
		ICAL_INSTANCES_MAX, &occurrences, &count));
	for (size_t i = 0; i < count && !*found; i++) {
		if (!str_eq(occurrences[i].recurrence_id, recurrence_id))
			continue;
		settle_instance(item, occurrences[i].start, occurrences[i].end, zone);
		*found = true;
	}
	return OK;
}

err_t agenda_instance(
	struct ctx *cx, const struct object *object, struct str recurrence_id, struct str zone, struct agenda_item *out)
{
	struct agenda_item item = { .object = without_data(object), .instance = true };
	struct ical *ical;
	bool found;
	TRY(ical_parse(cx, object->data, &ical));
	TRY(component_of(cx, ical, recurrence_id, &item.event, &found));
	if (found)
		settle(&item, zone);
	else
		TRY(find_regular(cx, ical, recurrence_id, zone, &item, &found));
	if (!found)
		return FAIL(cx, NOT_FOUND, "no such instance");
	item.event.recurrence_id = recurrence_id;
	*out = item;
	return OK;
}
