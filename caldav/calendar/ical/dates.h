/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, times and durations as iCalendar writes them (RFC 5545 §3.3.4 to §3.3.6, §3.3.14).
 */
#pragma once

#include "server/base/clock.h"

/* A time on a wall clock: seconds since 1970-01-01T00:00:00 of that clock, or of UTC. A date is its midnight. */
struct wall {
	int64_t local;
	bool date, utc;
};

/* YYYYMMDD, YYYYMMDDTHHMMSS, YYYYMMDDTHHMMSSZ. Second 60 is read as 59; YYYYMMDDZ (of one big exporter) is a date. */
bool wall_parse(struct str text, struct wall *out);
struct str wall_text(struct arena *mem, struct wall w);

/* Days are nominal, seconds exact (§3.3.6): P1D after 12:00 is 12:00, whatever the clocks did. Both have one sign. */
struct span {
	int64_t days, seconds;
};
bool span_parse(struct str text, struct span *out);

/* +0100, -033020 (§3.3.14); and what is meant by +01, +01:00, +1:00 and 0100. */
bool offset_parse(struct str text, int32_t *out);
