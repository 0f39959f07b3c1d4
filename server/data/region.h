/* SPDX-License-Identifier: Apache-2.0 */
/* In which manner people of a region tell times, as CLDR has it (Unicode Technical Standard #35, Part 4; by ICU). */
#pragma once

#include "server/base/str.h"

struct manner {
	bool hours_12;  /* 2:30 PM rather than 14:30 */
	int week_start; /* the day that weeks begin with: 1 Monday … 7 Sunday (ISO 8601) */
};

/*
 * Of the region of a language tag (BCP 47): "en-US", or as good a guess as CLDR has where it names none ("de" is of
 * Germany). Absent, or none that is known: 24 hours, weeks from Monday.
 */
struct manner region_manner(struct str tag);
