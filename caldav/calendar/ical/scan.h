/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the bytes before anything else looks at them: what is accepted here is UTF-8 text of bounded lines,
 * with balanced components of bounded depth and number. Tolerated, as real clients send it: a BOM, LF alone as line
 * end, a last line without an end, blank lines behind the last, names in lower case.
 */
#pragma once

#include "server/base/ctx.h"

#define SCAN_LINE_MAX ((size_t)64 * 1024) /* of one physical line; what is folded may be longer */
#define SCAN_DEPTH_MAX 4                  /* VCALENDAR, VEVENT, VALARM, and one for what is unknown */
#define SCAN_COMPONENTS_MAX 4000
#define SCAN_PROPERTIES_MAX 20000
#define SCAN_TIMEZONES_MAX 100
#define SCAN_RULES_MAX 300      /* RRULE and EXRULE, in time zones for the most part */
#define SCAN_PARAMETERS_MAX 100 /* of one property */
#define SCAN_DATES_MAX 20000    /* values of all EXDATE and RDATE together */

struct scan {
	struct str text; /* without the BOM, up to the end of END:VCALENDAR's line */
	size_t components, properties, parameters;
};

/* ICAL_DATA with the line and the reason; the counts let the parser allocate once. */
MUST_CHECK err_t scan_ical(struct ctx *cx, struct str data, struct scan *out);
