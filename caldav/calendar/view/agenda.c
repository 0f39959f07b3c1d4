/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of a range in three steps, so that its work grows with the page and the number of series, never with the
 * instances, and memory holds a batch of rows, a line for each series, and the page:
 *
 *   1. Candidates come in order of their bounds' beginning. What does not recur has its position from the bounds alone;
 * a series waits with the second before which none of its instances begins, as its bounds and occ tell.
 *   2. The series in order of that second, each from its data, until none begins before the end of the page. A walk
 *      through a series ends there too.
 *   3. What stands at the positions, from their objects (agenda_spots.c).
 *
 * A page that goes back is found the same way with the ends exchanged: candidates from the latest beginning on, series
 * by the second after which none of their instances begins. Only a walk through a series cannot be turned:
 * put_latest().
 */
#include "caldav/calendar/view/agenda.h"

#include <assert.h>
#include <stdlib.h>

#include "caldav/calendar/recur/budget.h"
#include "caldav/calendar/view/agenda_search.h"

static void close_arena(void *arena)
{
	arena_close(arena);
}

static void search_open(struct ctx *cx, const struct agenda_query *q, struct search *out)
{
	*out = (struct search){ .cx = cx,
		.query = q,
		.floating = zone_or_utc(q->zone),
		.start = window_s(q->start),
		.end = window_s(q->end),
		.page = agenda_page_new(cx->mem, q->position, q->back, q->limit),
		.mem = arena_open() };
	arena_defer(cx->mem, close_arena, out->mem);
}

/* ---- 2: the series ---- */

struct putting {
	struct search *search;
	const struct object *object;
	const struct series *series;
	struct walk walk;
	size_t room; /* so many instances may still come */
	bool put;
};

/* The walk goes no further than the page. */
static bool put_instance(void *to, const struct series_instance *i)
{
	struct putting *p = to;
	if (p->room-- == 0)
		return false;
	struct arena *mem = p->search->cx->mem;
	struct arena_mark mark = arena_mark(mem);
	struct str id = p->series->recurs ? recurrence_id_text(mem, i->original) : STR_ABSENT;
	const struct spot spot = spot_at(p->object, i->at.start, i->at.end, id);
	agenda_page_put(&p->search->page, &spot);
	if (!p->search->query->back)
		p->walk.b = search_end(p->search);
	arena_rewind(mem, mark);
	return true;
}

/* The event itself, if it has any instance in the range. */
static bool put_event(void *to, const struct series_instance *i)
{
	struct putting *p = to;
	const struct timing *t = &p->series->timings[0];
	struct extent at = timing_extent(t, t->start, p->search->floating);
	const struct spot spot = spot_at(p->object, at.start, at.end, STR_ABSENT);
	(void)i;
	agenda_page_put(&p->search->page, &spot);
	p->put = true;
	return false;
}

#define FAR_SECOND (INT64_C(1) << 39) /* beyond any year of four digits, before and after */

static int64_t clamped(int64_t second, int64_t least, int64_t most)
{
	return second < least ? least : second > most ? most : second;
}

/*
 * The last instances of a series before the end of the page. A rule runs forward alone: so from windows before what was
 * seen, each longer than the one before, until the page is full. A window that has many more than a page is halved:
 * they may be the first in it, and the page wants its last.
 */
static err_t put_latest(struct putting *p)
{
	struct search *s = p->search;
	const size_t many = 4 * (s->query->limit + 1);
	int64_t floor = clamped(instant_s(p->object->first_at), -FAR_SECOND, FAR_SECOND);
	int64_t last = clamped(instant_s(p->object->last_at), -FAR_SECOND, FAR_SECOND);
	int64_t end = clamped(search_end(s), floor, last + 1), length = 3600;
	p->walk.resumes = true;
	while (end > floor && end > search_begin(s)) {
		int64_t least = search_begin(s) > floor ? search_begin(s) : floor;
		p->walk.resume = clamped(end - length, least, end - 1);
		p->walk.b = end;
		length = end - p->walk.resume;
		p->room = length == 1 ? SIZE_MAX - 1 : many;
		TRY(budget_check(s->cx));
		bool whole = series_walk(s->cx->mem, p->series, &p->walk);
		if (p->room == SIZE_MAX) {
			length /= 2;
			continue;
		}
		if (!whole)
			return series_too_costly(s->cx, p->series);
		end = p->walk.resume;
		length = length > FAR_SECOND ? length : length * 4;
	}
	return OK;
}

