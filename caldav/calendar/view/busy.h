/* SPDX-License-Identifier: Apache-2.0 */
/* When people are busy: the free and busy time of several, out of their calendars. */
#pragma once

#include "caldav/calendar/view/freebusy.h"

struct busy_person {
	struct actor actor;       /* whose calendars */
	struct id_list calendars; /* these of them; none: always free */
	struct str zone;          /* of floating times and dates; absent: UTC */
	struct str email;         /* theirs: what they declined is free; absent: all counts */
	/* Is shown each event that may make busy, and says which do not count; NULL: all do. What it keeps of them
	 * stands in busy.mem: the object is read over. */
	bool (*leaves_out)(void *to, const struct object *object);
	void *to;
	struct freebusy busy; /* out: merged, by kind */
};

/*
 * Fill in `busy` of each. The candidates of all are read together, a page a round trip; one more for each person of
 * whom objects must be looked into. What bounds one person bounds all of them together.
 *
 * errors  RANGE_TOO_LARGE (param "to": more than 20,000 events), TOO_COSTLY (too many spans, too much work)
 */
MUST_CHECK err_t busy_collect(
	struct ctx *cx, struct busy_person *people, size_t count, struct instant start, struct instant end);
