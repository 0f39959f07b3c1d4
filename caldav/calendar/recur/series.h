/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recurrence set of an object (RFC 5545 §3.8.5), read but not expanded: rules, RDATE, EXDATE and overrides, all on
 * the master's clock. An instance is known by its original start there.
 */
#pragma once

#include "caldav/calendar/recur/times.h"
#include "caldav/calendar/recur/rscale.h"
#include "caldav/calendar/rule/rrule.h"

#define SERIES_RULES_MAX 8
#define CLOCK_JUMP_MAX (25 * INT64_C(3600)) /* a zone may leave out a whole day, or repeat it (Samoa) */

struct series_rule {
	struct rrule rule;
	const struct rscale *scale; /* NULL: the Gregorian calendar */
	bool excludes;              /* EXRULE of RFC 2445 */
	int64_t until_local;
};

struct rdate {
	struct when start;
	bool has_length; /* a PERIOD */
	struct length length;
};

struct override {
	const struct timing *timing;
	struct when original; /* RECURRENCE-ID */
	bool moves_later;     /* THISANDFUTURE: later instances move too, by */
	int64_t shift;
	const struct override *future; /* the last THISANDFUTURE up to here, itself included; NULL: none */
};

struct series {
	struct timing *timings; /* the master first, where there is one */
	size_t timing_count;
	const struct timing *master; /* NULL: overrides alone */
	struct when clock;           /* of the master: all local times here are on it */
	struct series_rule *rules;   /* at most SERIES_RULES_MAX */
	size_t rule_count, includes; /* includes: those that do not exclude */
	struct rdate *rdates;        /* the lists are sorted */
	size_t rdate_count;
	struct when *exdates;
	int64_t *exdays; /* midnights of days that are out wholly */
	size_t exdate_count, exday_count;
	struct override *overrides;
	size_t override_count;
	int64_t longest, widest_shift; /* seconds; of what the rules make */
	int64_t longest_rdate;         /* of RDATE's periods */
	bool recurs;                   /* RRULE, RDATE or overrides */
	bool floats;                   /* some instance has a floating time or a date */
	bool mixed_clocks;             /* and some has not */
	bool endless;                  /* a rule without COUNT and UNTIL */
};

/* Read all components of the object; done once and kept in it. Errors as timing_read(), and of rules and lists. */
MUST_CHECK err_t series_read(struct ctx *cx, struct ical *object, const struct series **out);

/*
 * The starts on the master's clock that an EXDATE (or a RECURRENCE-ID, a RDATE) of this value means, none to two: a
 * clock's gap gives one instant to two local times, and a value in UTC may be one that the clock cannot show.
 * Clients mix forms: a date for a timed series means its usual time on that day, a time for a series of dates its day.
 */
size_t series_starts(const struct series *s, struct when value, struct when out[2]);

/* The override that this component is; NULL: it is none. */
const struct override *series_override(const struct series *s, const struct ical_comp *comp);
/* NULL: it is no VEVENT, VTODO or VJOURNAL of the object. */
const struct timing *series_of_comp(const struct series *s, const struct ical_comp *comp);
