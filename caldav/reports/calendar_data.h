/* SPDX-License-Identifier: Apache-2.0 */
/* CALDAV:calendar-data as a report asks it (RFC 4791 §9.6): which data, cut and expanded how. */
#pragma once

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/select.h"
#include "server/data/xml.h"

struct calendar_data {
	struct ical_selection selection; /* its zone is set for each calendar */
};

/*
 * `element` NULL: all of it, as stored.
 *
 * errors  ICAL_MEDIA  another content-type than text/calendar, another version than 2.0
 *         MALFORMED   a range without both ends, a comp or prop without a name
 */
MUST_CHECK err_t calendar_data_read(struct ctx *cx, const struct xml_node *element, struct calendar_data *out);

/*
 * The zone that floating times and dates of this calendar are in, for queries (RFC 4791 §7.3): that of the query if it
 * has one, else the calendar's, else absent (UTC).
 */
struct str calendar_zone(struct ctx *cx, struct str query_zone, const struct calendar *calendar);

/* CALDAV:timezone or timezone-id in a query; absent if there is none. ICAL_DATA (RFC 4791 §7.8); ICAL_TIMEZONE for
 * a name that is not known (RFC 7809 §5.1). */
MUST_CHECK err_t query_zone_read(struct ctx *cx, const struct xml_node *query, struct str *out);
