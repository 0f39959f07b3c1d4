/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zone files (RFC 8536, versions 1 to 4) and the POSIX rule in their footer, which holds after the last change.
 */
#pragma once

#include "caldav/calendar/zone/zone.h"

/* A day of the year and a time on it: M3.5.0/2, J60, 59 (POSIX.1-2017 §8.3; RFC 8536 §3.3.1 widens the hours). */
struct tz_day {
	char form;                /* 'M', 'J' or '0' for a day that counts February 29 */
	int month, week, weekday; /* M: weekday 0 is Sunday */
	int day;
	int32_t time; /* seconds from its midnight; below 0 and beyond a day, too */
};

struct tz_rule {
	bool changes;     /* false: std for ever */
	int32_t std, dst; /* seconds east of UTC */
	struct tz_day to_dst, to_std;
};

struct tzif {
	int32_t first_offset; /* before the first change */
	const struct zone_change *changes;
	size_t count;
	bool has_rule;
	struct tz_rule rule;
};

/* False when the octets are no time zone file. The result lives in `mem`. */
bool tzif_parse(struct arena *mem, struct bytes file, struct tzif *out);
/* For tests: the rule in a file's footer. */
bool tz_rule_parse(struct str text, struct tz_rule *out);
/* A year's two changes, in order of time. */
void tz_rule_year(const struct tz_rule *rule, int64_t year, struct zone_change out[2]);

/* What holds after a zone's last change; NULL: nothing does but its last offset. */
const struct tz_rule *zone_rule(const struct zone *zone);
