/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of a range in three steps, so that its work grows with the page and the number of series, never with the
 * instances, and memory holds a batch of rows, a line for each series, and the page:
 *
 *   1. Candidates come in order of their bounds' beginning. What does not recur has its position from the bounds alone;
 * a series waits with the second before which none of its instances begins, as its bounds and occ tell.
 *   2. The series in order of that second, each from its data, until none begins before the end of the page. A walk
 *      through a series ends there too.
 *   3. What stands at the positions, from their objects.
 */
#include "caldav/calendar/view/agenda.h"

#include <assert.h>
#include <stdlib.h>

#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/recur/budget.h"
#include "caldav/calendar/view/agenda_item.h"
#include "caldav/calendar/view/agenda_page.h"
#include "caldav/calendar/view/time_range.h"
#include "sql.h"

#define CANDIDATES_AT_ONCE 500

DB_RESULT(agenda_candidates, struct object, id, flags, size, first_at, last_at, occ_until, occ);

/* A series that may stand in the page. */
struct contender {
	struct id id;
	int64_t begins; /* none of its instances in question begins before */
	int32_t size;
};

struct search {
	struct ctx *cx;
	const struct agenda_query *query;
	const struct zone *floating;
	int64_t start, end; /* of the range, in seconds */
	int64_t resume;     /* what begins before was on an earlier page; INT64_MIN: nothing was */
	struct agenda_page page;
	struct arena *mem; /* of the contenders: they outlive a batch */
	struct contender *contenders;
	size_t count, cap;
};

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
		.resume = q->after ? instant_s(q->after->start) : INT64_MIN,
		.page = agenda_page_new(cx->mem, q->after, q->limit),
		.mem = arena_open() };
	arena_defer(cx->mem, close_arena, out->mem);
}

/* An item must begin before. */
static int64_t search_end(const struct search *s)
{
	int64_t end = agenda_page_end(&s->page);
	return end < s->end ? end : s->end;
}

/* ---- 1: what does not recur, and who contends ---- */

static bool first_span(void *to, struct occurrence_span span)
{
	*(struct occurrence_span *)to = span;
	return false;
}

static void put_single(struct search *s, const struct object *o)
{
	struct occurrence_span none = { INT64_MAX, INT64_MIN }, span = none;
	const struct ical_facts facts = object_facts(o);
	if (o->flags & ICAL_FLOATING)
		bounds_walk(&facts, s->start, s->end, s->floating, first_span, &span);
	else
		span = (struct occurrence_span){ instant_s(o->first_at), instant_s(o->last_at) };
	if (span.first >= s->end || span.last <= s->start)
		return;
	const struct spot spot = spot_at(o, span.first, span.last, STR_ABSENT);
	agenda_page_put(&s->page, &spot);
}

struct first_from {
	int64_t resume, found;
};

static bool first_from(void *to, struct occurrence_span span)
{
	struct first_from *f = to;
	if (span.first < f->resume)
		return true;
	f->found = span.first;
	return false;
}

/* The second before which no instance begins that is in the range and to come; INT64_MAX: there is none. */
static int64_t series_begins(const struct search *s, const struct object *o)
{
	int64_t from = s->start > s->resume ? s->start : s->resume, first = instant_s(o->first_at);
	int64_t least = first > s->resume ? first : s->resume;
	/* The clock of floating times may turn around what lies within a day. */
	int64_t slack = o->flags & ICAL_FLOATING ? DAY_SECONDS : 0;
	struct first_from f = { s->resume, INT64_MAX };
	const struct ical_facts facts = object_facts(o);
	if (!bounds_cover(&facts, from, from))
		return least;
	bounds_walk(&facts, from, s->end, s->floating, first_from, &f);
	if (f.found == INT64_MAX && o->occ_until.us == INSTANT_FOREVER.us)
		return INT64_MAX;
	int64_t begins = add_clamped(f.found == INT64_MAX ? instant_s(o->occ_until) : f.found, -slack);
	return begins > least ? begins : least;
}

static err_t add_contender(struct search *s, const struct object *o)
{
	struct contender c = { .id = o->id, .begins = INT64_MIN, .size = o->size };
	bool in_range, needs_data = false;
	if (s->query->expand) {
		c.begins = series_begins(s, o);
		if (c.begins >= search_end(s))
			return OK;
	} else {
		TRY(object_in_time_range(
			s->cx, o, s->query->start, s->query->end, s->query->zone, &in_range, &needs_data));
		if (!in_range && !needs_data)
			return OK;
	}
	if (s->count == AGENDA_SERIES_MAX)
		return REFUSE(s->cx, RANGE_TOO_LARGE, "to",
			"More than %d series touch this range. Ask for less, or for one calendar.", AGENDA_SERIES_MAX);
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		s->contenders = arena_grow(s->mem, s->contenders, s->cap * sizeof c, cap * sizeof c);
		s->cap = cap;
	}
	s->contenders[s->count++] = c;
	return OK;
}

static err_t add_candidates(struct search *s, const struct object *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].flags & ICAL_RECURRING)
			TRY(add_contender(s, &rows[i]));
		else
			put_single(s, &rows[i]);
	return OK;
}

/*
 * Without instances, an event's position is its own start and tells nothing of where its instances are: all series of
 * the range contend on each page.
 */
