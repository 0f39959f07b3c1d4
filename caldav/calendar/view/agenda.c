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

#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/recur/budget.h"
#include "caldav/calendar/view/agenda_page.h"
#include "caldav/calendar/view/time_range.h"
#include "sql.h"

#define CANDIDATES_AT_ONCE 500
#define CANDIDATES_OF_SPOTS 2500 /* each round looks into all lanes of all calendars */

DB_RESULT(agenda_candidates, struct object, id, flags, size, first_at, last_at, occ_until, occ);
DB_RESULT(agenda_candidates_back, struct object, id, flags, size, first_at, last_at, occ_until, occ);

/* A series that may stand in the page. */
struct contender {
	struct id id;
	int64_t second; /* none of its instances in question begins before; of a page that goes back, after */
	int32_t size;
};

struct search {
	struct ctx *cx;
	const struct agenda_query *query;
	const struct zone *floating;
	int64_t start, end; /* of the range, in seconds */
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
		.page = agenda_page_new(cx->mem, q->place, q->back, q->limit),
		.mem = arena_open() };
	arena_defer(cx->mem, close_arena, out->mem);
}

/* An item must begin before. */
static int64_t search_end(const struct search *s)
{
	int64_t end = agenda_page_end(&s->page);
	return end < s->end ? end : s->end;
}

/* And not before; INT64_MIN: wherever it begins. */
static int64_t search_begin(const struct search *s)
{
	return agenda_page_begin(&s->page);
}

