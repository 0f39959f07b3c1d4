/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of several calendars in one order, page by page: what REST lists and the pages show. Memory does not grow with
 * the calendars, only with the page.
 */
#pragma once

#include "caldav/calendar/event/words.h"
#include "caldav/calendar/store/store.h"

#define AGENDA_PAGE_MAX 250
#define AGENDA_SERIES_MAX 20000

struct agenda_item {
	struct object object;      /* without data */
	struct event event;        /* of an instance: with its own start and end */
	struct instant start, end; /* of the event, as instants also where it floats or is a day */
	bool instance;             /* one of several; event.recurrence_id says which */
	bool own;                  /* of one instance that was asked for: it was changed by itself, */
	struct instant due;        /* and else would begin then */
};

/* The position of an item: in order of start, then object, then recurrence id. */
struct agenda_position {
	struct instant start;
	struct id object;
	struct str recurrence_id; /* absent where the event does not recur */
};

struct agenda_query {
	const struct actor *actor;
	struct id_list calendars;  /* none: nothing */
	struct instant start, end; /* [start, end) */
	struct str zone;           /* of floating times and all-day events; absent: UTC */
	bool expand;               /* each instance; else each event that has one, once, in order of its first start */
	const struct agenda_position *position; /* only what comes after it; NULL: from the beginning */
	bool back;                              /* the last of what comes before the position; NULL: from the end */
	const struct words *words; /* what has not all of them may be left out, and need not; NULL: nothing is */
	size_t limit;              /* 1 to AGENDA_PAGE_MAX */
};

struct agenda_list {
	struct agenda_item *items; /* in order of start, whichever way */
	size_t count;
	bool more;                          /* there are others after `last`; with `back`, before `first` */
	bool stands;                        /* the page has a position: some may have gone while it was read */
	struct agenda_position first, last; /* then: where it begins and ends */
};

/*
 * The first `limit` items in order of start after the position (with `back` the last before it), or fewer where they
 * are large. A range of any length: the work grows with the page and the number of series that touch the range.
 *
 * errors  RANGE_TOO_LARGE (more than AGENDA_SERIES_MAX series), TOO_COSTLY, INVALID_VALUE (param "to": not after the
 *         start)
 */
MUST_CHECK err_t agenda_in_range(struct ctx *cx, const struct agenda_query *q, struct agenda_list *out);

/* ---- where things stand, before it is read what they are ---- */

#define AGENDA_SPOTS_MAX 5000
#define RECURRENCE_ID_MAX 16 /* 20261124T090000Z */

/* Where an item is. */
struct spot {
	int64_t start, end; /* seconds */
	struct id object;
	char recurrence_id[RECURRENCE_ID_MAX];
	size_t recurrence_id_len; /* 0: the event does not recur, or stands for all its instances */
	int32_t size;             /* of the object */
};

struct agenda_spots {
	const struct spot *items; /* in order of start */
	size_t count;
	bool more; /* there are others, later */
};

/*
 * The first `most` of a range, AGENDA_SPOTS_MAX or fewer; q->limit, position and back do not count. For who shows few
 * of many: what does not recur is not read at all.
 *
 * errors  as agenda_in_range()
 */
MUST_CHECK err_t agenda_spots(struct ctx *cx, const struct agenda_query *q, size_t most, struct agenda_spots *out);

/* What stands there, items[i] at spots[i]; found[i] is false where it went or moved meanwhile. */
MUST_CHECK err_t agenda_at(struct ctx *cx, const struct agenda_query *q, const struct spot *spots, size_t count,
	struct agenda_item *items, bool *found);

/* What of an agenda is wanted. */
struct agenda_sieve {
	const struct words *words;    /* NULL: whatever the texts are */
	struct instant changed_since; /* objects that were stored then or later; INSTANT_BEFORE: all */
	struct str invited;           /* e-mail: events to which somebody else invites them alone; absent: all */
};

/*
 * The same list with what the sieve lets through alone. A page looks at AGENDA_SIEVED_MAX items at most: it may have
 * fewer than `limit` of them, or none, and `more`. Then first and last tell how far it came.
 */
#define AGENDA_SIEVED_MAX 2000
MUST_CHECK err_t agenda_in_range_sieved(
	struct ctx *cx, const struct agenda_query *q, const struct agenda_sieve *sieve, struct agenda_list *out);

/* Events as they are stored, the newest first. */
struct agenda_newest_query {
	const struct actor *actor;
	struct id_list calendars;
	struct id bound; /* those made before it; with `back` the last of those made after it */
	bool back;
	struct str zone;
	size_t limit;                     /* fewer where they are large */
	const struct agenda_sieve *sieve; /* as for agenda_in_range_sieved; NULL: all */
};

struct agenda_newest_list {
	struct agenda_item *items; /* the newest first, whichever way */
	size_t count;
	bool more;             /* there are others in its direction */
	bool stands;           /* the page has a position */
	struct id first, last; /* then: where it begins and ends */
};

MUST_CHECK err_t agenda_newest(struct ctx *cx, const struct agenda_newest_query *q, struct agenda_newest_list *out);
/* It will be asked like this, without a sieve and not back, of this account (q->actor is not looked at): see
 * object_prefetch. */
void agenda_newest_prefetch(struct ctx *cx, const struct agenda_newest_query *q, struct id account, struct bytes key);

/* The event that an object holds; of a recurring one with the start of its first instance. */
MUST_CHECK err_t agenda_event(struct ctx *cx, const struct object *object, struct str zone, struct agenda_item *out);

/*
 * One instance of a recurring event, by its recurrence id as recurrence_id_text() writes it. NOT_FOUND when the event
 * has no such instance (any more).
 */
MUST_CHECK err_t agenda_instance(struct ctx *cx, const struct object *object, struct str recurrence_id, struct str zone,
	struct agenda_item *out);
