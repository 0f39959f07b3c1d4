/* SPDX-License-Identifier: Apache-2.0 */
/* A range, read page by page, of which a sieve keeps some. Nothing but the spots of what it keeps outlives a page. */
#include "caldav/calendar/view/agenda_item.h"
#include "caldav/calendar/view/agenda_page.h"

#include <string.h>

/* A position that outlives what it was read from. */
struct kept_position {
	char text[RECURRENCE_ID_MAX];
	struct agenda_position position;
};

static void keep(struct kept_position *to, struct agenda_position from)
{
	struct str id = str_sub(from.recurrence_id, 0, RECURRENCE_ID_MAX);
	to->position = from;
	if (id.ptr) {
		memmove(to->text, id.ptr, id.len);
		to->position.recurrence_id = (struct str){ to->text, id.len };
	}
}

bool agenda_passes(struct arena *mem, const struct agenda_sieve *sieve, const struct agenda_item *item)
{
	return !instant_before(item->object.updated_at, sieve->changed_since) &&
	       (!sieve->words || words_found(mem, sieve->words, &item->event)) &&
	       (!sieve->invited.ptr || event_invites(&item->event, sieve->invited));
}

static void put_those_that_pass(
	struct ctx *cx, const struct agenda_sieve *sieve, const struct agenda_list *list, struct agenda_page *page)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct agenda_item *item = &list->items[i];
		const struct spot spot = spot_at(&item->object, instant_s(item->start), instant_s(item->end),
			item->instance ? item->event.recurrence_id : STR_ABSENT);
		if (agenda_passes(cx->mem, sieve, item))
			agenda_page_put(page, &spot);
	}
}

static err_t read_sieved(
	struct ctx *cx, const struct agenda_query *q, const struct agenda_sieve *sieve, struct agenda_list *out)
{
	struct agenda_page page = agenda_page_new(cx->mem, q->position, q->back, q->limit);
	struct kept_position *ends = arena_array(cx->mem, struct kept_position, 2), *near = &ends[0], *far = &ends[1];
	struct agenda_query whole = *q;
	struct agenda_list list = { .more = true };
	bool began = false;
	whole.limit = AGENDA_PAGE_MAX;
	whole.words = sieve->words;
	for (size_t looked = 0; list.more && page.count <= page.limit && looked < AGENDA_SIEVED_MAX;) {
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(agenda_in_range(cx, &whole, &list));
		put_those_that_pass(cx, sieve, &list, &page);
		looked += list.count ? list.count : AGENDA_PAGE_MAX;
		if (list.stands) {
			keep(far, q->back ? list.first : list.last);
			if (!began)
				keep(near, q->back ? list.last : list.first);
			began = true;
			whole.position = &far->position;
		}
		arena_rewind(cx->mem, mark);
	}
	TRY(agenda_read_spots(cx, q, &page, out));
	if (out->more || !began)
		return OK;
	out->more = list.more; /* it goes on where it stopped looking */
	out->stands = true;
	out->first = q->back ? far->position : near->position;
	out->last = q->back ? near->position : far->position;
	return OK;
}

/* Mostly what may have the words has them, and the first page is the one that is asked for. */
static err_t read_sought(struct ctx *cx, const struct agenda_query *q, const struct agenda_sieve *sieve,
	struct agenda_list *out, bool *whole_out)
{
	struct arena_mark mark = arena_mark(cx->mem);
	struct agenda_query sought = *q;
	size_t passed = 0;
	sought.words = sieve->words;
	TRY(agenda_in_range(cx, &sought, out));
	while (passed < out->count && agenda_passes(cx->mem, sieve, &out->items[passed]))
		passed++;
	*whole_out = passed == out->count && (passed > 0 || !out->more);
	if (!*whole_out)
		arena_rewind(cx->mem, mark);
	return OK;
}

err_t agenda_in_range_sieved(
	struct ctx *cx, const struct agenda_query *q, const struct agenda_sieve *sieve, struct agenda_list *out)
{
	bool whole = false;
	if (sieve->words)
		TRY(read_sought(cx, q, sieve, out, &whole));
	return whole ? OK : read_sieved(cx, q, sieve, out);
}
