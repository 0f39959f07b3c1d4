/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iCalendar (RFC 5545): what a PUT is judged by, and what queries ask of an object.
 *
 * Bytes are scanned (scan.h), then cut into components and properties that borrow from them; what is stored is never
 * written anew. Recurrences and time zones are ours (rrule.h, zone.h, expand.h). A `struct ical` and all that hangs on
 * it lives in cx->mem and belongs to one thread.
 */
#pragma once

#include "caldav/calendar/store.h"
#include "server/base/buf.h"

/* Stored beside the object: occ.h and the queries read them. */
enum ical_flag {
	ICAL_RECURRING = 1,   /* RRULE, RDATE or overrides */
	ICAL_FLOATING = 2,    /* some time is floating or a date: bounds are widened, the exact test needs a zone */
	ICAL_TRANSPARENT = 4, /* no instance is busy (TRANSP:TRANSPARENT or STATUS:CANCELLED); all that are no VEVENT */
	ICAL_TENTATIVE = 8,
	ICAL_MIXED = 16,       /* instances differ in busy or tentative: parse */
	ICAL_CUSTOM_ZONE = 32, /* uses an embedded VTIMEZONE that we do not know by name */
	ICAL_ALARM = 64,
	ICAL_ENDLESS = 128
};

/* What is advertised as min-date-time and max-date-time (RFC 4791 §5.2.6, §5.2.7). */
#define ICAL_MIN_DATE_TEXT "00010101T000000Z"
#define ICAL_MAX_DATE_TEXT "99981231T235959Z"
#define ICAL_PRODID "-//Calends//Calends//EN" /* of what we write ourselves */
#define ICAL_ATTENDEES_MAX 100                /* per instance: max-attendees-per-instance (§5.2.9) */

struct ical_facts {
	struct str uid;
	enum component component;
	int16_t flags;
	/* Half-open, a superset of all instances. INSTANT_BEFORE / INSTANT_FOREVER where unbounded; both INSTANT_BEFORE
	 * where no time-range can ever match (VJOURNAL without DTSTART). */
	struct instant first_at, last_at;
	struct instant occ_until; /* occ is complete up to here; INSTANT_FOREVER if wholly */
	struct bytes occ;         /* occ.h; absent where the bounds alone are exact */
};

/* ---- the parse: components, properties, parameters ---- */

struct ical_param {
	struct str name;  /* upper case */
	struct str value; /* without quotes and RFC 6868 escapes; of several, joined by commas */
};

struct ical_prop {
	struct str name;  /* upper case */
	struct str value; /* unfolded, as sent: texts are still escaped, see ical_text() */
	struct str raw;   /* the whole content line as sent, with its folds and line end */
	const struct ical_param *params;
	size_t param_count;
	const struct ical_prop *next;
};

struct ical_comp {
	struct str name; /* upper case */
	struct str raw;  /* from BEGIN to the line end of END, as sent */
	const struct ical_prop *props;
	const struct ical_comp *child, *next, *parent;
};

struct ical {
	struct str data;
	const struct ical_comp *root; /* VCALENDAR */
	/* Made when first needed: */
	struct ical_zones *zones; /* of its VTIMEZONEs (vtimezone.c) */
	struct series *series;    /* its recurrence set (series.h) */
};

/* Scan and cut. ICAL_DATA with a text that names the line and what is wrong there. */
MUST_CHECK err_t ical_parse(struct ctx *cx, struct str data, struct ical **out);

/* The first property of this (upper-case) name, or NULL. */
const struct ical_prop *ical_prop(const struct ical_comp *comp, struct str name);
/* The next one of the same name behind `prop`, or NULL. */
const struct ical_prop *ical_prop_again(const struct ical_prop *prop);
/* A property's value, absent where there is none. */
struct str ical_value(const struct ical_comp *comp, struct str name);
/* A parameter's value, absent where there is none. */
struct str ical_param(const struct ical_prop *prop, struct str name);
/* The first child of this (upper-case) name at or behind `comp` among its siblings, or NULL:
 * for (c = ical_comp_named(parent->child, n); c; c = ical_comp_named(c->next, n)) */
