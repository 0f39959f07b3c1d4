/* SPDX-License-Identifier: Apache-2.0 */
/* What a zone is, for the files of this folder: zone_table.c has those that have a name, zone.c converts. */
#pragma once

#include "caldav/calendar/zone/tzif.h"

struct zone {
	struct str name; /* absent: embedded */
	struct tzif tz;
	bool endless; /* embedded: the last 28 years repeat */
};

/* It is known by its address: converting asks for it first. */
extern const struct zone utc_zone;