static err_t find_candidates(struct search *s)
{
	const struct agenda_query *q = s->query;
	struct instant after = INSTANT_BEFORE;
	struct instant from = s->resume > s->start ? instant_of_s(s->resume) : q->start;
	struct id id = { { 0 } };
	size_t count = CANDIDATES_AT_ONCE;
	while (q->calendars.count > 0 && count == CANDIDATES_AT_ONCE) {
		struct object *rows;
		struct arena_mark mark = arena_mark(s->cx->mem);
		struct instant until = search_end(s) < s->end ? instant_of_s(search_end(s)) : q->end;
		TRY(db_rows(s->cx, &sql_agenda_candidates, agenda_candidates, &rows, &count, IN(q->actor->owner),
			IN(q->calendars), IN(q->expand ? from : q->start), IN(q->expand ? until : q->end), IN(from),
			IN(until), IN(after), IN(id), IN((int32_t)CANDIDATES_AT_ONCE)));
		TRY(add_candidates(s, rows, count));
		if (count > 0) {
			after = rows[count - 1].first_at;
			id = rows[count - 1].id;
		}
		arena_rewind(s->cx->mem, mark);
	}
	return OK;
}

/* ---- 2: the series ---- */

struct putting {
	struct search *search;
	const struct object *object;
	const struct series *series;
	struct walk walk;
	bool put;
};

/* The walk goes no further than the page. */
static bool put_instance(void *to, const struct series_instance *i)
{
	struct putting *p = to;
	struct arena *mem = p->search->cx->mem;
	struct arena_mark mark = arena_mark(mem);
	struct str id = p->series->recurs ? recurrence_id_text(mem, i->original) : STR_ABSENT;
	const struct spot spot = spot_at(p->object, i->at.start, i->at.end, id);
	agenda_page_put(&p->search->page, &spot);
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

static err_t add_series(struct search *s, const struct object *object)
{
	struct putting p = { .search = s, .object = object };
	struct ical *ical;
	TRY(budget_check(s->cx));
	TRY(ical_parse(s->cx, object->data, &ical));
	TRY(series_read(s->cx, ical, &p.series));
	p.walk = (struct walk){ .floating = s->floating,
		.a = s->start,
		.b = s->query->expand ? search_end(s) : s->end,
		.resumes = s->query->expand && s->resume != INT64_MIN,
		.resume = s->resume,
		.visit = s->query->expand ? put_instance : put_event,
		.to = &p };
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
	return x->begins < y->begins ? -1 : x->begins > y->begins;
}

/* The contenders from `from` on that are read together. No more than the page has room for: the next may be too late.
 */
static size_t contender_batch(const struct search *s, size_t from, struct id *ids)
{
	size_t n = 0, octets = 0, most = s->query->expand ? s->query->limit + 1 : CANDIDATES_AT_ONCE;
	while (from + n < s->count && n < most && s->contenders[from + n].begins < search_end(s)) {
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
		qsort(s->contenders, s->count, sizeof *s->contenders, contender_cmp);
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

/* ---- 3: what is there ---- */

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
static err_t read_spot(struct search *s, const struct sources *sources, const struct spot *spot, struct agenda_list *to)
{
	const struct agenda_source *source = source_of(sources, spot->object);
	struct agenda_item *item = &to->items[to->count];
	if (!source)
		return OK;
	if (spot->recurrence_id_len) {
		err_t e = agenda_item_of_instance(s->cx, source, str_dup(s->cx->mem, spot_instance(spot)), item);
		if (e && !err_is(e, NOT_FOUND))
			return e;
		to->count += !e && instant_s(item->start) == spot->start;
	} else {
		agenda_item_of_event(source, item);
		to->count += instant_s(item->start) == spot->start;
	}
	return OK;
}

static err_t read_spots(struct search *s, struct agenda_list *out)
{
	struct ctx *cx = s->cx;
	struct id *ids = arena_array(cx->mem, struct id, s->page.limit);
	struct object *objects;
	struct sources sources = { 0 };
	size_t id_count, object_count, count = spots_that_fit(&s->page, ids, &id_count);
	struct agenda_list list = { .items = arena_array(cx->mem, struct agenda_item, count) };
	if (count > 0) {
		TRY(object_by_ids(cx, s->query->actor, (struct id_list){ ids, id_count }, &objects, &object_count));
		sources.items = arena_array(cx->mem, struct agenda_source, object_count);
		for (; sources.count < object_count; sources.count++)
			TRY(agenda_source_open(
				cx, &objects[sources.count], s->query->zone, &sources.items[sources.count]));
		list.last = spot_position(&s->page.spots[count - 1]);
	}
	for (size_t i = 0; i < count; i++)
		TRY(read_spot(s, &sources, &s->page.spots[i], &list));
	list.more = s->page.count > count;
	*out = list;
	return OK;
}

err_t agenda_in_range(struct ctx *cx, const struct agenda_query *q, struct agenda_list *out)
{
	struct search search;
	assert(q->limit > 0 && q->limit <= AGENDA_PAGE_MAX);
	static_assert(AGENDA_PAGE_MAX + 1 <= CANDIDATES_AT_ONCE, "a batch of contenders");
	if (!instant_before(q->start, q->end))
		return REFUSE(cx, INVALID_VALUE, "to", "The end of the range does not come after its start.");
	search_open(cx, q, &search);
	TRY(find_candidates(&search));
	TRY(add_contenders(&search));
	return read_spots(&search, out);
}
