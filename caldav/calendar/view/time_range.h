/* SPDX-License-Identifier: Apache-2.0 */
/* Time ranges (RFC 4791 §9.9): does an object, a component or a property touch one? */
#pragma once

#include "caldav/calendar/recur/expand.h"
#include "caldav/calendar/store/store.h"

/*
 * `zone`, here and below: the name of the zone of floating times and dates; absent: UTC.
 *
 * A recurrence that takes too long to follow touches what it may touch: a client that gets an object too many loses
 * nothing.
 *
 * errors  TOO_COSTLY (budget.h); of all that parse, those of ical_parse() and series_read()
 */

/* Does the object touch [start, end)? Bounds and occ decide without parsing where they can; `data` is asked for only if
 * not (may be absent: then *needs_data_out is set and the answer is false). */
MUST_CHECK err_t object_in_time_range(struct ctx *cx, const struct object *object, struct instant start,
	struct instant end, struct str zone, bool *in_range_out, bool *needs_data_out);

/*
 * comp-filter's time-range (RFC 4791 §9.7.1, §9.9): does what `comp` describes touch [start, end)? A master stands for
 * all instances that have no override. VEVENT, VTODO, VJOURNAL, VFREEBUSY, VALARM (its triggers); others never.
 */
MUST_CHECK err_t comp_in_time_range(struct ctx *cx, struct ical *object, const struct ical_comp *comp,
	struct instant start, struct instant end, struct str zone, bool *out);
/* prop-filter's time-range: the same of a date property by name, DTEND and DUE also where DURATION implies them. */
MUST_CHECK err_t prop_in_time_range(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str name,
	struct instant start, struct instant end, struct str zone, bool *out);

/* A period of a FREEBUSY property (RFC 5545 §3.3.9) and [a, b). */
bool period_touches(struct str period, int64_t a, int64_t b);
