/* SPDX-License-Identifier: Apache-2.0 */
/* What a PUT is asked of its bytes alone, whatever is stored. */
#pragma once

#include "caldav/calendar/index/facts.h"

/*
 * Everything that PUT checks of the bytes alone (RFC 4791 §5.3.2.1), and the facts that are stored.
 *
 * errors  ICAL_SIZE, ICAL_DATA (not iCalendar; line and reason), ICAL_OBJECT (METHOD, two UIDs, two kinds …),
 *         ICAL_MEDIA (another version), ICAL_COMPONENT, ICAL_MIN_DATE, ICAL_MAX_DATE, ICAL_MAX_ATTENDEES, ICAL_RSCALE,
 *         ICAL_TIMEZONE
 * spec    RFC 4791 §4.1, §5.3.2.1; RFC 5545 §3.6
 */
MUST_CHECK err_t ical_validate(struct ctx *cx, struct str data, struct ical_facts *out);
