/* SPDX-License-Identifier: Apache-2.0 */
/* The first step of a page (see agenda.c): what does not recur, and who contends. */
#include "caldav/calendar/view/agenda_search.h"

#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/view/time_range.h"
#include "sql.h"

DB_RESULT(agenda_candidates, struct object, id, flags, size, first_at, last_at, occ_until, occ);
DB_RESULT(agenda_candidates_back, struct object, id, flags, size, first_at, last_at, occ_until, occ);

int64_t search_end(const struct search *s)
{
	int64_t end = agenda_page_end(&s->page);
	return end < s->end ? end : s->end;
}

int64_t search_begin(const struct search *s)
{
	return agenda_page_begin(&s->page);
}

bool search_is_beyond(const struct search *s, int64_t second)
{
	return s->query->back ? second < search_begin(s) : second >= search_end(s);
}

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
	return o->flags & ICAL_FLOATING ? DAY_S : 0;
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
		if (search_is_beyond(s, c.second) || c.second == INT64_MIN)
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

/* Each round looks into all lanes of all calendars: where much is wanted, it is had in one. */
static size_t candidates_at_once(const struct agenda_query *q)
{
	return q->limit > AGENDA_PAGE_MAX ? q->limit + 1 : CANDIDATES_AT_ONCE;
}

static struct instant still_from(const struct search *s)
{
	return search_begin(s) > s->start ? instant_of_s(search_begin(s)) : s->query->start;
}

static struct instant still_until(const struct search *s)
{
	return search_end(s) < s->end ? instant_of_s(search_end(s)) : s->query->end;
}

/* Those that come after the one with this beginning and id, of what may still have a position in the page. */
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
err_t search_candidates(struct search *s)
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
