/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iCalendar (RFC 5545): what a PUT is judged by, and what queries ask of an object. Bytes are scanned before libical
 * sees them (scan.c), libical never re-serialises what is stored, and recurrences are ours (rrule.c, expand.c).
 */
#pragma once

#include "caldav/calendar/store.h"

enum ical_flag {
	ICAL_RECURRING = 1,   /* RRULE, RDATE or overrides */
	ICAL_FLOATING = 2,    /* some time is floating or a date: bounds are widened, exact test needs a zone */
	ICAL_TRANSPARENT = 4, /* no instance is busy (TRANSP:TRANSPARENT or STATUS:CANCELLED) */
	ICAL_TENTATIVE = 8,
	ICAL_MIXED = 16,       /* instances differ in busy or tentative: parse */
	ICAL_CUSTOM_ZONE = 32, /* uses an embedded VTIMEZONE that we do not know by name */
	ICAL_ALARM = 64,
	ICAL_ENDLESS = 128
};

struct ical_facts {
	struct str uid;
	enum component component;
	int16_t flags;
	struct instant first_at, last_at; /* half-open; INSTANT_BEFORE / INSTANT_FOREVER where unbounded */
	struct instant occ_until;         /* occ is complete up to here; INSTANT_FOREVER if wholly */
	struct bytes occ;                 /* occ.h; absent when not recurring */
};

/* An object's parse: components and properties, zones resolved. Lives in the arena. */
struct ical;

/* Scan and parse. ICAL_DATA or ICAL_OBJECT with a text that names what is wrong (line, property). */
MUST_CHECK err_t ical_parse(struct ctx *cx, struct str data, struct ical **out);

/* Everything that PUT checks of the bytes alone (field/caldav.md §5.6, 1-11), and the facts that are stored. */
MUST_CHECK err_t ical_judge(struct ctx *cx, struct str data, struct ical_facts *out);

struct occurrence {
	struct instant start, end; /* half-open; equal for a moment */
	struct str recurrence_id;  /* of the instance, as iCalendar text in UTC or date; absent if not recurring */
	const void *component;     /* opaque: the VEVENT, VTODO … that describes it (ical_comp_* below) */
	bool all_day, floating, busy, tentative;
};

/*
 * Every instance that touches [start, end), in order of start: master's, RDATE, overrides wherever they lie, without
 * EXDATEs. `zone` (IANA name, absent UTC) is for floating times and dates. At most `limit` (ICAL_MAX_INSTANCES).
 */
MUST_CHECK err_t ical_expand(struct ctx *cx, const struct ical *object, struct instant start, struct instant end,
	struct str zone, size_t limit, struct occurrence **out, size_t *count_out);

/* Is there any? Bounds and occ decide without parsing where they can; `data` is asked for only if not (may be absent:
 * then *needs_data_out is set and the answer is false). */
MUST_CHECK err_t ical_touches(struct ctx *cx, const struct object *object, struct instant start, struct instant end,
	struct str zone, bool *touches_out, bool *needs_data_out);
