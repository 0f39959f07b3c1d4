/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any recurrence rule (RFC 5545 §3.3.10) as far as there are words for it: those that fields can make (rule_words.h),
 * and beside them lists of days, times of the day, months, and hours and minutes.
 */
#pragma once

#include "caldav/calendar/zone/zone.h"
#include "server/http/request.h"

/* "Monthly on the second Tuesday and the fourth Tuesday, 5 times"; of what has no words how often it is, and to which
 * end. Absent: of what cannot be read as one rule. zone, start: as for rule_shape_read(). */
struct str rule_told(struct request *rq, struct str rule, const struct zone *zone, int64_t start);