static err_t add_series(struct search *s, const struct object *object)
{
	struct putting p = { .search = s, .object = object, .room = SIZE_MAX };
	struct ical *ical;
	TRY(budget_check(s->cx));
	TRY(ical_parse(s->cx, object->data, &ical));
	TRY(series_read(s->cx, ical, &p.series));
	p.walk = (struct walk){ .floating = s->floating,
		.a = s->start,
		.b = s->query->expand ? search_end(s) : s->end,
		.resumes = s->query->expand && search_begin(s) != INT64_MIN,
		.resume = search_begin(s),
		.visit = s->query->expand ? put_instance : put_event,
		.to = &p };
	if (s->query->expand && s->query->back)
		return put_latest(&p);
	bool whole = series_walk(s->cx->mem, p.series, &p.walk);
	if (whole || p.put)
		return OK;
	if (s->query->expand)
		return series_too_costly(s->cx, p.series);
	(void)put_event(&p, NULL); /* it may have one in the range */
	return OK;
}

static int contender_cmp(const void *a, const void *b)
{
	const struct contender *x = a, *y = b;
	return x->second < y->second ? -1 : x->second > y->second;
}

static int contender_cmp_back(const void *a, const void *b)
{
	return contender_cmp(b, a);
}

/* The contenders from `from` on that are read together. No more than the page has room for: the next may be too late.
 */
static size_t contender_batch(const struct search *s, size_t from, struct id *ids)
{
	size_t n = 0, octets = 0, room = s->query->expand ? s->query->limit + 1 : CANDIDATES_AT_ONCE;
	size_t most = room < CANDIDATES_AT_ONCE ? room : CANDIDATES_AT_ONCE;
	while (from + n < s->count && n < most && !search_is_beyond(s, s->contenders[from + n].second)) {
		octets += (size_t)s->contenders[from + n].size;
		if (n > 0 && octets > BATCH_OCTETS)
			break;
		ids[n] = s->contenders[from + n].id;
		n++;
	}
	return n;
}

static err_t add_contenders(struct search *s)
{
	struct id ids[CANDIDATES_AT_ONCE];
	size_t n = 0;
	if (s->count)
		qsort(s->contenders, s->count, sizeof *s->contenders,
			s->query->back ? contender_cmp_back : contender_cmp);
	for (size_t from = 0; (n = contender_batch(s, from, ids)) > 0; from += n) {
		struct arena_mark mark = arena_mark(s->cx->mem);
		struct object *objects;
		size_t count;
		TRY(object_by_ids(s->cx, s->query->actor, (struct id_list){ ids, n }, &objects, &count));
		for (size_t i = 0; i < count; i++) {
			struct arena_mark one = arena_mark(s->cx->mem);
			TRY(add_series(s, &objects[i]));
			arena_rewind(s->cx->mem, one);
		}
		arena_rewind(s->cx->mem, mark);
	}
	return OK;
}

/* ---- the page ---- */

static err_t search_run(struct ctx *cx, const struct agenda_query *q, struct agenda_page *out)
{
	struct search search;
	if (!instant_before(q->start, q->end))
		return REFUSE(cx, INVALID_VALUE, "to", "The end of the range does not come after its start.");
	search_open(cx, q, &search);
	TRY(search_candidates(&search));
	TRY(add_contenders(&search));
	*out = search.page;
	return OK;
}

err_t agenda_in_range(struct ctx *cx, const struct agenda_query *q, struct agenda_list *out)
{
	struct agenda_page page;
	assert(q->limit > 0 && q->limit <= AGENDA_PAGE_MAX);
	TRY(search_run(cx, q, &page));
	return agenda_read_spots(cx, q, &page, out);
}

err_t agenda_spots(struct ctx *cx, const struct agenda_query *q, size_t most, struct agenda_spots *out)
{
	struct agenda_query whole = *q;
	struct agenda_page page;
	assert(most > AGENDA_PAGE_MAX && most <= AGENDA_SPOTS_MAX);
	whole.limit = most;
	whole.position = NULL;
	whole.back = false;
	TRY(search_run(cx, &whole, &page));
	*out = (struct agenda_spots){ .items = page.spots,
		.count = page.count > page.limit ? page.limit : page.count,
		.more = page.count > page.limit };
	return OK;
}
