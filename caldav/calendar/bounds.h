/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is stored beside an object so that most time-range questions need no parse: bounds and occurrences.
 */
#pragma once

#include "caldav/calendar/expand.h"

/* Fills first_at, last_at, occ, occ_until of `facts`, and its flags about recurrence and clocks. */
void bounds_make(struct ctx *cx, const struct series *s, struct ical_facts *facts);
