/* SPDX-License-Identifier: Apache-2.0 */
/* From an object to the items that an agenda shows of it. For the files agenda*.c. */
#pragma once

#include "caldav/calendar/recur/series.h"
#include "caldav/calendar/view/agenda.h"

/* An object, parsed once for all of its items. */
struct agenda_source {
	struct object object; /* without data */
	struct ical *ical;
	const struct series *series;
	struct event event; /* that it is about: the master, or the first override where there is no master */
	struct str zone;    /* of floating times and dates */
};

/* Errors as ical_parse() and event_read(). */
MUST_CHECK err_t agenda_source_open(
	struct ctx *cx, const struct object *object, struct str zone, struct agenda_source *out);

/* The event, with the start of its first instance. */
void agenda_item_of_event(const struct agenda_source *source, struct agenda_item *out);
/* The instance of this recurrence id. NOT_FOUND. */
MUST_CHECK err_t agenda_item_of_instance(
	struct ctx *cx, const struct agenda_source *source, struct str recurrence_id, struct agenda_item *out);

/* Does the sieve let this item through? */
bool agenda_passes(struct arena *mem, const struct agenda_sieve *sieve, const struct agenda_item *item);
