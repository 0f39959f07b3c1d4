/* SPDX-License-Identifier: Apache-2.0 */
/* The calendar-data element (RFC 4791 §9.6): what of an object is sent, and how its recurrences are. */
#pragma once

#include "caldav/calendar/recur/expand.h"

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
