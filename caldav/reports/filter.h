/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CALDAV:filter (RFC 4791 §9.7), read from XML, with what Apple's calendar-query-extended adds: `test` of a filter and
 * `match-type` of a text-match. filter_match.h compares it with a parsed object, filter_plan.h says
 * what of it is decided without a parse.
 */
#pragma once

#include "caldav/calendar/view/select.h"
#include "caldav/reports/filter_plan.h"
#include "server/data/xml.h"

#define FILTERS_MAX 200 /* comp-, prop- and param-filters of one query */

/* i;ascii-casemap and i;octet are RFC 4790's, i;unicode-casemap is RFC 5051's. */
enum collation { COLLATION_ASCII, COLLATION_OCTET, COLLATION_UNICODE };

enum match_type { MATCH_CONTAINS, MATCH_EQUALS, MATCH_STARTS, MATCH_ENDS };

struct text_match {
	bool set, negate;
	enum match_type type;
	enum collation collation;
	struct str text; /* as the collation compares it */
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
	bool any; /* one of its param-filters is enough; range and text count beside them */
	struct ical_range range;
	struct text_match text;
	const struct param_filter *params;
	size_t param_count;
};

struct comp_filter {
	struct str name;
	bool absent;
	bool any; /* one of its prop- and comp-filters is enough; the range counts beside them */
	struct ical_range range;
	const struct prop_filter *props;
	size_t prop_count;
	const struct comp_filter *comps;
	size_t comp_count;
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
 *         DAV_COLLATION         none of those above
 */
MUST_CHECK err_t filter_read(struct ctx *cx, const struct xml_node *query, struct filter *out);

/*
 * A time-range element (§9.9): UTC, half-open, one end may be missing unless `closed`. What is wrong with it: "" for
 * nothing; *empty_out when neither start nor end is there.
 */
const char *range_element_read(const struct xml_node *node, bool closed, struct ical_range *out, bool *empty_out);
