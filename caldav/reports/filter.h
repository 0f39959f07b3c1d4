/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALDAV:filter (RFC 4791 §9.7): read from XML, judged over a parsed object, and what of it can be decided without a
 * parse: by component, by bounds and occurrences, by UID, by bytes that must be there.
 */
#pragma once

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/view/select.h"
#include "server/data/xml.h"

#define FILTERS_MAX 200 /* comp-, prop- and param-filters of one query */

struct text_match {
	bool set, negate;
	bool octet;      /* i;octet; else i;ascii-casemap */
	struct str text; /* for i;ascii-casemap in lower case */
	struct str sent;
};

struct param_filter {
	struct str name; /* upper case, as all names here */
	bool absent;     /* is-not-defined */
	struct text_match text;
};

struct prop_filter {
	struct str name;
	bool absent;
	struct ical_range range;
	struct text_match text;
	const struct param_filter *params;
	size_t param_count;
};

struct comp_filter {
	struct str name;
	bool absent;
	struct ical_range range;
	const struct prop_filter *props;
	size_t prop_count;
	const struct comp_filter *comps;
	size_t comp_count;
};

/*
 * Conditions that every match meets. `exact`: they are also all there is to meet; an object that has one of the
 * components and touches the range (if one is set) matches, without a look at its data.
 */
struct filter_plan {
	bool nothing, exact;
	int16_t components;           /* enum component, a set; 0: any */
	struct ical_range range;      /* of the one component kind in `components` */
	const struct text_match *uid; /* the UID contains this; NULL: no such condition */
	struct str needle;            /* ASCII letters and digits that the data holds in any case; absent: none */
};

struct filter {
	struct comp_filter root;
	struct filter_plan plan;
};

/*
 * The filter inside a calendar-query.
 *
 * errors  MALFORMED             a time-range without start and end
 *         DAV_FILTER            not as §9.7 says: no VCALENDAR, no name, a bad or empty range …
 *         DAV_FILTER_SUPPORTED  more than FILTERS_MAX
 *         DAV_COLLATION         neither i;ascii-casemap nor i;octet
 */
MUST_CHECK err_t filter_read(struct ctx *cx, const struct xml_node *query, struct filter *out);

/* `zone` (a known name; absent: UTC) is for floating times and dates. */
MUST_CHECK err_t filter_matches(
	struct ctx *cx, const struct filter *filter, struct ical *object, struct str zone, bool *out);

/* May data match, by the plan's needle? Folded lines are read through. */
bool filter_may_hold(const struct filter_plan *plan, struct str data);
/* Does the UID meet the plan? */
bool filter_uid(struct arena *mem, const struct filter_plan *plan, struct str uid);

/*
 * A time-range element (§9.9): UTC, half-open, one end may be missing unless `closed`. What is wrong with it: "" for
 * nothing; *empty_out when neither start nor end is there.
 */
const char *time_range_read(const struct xml_node *node, bool closed, struct ical_range *out, bool *empty_out);

/* RFC 4790: does `text` contain what is sought (negation aside)? */
bool text_contains(struct arena *mem, struct str text, const struct text_match *match);
