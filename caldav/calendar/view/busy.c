/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/busy.h"

#define EVENTS_MAX 20000
#define CANDIDATES_AT_ONCE 500

/* Those that flags and occurrences do not decide, batch by batch. */
static err_t add_data(struct ctx *cx, struct busy_person *person, const struct object *rows, size_t count)
{
	for (size_t from = 0; from < count;) {
		struct arena_mark mark = arena_mark(cx->mem);
		size_t end = object_batch(rows, from, count), whole_count;
		struct id *ids = arena_array(cx->mem, struct id, end - from);
		struct object *whole;
		bool again;
		for (size_t i = from; i < end; i++)
			ids[i - from] = rows[i].id;
		TRY(object_by_ids(cx, &person->actor, (struct id_list){ ids, end - from }, &whole, &whole_count));
		for (size_t i = 0; i < whole_count; i++)
			TRY(freebusy_add(cx, &person->busy, &whole[i], &again));
		arena_rewind(cx->mem, mark);
		from = end;
	}
	return OK;
}

static err_t add_busy(struct ctx *cx, struct busy_person *person, const struct object *objects, size_t count)
{
	struct object *open = arena_array(cx->mem, struct object, count + 1);
	size_t open_count = 0;
	for (size_t i = 0; i < count; i++) {
		bool needs_data = false;
		if (person->leaves_out && person->leaves_out(person->to, &objects[i]))
			continue;
		TRY(freebusy_add(cx, &person->busy, &objects[i], &needs_data));
		if (needs_data)
			open[open_count++] = objects[i];
	}
	return add_data(cx, person, open, open_count);
}

/* Every calendar with its owner, and which person that is; people without calendars have none. */
struct shelf {
	struct id *owners, *calendars;
	size_t *people;
	size_t count;
};

static struct shelf shelf_of(struct arena *mem, const struct busy_person *people, size_t count)
{
	size_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += people[i].calendars.count;
	struct shelf shelf = { arena_array(mem, struct id, all + 1), arena_array(mem, struct id, all + 1),
		arena_array(mem, size_t, all + 1), 0 };
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < people[i].calendars.count; k++, shelf.count++) {
			shelf.owners[shelf.count] = people[i].actor.owner;
			shelf.calendars[shelf.count] = people[i].calendars.items[k];
			shelf.people[shelf.count] = i;
		}
	return shelf;
}

/* A page comes calendar by calendar, so person by person. */
static err_t add_page(struct ctx *cx, struct busy_person *people, const struct shelf *shelf,
	const struct object *objects, size_t count)
{
	for (size_t from = 0; from < count;) {
		size_t who = shelf->people[range_calendar(&objects[from])], end = from + 1;
		while (end < count && shelf->people[range_calendar(&objects[end])] == who)
			end++;
		TRY(add_busy(cx, &people[who], objects + from, end - from));
		if (end < count)
			freebusy_merge(&people[who].busy);
		from = end;
	}
	return OK;
}

static err_t check_spans(struct ctx *cx, const struct busy_person *people, size_t count)
{
	size_t spans = 0;
	for (size_t i = 0; i < count; i++)
		spans += people[i].busy.count;
	return spans <= 2 * FREEBUSY_SPANS_MAX ? OK : FAIL(cx, TOO_COSTLY, "%zu spans of all people", spans);
}

err_t busy_collect(struct ctx *cx, struct busy_person *people, size_t count, struct instant start, struct instant end)
{
	const struct shelf shelf = shelf_of(cx->mem, people, count);
	const struct id_list owners = { shelf.owners, shelf.count };
	struct range_query q = { { shelf.calendars, shelf.count }, start, end, .limit = CANDIDATES_AT_ONCE };
	struct object *objects;
	size_t found = CANDIDATES_AT_ONCE, seen = 0;
	for (size_t i = 0; i < count; i++) {
		freebusy_open(cx, start, end, people[i].zone, &people[i].busy);
		people[i].busy.email = people[i].email;
	}
	while (shelf.count > 0 && found == CANDIDATES_AT_ONCE) {
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(object_busy_in_range(cx, owners, &q, &objects, &found));
		TRY(add_page(cx, people, &shelf, objects, found));
		TRY(check_spans(cx, people, count));
		if (found > 0)
			q.after = range_position(&objects[found - 1]);
		arena_rewind(cx->mem, mark);
		seen += found;
		if (seen > EVENTS_MAX)
			return REFUSE(cx, RANGE_TOO_LARGE, "to", "Too many events touch this range. Ask for less.");
	}
	for (size_t i = 0; i < count; i++)
		freebusy_merge(&people[i].busy);
	return OK;
}
