/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a filter (filter.h) is decided without a parse: by component, by bounds and occurrences, by UID, by octets
 * that must be there.
 */
#pragma once

#include "caldav/calendar/view/select.h"

struct comp_filter;
struct text_match;

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

/* Of the filter's comp-filter of VCALENDAR, which outlives the plan. */
void filter_plan_make(const struct comp_filter *root, struct filter_plan *out);

/* May data match, by the plan's needle? Folded lines are read through. */
bool filter_may_hold(const struct filter_plan *plan, struct str data);
/* Does the UID meet the plan? */
bool filter_uid(struct arena *mem, const struct filter_plan *plan, struct str uid);