/* Has what begins there no place in the page, nor what is farther that way? */
static bool is_beyond(const struct search *s, int64_t second)
{
	return s->query->back ? second < search_begin(s) : second >= search_end(s);
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

/* The clock of floating times may turn around what lies within a day. */
static int64_t floating_slack(const struct object *o)
{
	return o->flags & ICAL_FLOATING ? DAY_SECONDS : 0;
}

struct nearest {
	int64_t from, until, found;
};

static bool first_within(void *to, struct occurrence_span span)
{
	struct nearest *n = to;
	if (span.first < n->from)
		return true;
	n->found = span.first;
	return false;
}

static bool last_within(void *to, struct occurrence_span span)
{
	struct nearest *n = to;
	if (span.first < n->until && span.first > n->found)
		n->found = span.first;
	return true;
}

/* The second before which no instance begins that is in the range and to come; INT64_MAX: there is none. */
static int64_t series_begins(const struct search *s, const struct object *o)
{
	int64_t resume = search_begin(s), from = s->start > resume ? s->start : resume;
	int64_t first = instant_s(o->first_at), least = first > resume ? first : resume;
	struct nearest n = { .from = resume, .found = INT64_MAX };
	const struct ical_facts facts = object_facts(o);
	if (!bounds_cover(&facts, from, from))
		return least;
	bounds_walk(&facts, from, s->end, s->floating, first_within, &n);
	if (n.found == INT64_MAX && o->occ_until.us == INSTANT_FOREVER.us)
		return INT64_MAX;
	int64_t begins = add_clamped(n.found == INT64_MAX ? instant_s(o->occ_until) : n.found, -floating_slack(o));
	return begins > least ? begins : least;
}

/* For a page that goes back: the second after which none begins; INT64_MIN: there is none. */
static int64_t series_ends(const struct search *s, const struct object *o)
{
	int64_t until = search_end(s), last = instant_s(o->last_at);
	int64_t most = last < until ? last : until;
	struct nearest n = { .until = until, .found = INT64_MIN };
	const struct ical_facts facts = object_facts(o);
	if (!bounds_cover(&facts, s->start, until))
		return most;
	bounds_walk(&facts, s->start, until, s->floating, last_within, &n);
	if (n.found == INT64_MIN)
		return floating_slack(o) ? most : INT64_MIN;
	int64_t ends = add_clamped(n.found, floating_slack(o));
	return ends < most ? ends : most;
}

static err_t add_contender(struct search *s, const struct object *o)
{
	struct contender c = { .id = o->id, .second = s->query->back ? INT64_MAX : INT64_MIN, .size = o->size };
	bool in_range, needs_data = false;
	if (s->query->expand) {
		c.second = s->query->back ? series_ends(s, o) : series_begins(s, o);
		if (is_beyond(s, c.second) || c.second == INT64_MIN)
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

static size_t candidates_at_once(const struct agenda_query *q)
{
	return q->limit > AGENDA_PAGE_MAX ? CANDIDATES_OF_SPOTS : CANDIDATES_AT_ONCE;
}

static struct instant still_from(const struct search *s)
{
	return search_begin(s) > s->start ? instant_of_s(search_begin(s)) : s->query->start;
}

static struct instant still_until(const struct search *s)
{
	return search_end(s) < s->end ? instant_of_s(search_end(s)) : s->query->end;
}

/* Those that come after the one with this beginning and id, of what may still have a place in the page. */
static err_t next_candidates(
	struct search *s, struct instant last, struct id id, struct object **rows_out, size_t *count_out)
{
	const struct agenda_query *q = s->query;
	struct instant from = still_from(s), until = still_until(s);
	struct instant first = q->expand ? from : q->start, end = q->expand ? until : q->end;
	if (q->back)
		return db_rows(s->cx, &sql_agenda_candidates_back, agenda_candidates_back, rows_out, count_out,
			IN(q->actor->owner), IN(q->calendars), IN(first), IN(end), IN(from), IN(until), IN(last),
			IN(id), IN((int32_t)candidates_at_once(q)));
	return db_rows(s->cx, &sql_agenda_candidates, agenda_candidates, rows_out, count_out, IN(q->actor->owner),
		IN(q->calendars), IN(first), IN(end), IN(from), IN(until), IN(last), IN(id),
		IN((int32_t)candidates_at_once(q)));
}

/* All at once, where it is known of each whether it may have the words. */
static err_t find_sought(struct search *s, bool *all_out)
{
	const struct agenda_query *q = s->query;
	struct arena_mark mark = arena_mark(s->cx->mem);
	struct object *rows;
	size_t count = 0;
	*all_out = !q->calendars.count;
	if (q->calendars.count)
		TRY(agenda_sought(s->cx, q, q->expand ? still_from(s) : q->start, q->expand ? still_until(s) : q->end,
			&rows, &count, all_out));
	if (*all_out)
		TRY(add_candidates(s, rows, count));
	arena_rewind(s->cx->mem, mark);
	return OK;
}

/*
 * Without instances, an event's position is its own start and tells nothing of where its instances are: all series of
 * the range contend on each page.
 */
static err_t find_candidates(struct search *s)
{
	const struct agenda_query *q = s->query;
	struct instant last = q->back ? INSTANT_FOREVER : INSTANT_BEFORE;
	struct id id = { { 0 } };
	size_t most = candidates_at_once(q), count = most;
	bool all = false;
	if (q->words)
		TRY(find_sought(s, &all));
	if (all)
		return OK;
	while (q->calendars.count > 0 && count == most) {
		struct object *rows;
		struct arena_mark mark = arena_mark(s->cx->mem);
		TRY(next_candidates(s, last, id, &rows, &count));
		TRY(add_candidates(s, rows, count));
		if (count > 0) {
			last = rows[count - 1].first_at;
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
	while (from + n < s->count && n < most && !is_beyond(s, s->contenders[from + n].second)) {
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
	TRY(find_candidates(&search));
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

err_t agenda_spots(struct ctx *cx, const struct agenda_query *q, struct agenda_spots *out)
{
	struct agenda_query whole = *q;
	struct agenda_page page;
	whole.limit = AGENDA_SPOTS_MAX;
	whole.place = NULL;
	whole.back = false;
	TRY(search_run(cx, &whole, &page));
	*out = (struct agenda_spots){ .items = page.spots,
		.count = page.count > page.limit ? page.limit : page.count,
		.more = page.count > page.limit };
	return OK;
}
