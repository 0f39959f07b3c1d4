/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a recurrence set to its instances. What an instance is, is answered here alone: struct series_instance names the
 * component in effect, and its times. Lists, single reads, changes, cancellations, free/busy, expansion and alarms take
 * it from here, so that REST and CalDAV cannot disagree.
 */
#pragma once

#include "caldav/calendar/recur/series.h"

#define ICAL_INSTANCES_MAX 10000

struct series_instance {
	const struct timing *timing; /* in effect: the master, its override, or an earlier one of THISANDFUTURE */
	const struct override *own;  /* its override; NULL: none */
	struct when original;        /* its start in the recurrence set, on the master's clock */
	struct when start;           /* where it begins now, on the clock of timing->start */
	struct length length;        /* timing's, but of an RDATE that is a PERIOD */
	struct extent at;
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
 * ran out of its budget before its end, the window's, or where the visitor stopped: there may be instances that were
 * not visited. Who looks for one then says that it may be there, who lists all fails (series_too_costly()).
 */
MUST_CHECK bool series_walk(struct arena *mem, const struct series *s, const struct walk *walk);

/* What a list of instances fails with that cannot be whole. TOO_COSTLY, with a text that says what to do. */
err_t series_too_costly(struct ctx *cx, const struct series *s);

/* Do DTSTART, rules and RDATE make an instance there, whatever EXDATE and overrides say? On the master's clock. Yes,
 * where that is too much work: what belongs to an instance must not be dropped as if there were none. */
bool series_makes(struct arena *mem, const struct series *s, struct when original);

/* The RECURRENCE-ID of an instance with this original start: UTC text, local text if floating, or a date. It is stable
   under changes of the instance. */
struct str recurrence_id_text(struct arena *mem, struct when original);
/* The instance of this RECURRENCE-ID, as it is in effect. False: there is none (any more). */
bool series_instance(struct arena *mem, const struct series *s, struct str recurrence_id, const struct zone *floating,
	struct series_instance *out);
/* The same by its original start; `own` false: as it would be without an override of its own. An instance that only
 * too much work would find is none here. */
bool series_instance_at(struct arena *mem, const struct series *s, struct when original, bool own,
	const struct zone *floating, struct series_instance *out);
/* The first instance after this original start that has no override of its own. */
bool series_instance_after(struct arena *mem, const struct series *s, struct when original, const struct zone *floating,
	struct series_instance *out);