const struct ical_comp *ical_comp_named(const struct ical_comp *comp, struct str name);
/* A text value without its escapes (RFC 5545 §3.3.11). Lists (CATEGORIES) keep their commas. */
struct str ical_text(struct arena *mem, struct str value);
/* The component that the object is about: the master, or the first override where there is no master. */
const struct ical_comp *ical_main(const struct ical *object);

/* ---- PUT ---- */

/*
 * Everything that PUT checks of the bytes alone (RFC 4791 §5.3.2.1), and the facts that are stored.
 *
 * errors  ICAL_SIZE, ICAL_DATA (not iCalendar; line and reason), ICAL_OBJECT (METHOD, two UIDs, two kinds …),
 *         ICAL_MEDIA (another version), ICAL_COMPONENT, ICAL_MIN_DATE, ICAL_MAX_DATE, ICAL_MAX_ATTENDEES, ICAL_RSCALE
 * spec    RFC 4791 §4.1, §5.3.2.1; RFC 5545 §3.6
 */
MUST_CHECK err_t ical_judge(struct ctx *cx, struct str data, struct ical_facts *out);

/* A calendar's default time zone as PROPPATCH and queries send it: a VCALENDAR with one VTIMEZONE. ICAL_TIMEZONE, or
 * the name to be used as `zone` below (RFC 4791 §5.2.2, §9.8): the IANA name; absent where its TZID is none. */
MUST_CHECK err_t ical_timezone_name(struct ctx *cx, struct str data, struct str *out);
/* A name that `zone` below may have (IANA or a known alias); for C:timezone-id. */
bool ical_zone_known(struct str name);

/* ---- queries ---- */

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

/* Is there any? Bounds and occ decide without parsing where they can; `data` is asked for only if not (may be absent:
 * then *needs_data_out is set and the answer is false). */
MUST_CHECK err_t ical_touches(struct ctx *cx, const struct object *object, struct instant start, struct instant end,
	struct str zone, bool *touches_out, bool *needs_data_out);

/*
 * comp-filter's time-range (RFC 4791 §9.7.1, §9.9): does what `comp` describes touch [start, end)? A master stands for
 * all instances that have no override. VEVENT, VTODO, VJOURNAL, VFREEBUSY, VALARM (its triggers); others never.
 */
MUST_CHECK err_t ical_comp_touches(struct ctx *cx, struct ical *object, const struct ical_comp *comp,
	struct instant start, struct instant end, struct str zone, bool *out);
/* prop-filter's time-range: the same of a date property by name, DTEND and DUE also where DURATION implies them. */
MUST_CHECK err_t ical_prop_touches(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str name,
	struct instant start, struct instant end, struct str zone, bool *out);

/* ---- calendar-data (RFC 4791 §9.6) ---- */

struct ical_select_prop {
	struct str name; /* upper case */
	bool novalue;
};

/* C:comp of a calendar-data element. */
struct ical_select_comp {
	struct str name; /* upper case */
	bool allprop, allcomp;
	const struct ical_select_prop *props;
	size_t prop_count;
	const struct ical_select_comp *comps;
	size_t comp_count;
};

struct ical_range {
	bool set;
	struct instant start, end;
};

struct ical_selection {
	const struct ical_select_comp *comp; /* VCALENDAR; NULL: everything */
	struct ical_range expand, limit_recurrence, limit_freebusy;
	struct str zone;   /* for floating times and dates */
	bool no_timezones; /* CalDAV-Timezones: F (RFC 7809 §3.1.2): leave out VTIMEZONEs of known names */
};

/* Does it ask for anything but the stored bytes? */
bool ical_selects(const struct ical_selection *selection);
/* Append what was selected of the object. ICAL_MAX_INSTANCES. */
MUST_CHECK err_t ical_expand_data(
	struct ctx *cx, struct ical *object, const struct ical_selection *selection, struct buf *out);

/* A content line: name and value (and parameters, if any, as ";X=y" text), folded at 75 octets (RFC 5545 §3.1). */
void ical_line(struct buf *out, struct str name, struct str params, struct str value);
/* A text with its escapes, for ical_line(). */
struct str ical_escape(struct arena *mem, struct str text);
