/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When components are: values with their zones, lengths, and the interval that RFC 4791 §9.9 tests.
 */
#pragma once

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/recur/vtimezone.h"

/*
 * A point in time as a clock shows it. zone NULL: floating, or a date. What is written with a TZID means the first of
 * two equal local times (RFC 5545 §3.3.5); `second` is for what was written otherwise, in UTC or in another zone.
 */
struct when {
	int64_t local;
	const struct zone *zone;
	bool date, second;
};

/* The instant, in seconds; `floating` is the zone of floating times and dates. */
int64_t when_utc(struct when w, const struct zone *floating);
/* What the clock of `zone` shows then. */
struct when when_of(int64_t utc, const struct zone *zone);
/* The same point on another clock; floating ones and dates keep what they show, and take its zone. */
struct when when_on(struct when w, const struct zone *zone);
/* In order of time, on one clock. */
int when_cmp(const struct when *a, const struct when *b);

/* `value` in the light of the property's parameters. ICAL_DATA (no time), ICAL_TIMEZONE (unknown TZID). */
MUST_CHECK err_t when_read(
	struct ctx *cx, struct ical *object, const struct ical_prop *prop, struct str value, struct when *out);

/* From start to end: `wall` seconds on the clock, then `exact` ones (RFC 5545 §3.3.6, §3.8.5.3). */
struct length {
	int64_t wall, exact;
};

#define SECOND_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59: the last that has a text */

/* RFC 4791 §5.2.6, §5.2.7: where a component or an instance may lie, and how long it may be there; `name` is what the
 * error is about. ICAL_MIN_DATE, ICAL_MAX_DATE. */
MUST_CHECK err_t when_check(struct ctx *cx, const struct when *w, struct str name);
MUST_CHECK err_t length_check(struct ctx *cx, const struct when *start, struct length length, struct str name);

enum timing_kind { TIMING_EVENT, TIMING_TODO, TIMING_JOURNAL };

/* One VEVENT, VTODO or VJOURNAL. */
struct timing {
	const struct ical_comp *comp;
	enum timing_kind kind;
	bool has_start;    /* DTSTART, or the DUE that stands in for it */
	bool start_is_due; /* a VTODO without DTSTART */
	struct when start;
	bool has_end;         /* DTEND or DUE */
	bool has_duration;    /* DURATION */
	struct length length; /* also what is implied; of dates always whole days */
	struct when end;      /* of has_end */
	bool has_completed, has_created;
	int64_t completed, created; /* UTC */
	bool is_override, and_future;
	struct when recurrence_id;
	bool busy, tentative, cancelled;
};

/* ICAL_DATA, ICAL_OBJECT, ICAL_TIMEZONE, ICAL_MIN_DATE, ICAL_MAX_DATE. */
MUST_CHECK err_t timing_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct timing *out);

/* An instance's instants, and the half-open interval of whole seconds by which §9.9's tables are tested. */
struct extent {
	int64_t start, end;  /* INT64_MIN where there is none */
	int64_t first, last; /* touches [a, b) if first < b && last > a */
};

/* Where an instance lies that begins at `start` (which counts only if timing->has_start). */
struct extent timing_extent(const struct timing *t, struct when start, const struct zone *floating);
/* Where `length` after it ends. */
int64_t length_end(struct length length, struct when start, const struct zone *floating);

/* The seconds of a window: both ends rounded up, so that §9.9's comparisons hold. */
int64_t window_s(struct instant t);

/* a + b that stays at the ends of int64_t. */
int64_t add_clamped(int64_t a, int64_t b);
