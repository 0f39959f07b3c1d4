/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/agenda_page.h"

#include <string.h>

struct spot spot_at(const struct object *object, int64_t start, int64_t end, struct str recurrence_id)
{
	struct spot spot = { .start = start, .end = end, .object = object->id, .size = object->size };
	struct str id = str_sub(recurrence_id, 0, RECURRENCE_ID_MAX);
	spot.recurrence_id_len = id.len;
	if (id.len > 0)
		memcpy(spot.recurrence_id, id.ptr, id.len);
	return spot;
}

struct str spot_instance(const struct spot *spot)
{
	return (struct str){ spot->recurrence_id, spot->recurrence_id_len };
}

struct agenda_position spot_position(const struct spot *spot)
{
	return (struct agenda_position){ instant_of_s(spot->start), spot->object,
		spot->recurrence_id_len ? spot_instance(spot) : STR_ABSENT };
}

static int position_cmp(const struct agenda_position *a, const struct agenda_position *b)
{
	if (a->start.us != b->start.us)
		return a->start.us < b->start.us ? -1 : 1;
	int objects = id_cmp(a->object, b->object);
	/* Absent comes before all others, as the empty text does. */
	return objects ? objects
		       : str_cmp(a->recurrence_id.ptr ? a->recurrence_id : STR(""),
				 b->recurrence_id.ptr ? b->recurrence_id : STR(""));
}

/* Which of the two is nearer to the position. */
static int spot_cmp(const struct agenda_page *page, const struct spot *a, const struct spot *b)
{
	const struct agenda_position x = spot_position(a), y = spot_position(b);
	return page->back ? position_cmp(&y, &x) : position_cmp(&x, &y);
}

struct agenda_page agenda_page_new(struct arena *mem, const struct agenda_position *position, bool back, size_t limit)
{
	return (struct agenda_page){
		.position = position, .back = back, .limit = limit, .spots = arena_array(mem, struct spot, limit + 1)
	};
}

static bool is_passed(const struct agenda_page *page, const struct spot *spot)
{
	const struct agenda_position position = spot_position(spot);
	int cmp = page->position ? position_cmp(&position, page->position) : 0;
	return page->position && (page->back ? cmp >= 0 : cmp <= 0);
}

static bool is_full(const struct agenda_page *page)
{
	return page->count > page->limit;
}

/* After all that are nearer, and after its like. Most come in order: after the last. */
static size_t index_of(const struct agenda_page *page, const struct spot *spot)
{
	size_t from = 0, to = page->count;
	if (to > 0 && spot_cmp(page, spot, &page->spots[to - 1]) >= 0)
		return to;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (spot_cmp(page, spot, &page->spots[middle]) < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

void agenda_page_put(struct agenda_page *page, const struct spot *spot)
{
	size_t at = index_of(page, spot);
	if (is_passed(page, spot) || at > page->limit || (at > 0 && spot_cmp(page, spot, &page->spots[at - 1]) == 0))
		return;
	size_t last = is_full(page) ? page->count - 1 : page->count++;
	memmove(&page->spots[at + 1], &page->spots[at], (last - at) * sizeof *spot);
	page->spots[at] = *spot;
}

int64_t agenda_page_end(const struct agenda_page *page)
{
	if (page->back)
		return page->position ? instant_s(page->position->start) + 1 : INT64_MAX;
	return is_full(page) ? page->spots[page->count - 1].start + 1 : INT64_MAX;
}

int64_t agenda_page_begin(const struct agenda_page *page)
{
	if (!page->back)
		return page->position ? instant_s(page->position->start) : INT64_MIN;
	return is_full(page) ? page->spots[page->count - 1].start : INT64_MIN;
}
