/* SPDX-License-Identifier: Apache-2.0 */
/* A filter (filter.h), compared with a parsed object (RFC 4791 §9.7.1 to §9.7.5). */
#pragma once

#include "caldav/calendar/ical/ical.h"
#include "caldav/reports/filter.h"

/* `zone` (a known name; absent: UTC) is for floating times and dates. Errors as in time_range.h. */
MUST_CHECK err_t filter_matches(
	struct ctx *cx, const struct filter *filter, struct ical *object, struct str zone, bool *out);

/* As the collation compares it, octet by octet. */
struct str text_collated(struct arena *mem, struct str text, enum collation collation);
/* RFC 4790: does `text` contain what is sought (negation aside)? */
bool text_matches(struct arena *mem, struct str text, const struct text_match *match);
