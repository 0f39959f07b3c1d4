/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a time is written, and the one way to write one: in the form that stands there already, read back before it is
 * taken. A clock that is put back shows an hour twice and means the first (RFC 5545 §3.3.5), so an instant of the
 * second pass has no text in a zone; whoever writes it takes UTC, or a DURATION for an end.
 */
#pragma once

#include "caldav/calendar/recur/expand.h"

enum form_kind { FORM_UTC, FORM_ZONE, FORM_FLOATING, FORM_DATE };

struct time_form {
	enum form_kind kind;
	const struct zone *zone; /* FORM_ZONE */
	struct str params;       /* ";TZID=…" as it is written in the object */
};

/* The form of a property, by its first value. */
MUST_CHECK err_t form_read(struct ctx *cx, struct ical *object, const struct ical_prop *prop, struct time_form *out);
/* The form of a zone that is written anew. */
struct time_form form_of_zone(struct arena *mem, const struct zone *zone);
struct time_form form_of_kind(enum form_kind kind); /* not FORM_ZONE */
bool form_same(struct time_form a, struct time_form b);

/*
 * The text of an instant in a form; of FORM_DATE midnight UTC of the day. `floating` is the zone that floating times
 * are told by. False: in this form it would be read as another.
 */
bool form_text(struct arena *mem, struct time_form form, int64_t utc, const struct zone *floating, struct str *out);
/* The text of a point that is known by what its own clock shows (in a gap two of them are one instant). */
bool form_when(struct arena *mem, struct time_form form, struct when w, struct str *out);

/* An exact length: P2D of days, else PT1H30M. */
struct str duration_text(struct arena *mem, int64_t seconds, bool days);
