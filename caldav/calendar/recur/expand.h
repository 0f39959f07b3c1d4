/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a recurrence set to its instances.
 */
#pragma once

#include "caldav/calendar/recur/series.h"

#define ICAL_INSTANCES_MAX 10000

struct occurrence {
	struct instant start, end; /* half-open; equal for a moment */
	struct str recurrence_id;  /* the instance's original start: UTC text, local text if floating, or a date.
				    Absent if the object does not recur. Stable under changes of the instance */
	const struct ical_comp *component; /* that describes it: master or override */
	bool all_day, floating, busy, tentative, cancelled;
};

/*
 * Every instance that touches [start, end) as RFC 4791 §9.9 says, in order of start: master's, RDATE, overrides
 * wherever they lie, without EXDATEs. `zone` (a name that ical_zone_known() knows; absent: UTC) is for floating times
 * and dates. More than `limit` instances: ICAL_MAX_INSTANCES.
 */
MUST_CHECK err_t ical_expand(struct ctx *cx, struct ical *object, struct instant start, struct instant end,
	struct str zone, size_t limit, struct occurrence **out, size_t *count_out);

struct series_instance {
	const struct timing *timing; /* that describes it: the master, or an override */
	struct when original;        /* its start in the recurrence set, on the master's clock */
	struct when start;           /* where it begins now, on the clock of timing->start */
	struct placed at;
};

struct walk {
	const struct zone *floating; /* of floating times and dates */
	int64_t a, b;                /* window_s(); the visitor may draw b nearer */
	bool resumes;                /* none that begins before `resume` */
	int64_t resume;
	const struct ical_comp *only; /* none but what this component describes; NULL: all */
	bool overrides_alone;
	bool (*visit)(void *to, const struct series_instance *i); /* false stops */
	void *to;
};

/*
 * Visit every instance whose test interval touches [a, b): the master's in order, then the overrides. False when a rule
 * ran out of its budget before its end or the window's.
 */
bool series_walk(struct arena *mem, const struct series *s, const struct walk *walk);

/* Would the set have an instance there, whatever overrides say? On the master's clock. */
bool series_has(struct arena *mem, const struct series *s, int64_t original);

/* The RECURRENCE-ID of an instance, as struct occurrence has it. */
struct str recurrence_id_text(struct arena *mem, struct when original);
/* And back: the starts on the master's clock that are written so. Two where a clock's gap gives one instant to both. */
size_t series_originals(struct arena *mem, const struct series *s, struct str recurrence_id, int64_t out[2]);
/* Where the instance of this RECURRENCE-ID lies now. False: there is none (any more). */
bool series_instance(struct arena *mem, const struct series *s, struct str recurrence_id, const struct zone *floating,
	struct placed *out);
