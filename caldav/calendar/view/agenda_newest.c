/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as they are stored, the newest first. A page is read in two steps: which objects are in it, batch by batch,
 * of which nothing but the ids is kept; then these.
 */
#include "caldav/calendar/view/agenda_item.h"
#include "sql.h"

#define ROWS_AT_ONCE 500

DB_RESULT(agenda_newest, struct object, OBJECT_SHOWN_COLUMNS);
DB_RESULT(agenda_newest_with_key, struct object, OBJECT_SHOWN_COLUMNS);
DB_RESULT(agenda_newer, struct object, OBJECT_SHOWN_COLUMNS);

/* Is its data? */
static bool is_wanted(const struct agenda_newest_query *q, const struct object *row)
{
	return !q->sieve || !instant_before(row->updated_at, q->sieve->changed_since);
}

/* Data comes only of what was changed since the sieve's time, and of what is small (read_large). */
static err_t read_rows(struct ctx *cx, const struct agenda_newest_query *q, struct id bound, size_t most,
	struct object **rows_out, size_t *count_out)
{
	struct instant since = q->sieve ? q->sieve->changed_since : INSTANT_BEFORE;
	if (q->back)
		return db_rows(cx, &sql_agenda_newer, agenda_newer, rows_out, count_out, IN(q->actor->owner),
			IN(q->calendars), IN(bound), IN((int32_t)most), IN(since));
	return db_rows(cx, &sql_agenda_newest, agenda_newest, rows_out, count_out, IN(q->actor->owner),
		IN(q->calendars), IN(bound), IN((int32_t)most), IN(since));
}

void agenda_newest_prefetch(struct ctx *cx, const struct agenda_newest_query *q, struct id account, struct bytes key)
{
	db_prefetch(cx, &sql_agenda_newest_with_key, &sql_agenda_newest, IN(account), IN(q->calendars), IN(q->bound),
		IN((int32_t)(q->limit + 1)), IN(INSTANT_BEFORE), IN(key));
}

/* The data of those that came without it, of a batch of rows. What went meanwhile stays without. */
static err_t read_large(struct ctx *cx, const struct agenda_newest_query *q, struct object *rows, size_t count)
{
	struct id *ids = arena_array(cx->mem, struct id, count + 1);
	struct object *whole;
	size_t n = 0, found;
	for (size_t i = 0; i < count; i++)
		if (!rows[i].data.ptr && is_wanted(q, &rows[i]))
			ids[n++] = rows[i].id;
	if (!n)
		return OK;
	TRY(object_by_ids(cx, q->actor, (struct id_list){ ids, n }, &whole, &found));
	for (size_t i = 0; i < count; i++) {
		const struct object *large = rows[i].data.ptr ? NULL : object_of_id(whole, found, rows[i].id);
		if (large)
			rows[i] = *large;
	}
	return OK;
}

static err_t whole_page(struct ctx *cx, const struct agenda_newest_query *q, struct agenda_newest_list *out)
{
	struct agenda_newest_list list = { 0 };
	struct object *rows;
	size_t count;
	TRY(read_rows(cx, q, q->bound, q->limit + 1, &rows, &count));
	size_t fit = object_batch(rows, 0, count < q->limit ? count : q->limit);
	TRY(read_large(cx, q, rows, fit));
	list.more = count > fit;
	list.stands = fit > 0;
	list.items = arena_array(cx->mem, struct agenda_item, fit);
	for (size_t i = 0; i < fit; i++) {
		const struct object *row = &rows[q->back ? fit - 1 - i : i];
		if (row->data.ptr)
			TRY(agenda_event(cx, row, q->zone, &list.items[list.count++]));
	}
	if (fit) {
		list.first = rows[q->back ? fit - 1 : 0].id;
		list.last = rows[q->back ? 0 : fit - 1].id;
	}
	*out = list;
	return OK;
}

/* ---- with a sieve ---- */

struct sifting {
	struct ctx *cx;
	const struct agenda_newest_query *q;
	struct id *found; /* in the page's direction */
	size_t count, looked;
	size_t octets;     /* of what was found */
	struct id at;      /* how far it came */
	bool began, more;  /* more: it stopped before the end */
	struct id nearest; /* where it began */
};

/* False: the page ends before this row. */
static err_t sift_row(struct sifting *s, const struct object *row, bool *goes_on)
{
	struct arena_mark mark = arena_mark(s->cx->mem);
	struct agenda_item item;
	bool fits = row->data.ptr && is_wanted(s->q, row);
	if (fits) {
		TRY(agenda_event(s->cx, row, s->q->zone, &item));
		fits = agenda_passes(s->cx->mem, s->q->sieve, &item);
	}
	arena_rewind(s->cx->mem, mark);
	*goes_on = !fits || (s->count < s->q->limit && (!s->count || s->octets + (size_t)row->size <= BATCH_OCTETS));
	if (!*goes_on)
		return OK;
	if (fits) {
		s->found[s->count++] = row->id;
		s->octets += (size_t)row->size;
	}
	s->nearest = s->began ? s->nearest : row->id;
	s->at = row->id;
	s->began = true;
	s->looked++;
	return OK;
}

/* One batch, in portions of data. *end_out: there is nothing after it, or the page ends in it. */
static err_t sift_batch(struct sifting *s, bool *end_out)
{
	struct arena_mark mark = arena_mark(s->cx->mem);
	struct object *rows;
	size_t count;
	bool goes_on = true;
	TRY(read_rows(s->cx, s->q, s->at, ROWS_AT_ONCE, &rows, &count));
	for (size_t from = 0, end; from < count && goes_on; from = end) {
		struct arena_mark portion = arena_mark(s->cx->mem);
		end = object_batch(rows, from, count);
		TRY(read_large(s->cx, s->q, rows + from, end - from));
		for (size_t i = from; i < end && goes_on; i++)
			TRY(sift_row(s, &rows[i], &goes_on));
		arena_rewind(s->cx->mem, portion);
	}
	s->more = !goes_on || count == ROWS_AT_ONCE;
	*end_out = !goes_on || count < ROWS_AT_ONCE;
	arena_rewind(s->cx->mem, mark);
	return OK;
}

/* What went meanwhile is left out. */
static err_t read_found(const struct sifting *s, struct agenda_newest_list *list)
{
	struct ctx *cx = s->cx;
	struct object *objects;
	size_t count = 0;
	list->items = arena_array(cx->mem, struct agenda_item, s->count + 1);
	if (s->count)
		TRY(object_by_ids(cx, s->q->actor, (struct id_list){ s->found, s->count }, &objects, &count));
	for (size_t i = 0; i < s->count; i++) {
		const struct object *o = object_of_id(objects, count, s->found[s->q->back ? s->count - 1 - i : i]);
		if (o)
			TRY(agenda_event(cx, o, s->q->zone, &list->items[list->count++]));
	}
	return OK;
}

err_t agenda_newest(struct ctx *cx, const struct agenda_newest_query *q, struct agenda_newest_list *out)
{
	bool end = false;
	if (!q->sieve)
		return whole_page(cx, q, out);
	struct sifting s = { .cx = cx, .q = q, .at = q->bound, .found = arena_array(cx->mem, struct id, q->limit) };
	while (!end && s.looked < AGENDA_SIEVED_MAX)
		TRY(sift_batch(&s, &end));
	struct agenda_newest_list list = { .more = s.more, .stands = s.began };
	list.first = q->back ? s.at : s.nearest;
	list.last = q->back ? s.nearest : s.at;
	TRY(read_found(&s, &list));
	*out = list;
	return OK;
}
