/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times at which a meeting fits: between what people are busy with and within working hours, the best first. Pure
 * arithmetic: no database, no clock. Times are Unix seconds, spans half-open.
 */
#pragma once

#include "caldav/calendar/zone/zone.h"

#define HOURS_A_DAY_MAX 8 /* spans of working hours of one day */
#define DAY_MINUTES 1440

struct slot_span {
	int64_t from, to;
};

/* Minutes of a day on the wall clock. */
struct day_span {
	int from, to; /* 0 <= from < to <= DAY_MINUTES */
};

/* In order, none overlapping another of its day. */
struct day_hours {
	struct day_span spans[HOURS_A_DAY_MAX];
	size_t count;
};

struct working_hours {
	struct day_hours days[7]; /* Monday first */
};

enum day_part { ANY_TIME, MORNING, AFTERNOON, EVENING };

struct slot_query {
	int64_t from, to;                  /* a slot lies within */
	int64_t duration_s, buffer_s;      /* how long it is, and how far from what is busy; duration_s > 0 */
	const struct zone *zone;           /* of `hours` and `part` */
	const struct working_hours *hours; /* NULL: at any time of any day */
	enum day_part part;                /* preferred: 5 to 12, 12 to 17 or 17 to 22 o'clock */
	const struct slot_span *busy;      /* in order, none overlapping another; also what lies a buffer outside */
	size_t busy_count, limit;
};

struct time_slot {
	int64_t start, end;
	int score; /* thousandths */
};

/*
 * At most `limit` slots, best score first, then the earliest; none overlaps another. *count_out of them in mem.
 *
 * A slot begins where a free time begins (at the next full minute), or at a quarter of an hour, and lies as a whole
 * within free time: within `hours` by the wall clock, whatever it does there (an hour that happens twice is there
 * twice), and at least `buffer_s` away from everything busy.
 *
 * Its score: 700 for the part of it that lies in the preferred part of the day, counted on from the wall clock's time
 * at its start, all 700 where none is preferred; and up to 300, the earlier the more: all at `from`, none at the last
 * start in the range.
 */
const struct time_slot *slots_find(struct arena *mem, const struct slot_query *q, size_t *count_out);
