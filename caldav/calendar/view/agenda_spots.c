/* SPDX-License-Identifier: Apache-2.0 */
/* From the positions of a page to what stands there. */
#include "caldav/calendar/view/agenda_page.h"

#include "caldav/calendar/view/agenda_item.h"

struct sources {
	struct agenda_source *items;
	size_t count;
};

static const struct agenda_source *source_of(const struct sources *sources, struct id object)
{
	for (size_t i = 0; i < sources->count; i++)
		if (id_eq(sources->items[i].object.id, object))
			return &sources->items[i];
	return NULL;
}

/* The spots whose objects are together no larger than a batch, one at least: large events make a short page. */
static size_t spots_that_fit(const struct agenda_page *page, struct id *ids, size_t *id_count_out)
{
	size_t count = 0, octets = 0, n = 0;
	for (; count < page->count && count < page->limit; count++) {
		const struct spot *spot = &page->spots[count];
		size_t known = n;
		while (known > 0 && !id_eq(ids[known - 1], spot->object))
			known--;
		if (known)
			continue;
		octets += (size_t)spot->size;
		if (n > 0 && octets > BATCH_OCTETS)
			break;
		ids[n++] = spot->object;
	}
	*id_count_out = n;
	return count;
}

/* What went or moved between the steps is left out: whoever reads on sees the same as someone who came later. */
static err_t read_spot(struct ctx *cx, const struct sources *sources, const struct spot *spot, struct agenda_list *to)
{
	const struct agenda_source *source = source_of(sources, spot->object);
	struct agenda_item *item = &to->items[to->count];
	if (!source)
		return OK;
	if (spot->recurrence_id_len) {
		err_t e = agenda_item_of_instance(cx, source, str_dup(cx->mem, spot_instance(spot)), item);
		if (e && !err_is(e, NOT_FOUND))
			return e;
		to->count += !e && instant_s(item->start) == spot->start;
	} else {
		agenda_item_of_event(source, item);
		to->count += instant_s(item->start) == spot->start;
	}
	return OK;
}

static void reverse(struct agenda_item *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct agenda_item item = items[i];
		items[i] = items[count - 1 - i];
		items[count - 1 - i] = item;
	}
}

err_t agenda_read_spots(
	struct ctx *cx, const struct agenda_query *q, const struct agenda_page *page, struct agenda_list *out)
{
	struct id *ids = arena_array(cx->mem, struct id, page->limit);
	struct object *objects;
	struct sources sources = { 0 };
	size_t id_count, object_count, count = spots_that_fit(page, ids, &id_count);
	struct agenda_list list = { .items = arena_array(cx->mem, struct agenda_item, count) };
	if (count > 0) {
		TRY(object_by_ids(cx, q->actor, (struct id_list){ ids, id_count }, &objects, &object_count));
		sources.items = arena_array(cx->mem, struct agenda_source, object_count);
		for (; sources.count < object_count; sources.count++)
			TRY(agenda_source_open(cx, &objects[sources.count], q->zone, &sources.items[sources.count]));
		list.stands = true;
		list.first = spot_position(&page->spots[q->back ? count - 1 : 0]);
		list.last = spot_position(&page->spots[q->back ? 0 : count - 1]);
	}
	for (size_t i = 0; i < count; i++)
		TRY(read_spot(cx, &sources, &page->spots[i], &list));
	if (q->back)
		reverse(list.items, list.count);
	list.more = page->count > count;
	*out = list;
	return OK;
}
