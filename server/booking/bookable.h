/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a booking page has room: within its working hours, between what is busy. Pure arithmetic: no database, no clock.
 * Times are Unix seconds, spans half-open.
 */
#pragma once

#include "caldav/calendar/view/slots.h"

/* Other hours on one day; none: closed. */
struct hours_exception {
	int64_t day; /* days since 1970-01-01, on the wall clock */
	struct day_hours hours;
};

struct bookable_query {
	int64_t from, to;   /* a slot lies within */
	int64_t duration_s; /* > 0 */
	/* So much time before and after a slot must not be busy. */
	int64_t before_s, after_s;
	int step;                /* minutes, > 0 */
	const struct zone *zone; /* of the hours */
	const struct working_hours *hours;
	const struct hours_exception *exceptions; /* in order of their days, one a day */
	size_t exception_count;
	const struct slot_span *busy; /* in order, none overlapping another; also what lies a buffer outside */
	size_t busy_count;
	const int64_t *full_days; /* on which no slot may begin; days as above, in any order */
	size_t full_day_count;
	size_t limit;
};

/*
 * At most `limit` slots, in order. They may overlap one another: each is one that could be had. *count_out of them in
 * mem.
 *
 * A slot begins where a span of working hours does, or a multiple of `step` later, both on the wall clock: after a
 * change of the clocks at the same times of day as before. It lies as a whole within working hours, whatever the clock
 * does there: of an hour that happens twice both are working hours, one that does not happen is none.
 */
const struct slot_span *bookable_slots(struct arena *mem, const struct bookable_query *q, size_t *count_out);

/* The day on which it is, on the wall clock of the zone. */
int64_t bookable_day(const struct zone *zone, int64_t utc);
