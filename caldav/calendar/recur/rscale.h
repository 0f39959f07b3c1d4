/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules in other calendars (RFC 7529): YEARLY, MONTHLY, WEEKLY and DAILY with BYMONTH, BYMONTHDAY, BYDAY and SKIP.
 * libical reads RSCALE, SKIP, BYMONTH and BYMONTHDAY and says which calendars there are; ICU knows their months
 * (months.h); the walk is that of all rules (rrule.h). Why libical's own iterator does not walk: docs/adr/0009.
 *
 *     RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD    from 2014-02-08
 *     5774  a leap year: 8 Adar I                      2014-02-08
 *     5775  none: 5L is skipped forward to Adar (6)    2015-02-27
 *     5776  a leap year                                2016-02-17
 */
#pragma once

#include "caldav/calendar/rule/rrule.h"

struct rscale;

/*
 * A rule in any calendar. *scale_out is NULL where the Gregorian calendar does as well: without RSCALE, or where
 * nothing in the rule depends on months.
 *
 * errors  ICAL_DATA (no rule), ICAL_RSCALE (a calendar or a combination that is not supported, by name)
 */
MUST_CHECK err_t rscale_read(struct ctx *cx, struct str text, struct rrule *rule_out, const struct rscale **scale_out);

/* As rrule_open(); `scale` may be NULL. Instances end with the year 2600. */
struct rrule_iter *rscale_open(
	struct arena *mem, const struct rrule *rule, const struct rscale *scale, struct rrule_start start);

/* The calendars that RSCALE may name (§10.1), upper case; absent after the last. */
struct str rscale_name(size_t i);
