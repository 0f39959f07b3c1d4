/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of an object without its bytes: computed when it is written, stored beside it, read by the queries. */
#pragma once

#include "caldav/calendar/ical/ical.h"

enum ical_flag {
	ICAL_RECURRING = 1,   /* RRULE, RDATE or overrides */
	ICAL_FLOATING = 2,    /* some time is floating or a date: bounds are widened, the exact test needs a zone */
	ICAL_TRANSPARENT = 4, /* no instance is busy (TRANSP:TRANSPARENT or STATUS:CANCELLED); all that are no VEVENT */
	ICAL_TENTATIVE = 8,
	ICAL_MIXED = 16,       /* instances differ in busy or tentative: parse */
	ICAL_CUSTOM_ZONE = 32, /* uses an embedded VTIMEZONE that we do not know by name */
	ICAL_ALARM = 64,
	ICAL_ENDLESS = 128,
	ICAL_DECLINED = 256 /* some attendee does not come: whether that is the owner, data tells */
};

struct ical_facts {
	struct str uid;
	enum component component;
	int16_t flags;
	/* Half-open, a superset of all instances. INSTANT_BEFORE / INSTANT_FOREVER where unbounded; both INSTANT_BEFORE
	 * where no time-range can ever match (VJOURNAL without DTSTART). */
	struct instant first_at, last_at;
	struct instant occ_until; /* occ is complete up to here; INSTANT_FOREVER if wholly */
	struct bytes occ;         /* occurrences.h; absent where the bounds alone are exact */
	struct str words;         /* event/words.h; absent where data tells */
};
