/* SPDX-License-Identifier: Apache-2.0 */
/* From the positions of a page to what stands there. */
#include "caldav/calendar/view/agenda_page.h"

#include <stdlib.h>

#include "caldav/calendar/view/agenda_item.h"

/* In order of their ids. */
struct sources {
	struct agenda_source *items;
	size_t count;
};

static const struct agenda_source *source_of(const struct sources *sources, struct id object)
{
	size_t from = 0, to = sources->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int cmp = id_cmp(sources->items[middle].object.id, object);
		if (cmp == 0)
			return &sources->items[middle];
		if (cmp < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static int object_cmp(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	return id_cmp(x->id, y->id);
}

static err_t sources_open(
	struct ctx *cx, const struct agenda_query *q, const struct id *ids, size_t count, struct sources *out)
{
	struct object *objects;
	size_t object_count;
	TRY(object_by_ids(cx, q->actor, (struct id_list){ ids, count }, &objects, &object_count));
	qsort(objects, object_count, sizeof *objects, object_cmp);
	struct sources sources = { .items = arena_array(cx->mem, struct agenda_source, object_count) };
	for (; sources.count < object_count; sources.count++)
		TRY(agenda_source_open(cx, &objects[sources.count], q->zone, &sources.items[sources.count]));
	*out = sources;
	return OK;
}

/* Has this spot's object been asked for? What does not recur has one spot. */
static bool is_asked_for(const struct spot *spot, const struct id *ids, size_t count)
{
	while (count > 0 && spot->recurrence_id_len && !id_eq(ids[count - 1], spot->object))
		count--;
	return count > 0 && id_eq(ids[count - 1], spot->object);
}

/* The spots whose objects are together no larger than a batch, one at least: large events make a short page. */
static size_t spots_that_fit(const struct spot *spots, size_t most, struct id *ids, size_t *id_count_out)
{
	size_t count = 0, octets = 0, n = 0;
	for (; count < most; count++) {
		const struct spot *spot = &spots[count];
		if (is_asked_for(spot, ids, n))
			continue;
		octets += (size_t)spot->size;
		if (n > 0 && octets > BATCH_OCTETS)
			break;
		ids[n++] = spot->object;
	}
	*id_count_out = n;
	return count;
}

/* False: it went or moved between the steps. */
static err_t read_spot(struct ctx *cx, const struct sources *sources, const struct spot *spot, struct agenda_item *item,
	bool *found_out)
{
	const struct agenda_source *source = source_of(sources, spot->object);
	*found_out = false;
	if (!source)
		return OK;
	if (spot->recurrence_id_len) {
		err_t e = agenda_item_of_instance(cx, source, str_dup(cx->mem, spot_instance(spot)), item);
		if (e)
			return err_is(e, NOT_FOUND) ? OK : e;
	} else {
		agenda_item_of_event(source, item);
	}
	*found_out = instant_s(item->start) == spot->start;
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
	struct sources sources = { 0 };
	size_t most = page->count < page->limit ? page->count : page->limit;
	size_t id_count, count = spots_that_fit(page->spots, most, ids, &id_count);
	struct agenda_list list = { .items = arena_array(cx->mem, struct agenda_item, count) };
	if (count > 0) {
		TRY(sources_open(cx, q, ids, id_count, &sources));
		list.stands = true;
		list.first = spot_position(&page->spots[q->back ? count - 1 : 0]);
		list.last = spot_position(&page->spots[q->back ? 0 : count - 1]);
	}
	/* What is not found is left out: whoever reads on sees the same as someone who came later. */
	for (size_t i = 0; i < count; i++) {
		bool found;
		TRY(read_spot(cx, &sources, &page->spots[i], &list.items[list.count], &found));
		list.count += found;
	}
	if (q->back)
		reverse(list.items, list.count);
	list.more = page->count > count;
	*out = list;
	return OK;
}

err_t agenda_at(struct ctx *cx, const struct agenda_query *q, const struct spot *spots, size_t count,
	struct agenda_item *items, bool *found)
{
	struct id *ids = arena_array(cx->mem, struct id, count);
	for (size_t from = 0, fit; from < count; from += fit) {
		struct sources sources;
		size_t id_count;
		fit = spots_that_fit(spots + from, count - from, ids, &id_count);
		TRY(sources_open(cx, q, ids, id_count, &sources));
		for (size_t i = from; i < from + fit; i++)
			TRY(read_spot(cx, &sources, &spots[i], &items[i], &found[i]));
	}
	return OK;
}
