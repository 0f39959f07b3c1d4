/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is stored beside an object so that most time-range questions need no parse: bounds and occurrences.
 */
#pragma once

#include "caldav/calendar/index/facts.h"
#include "caldav/calendar/index/occurrences.h"
#include "caldav/calendar/recur/expand.h"

/* Fills first_at, last_at, occ, occ_until of `facts`, and its flags about recurrence and clocks. */
void bounds_make(struct ctx *cx, const struct series *s, struct ical_facts *facts);

/* Does occ hold every instance that touches [a, b), in seconds of UTC? For floating objects [a, b) is widened by a day
 * inside. */
bool bounds_cover(const struct ical_facts *facts, int64_t a, int64_t b);
/* Visit what occ holds of [a, b) as UTC spans; `floating` is the zone of floating times and dates. */
void bounds_walk(const struct ical_facts *facts, int64_t a, int64_t b, const struct zone *floating,
	bool (*visit)(void *to, struct occurrence_span span), void *to);
