/* SPDX-License-Identifier: Apache-2.0 */
/* The instances of an object as one list: for tests, to which it says what the server's walks (expand.h) go through. */
#pragma once

#include "caldav/calendar/recur/expand.h"

struct occurrence {
	struct instant start, end;         /* half-open; equal for a moment */
	struct str recurrence_id;          /* as recurrence_id_text() writes it; absent if the object does not recur */
	const struct ical_comp *component; /* that describes it: master or override */
	bool all_day, floating, busy, tentative, cancelled;
};

/*
 * For tests: every instance that touches [start, end) as RFC 4791 §9.9 says, in order of start: master's,
 * RDATE, overrides wherever they lie, without EXDATEs. `zone` (a name that ical_zone_known() knows; absent: UTC) is for
 * floating times and dates. More than `limit` instances: ICAL_MAX_INSTANCES. Not all of them could be found:
 * TOO_COSTLY.
 */
MUST_CHECK err_t ical_expand(struct ctx *cx, struct ical *object, struct instant start, struct instant end,
	struct str zone, size_t limit, struct occurrence **out, size_t *count_out);
