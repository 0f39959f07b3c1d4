/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several objects in one document: the only place that joins them (GET of a calendar; whatever else hands out many at
 * once). A document knows a time zone by its name alone, so the names are made to tell the zones apart (RFC 5545
 * §3.6.5):
 *
 *   - a TZID that we know by name means that zone for whoever uses it: one full VTIMEZONE of ours is written for it;
 *   - a VTIMEZONE of the object's own comes as it was sent, once for all objects that bring an equal one under that
 * name;
 *   - where the name is taken by another content, it is renamed ("My Zone" → "My Zone (2)") together with every TZID
 *     parameter of that object. A parameter that means the zone by another spelling is made to name it exactly.
 *
 *     first.ics   TZID:My Zone, +0300    →  VTIMEZONE My Zone, VEVENT TZID=My Zone
 *     second.ics  TZID:My Zone, -0200    →  VTIMEZONE My Zone (2), VEVENT TZID="My Zone (2)"
 *     third.ics   TZID:My Zone, +0300    →  VEVENT TZID=My Zone
 *
 * All else is as it was sent. Memory does not grow with the objects, but with the zones (at most JOIN_ZONES_MAX names
 * are remembered; beyond them every zone gets a name of its own).
 */
#pragma once

#include "caldav/calendar/ical/ical.h"

#define JOIN_ZONES_MAX 1000

struct join;

/* For one document; what it remembers ends with `mem`. */
struct join *join_open(struct arena *mem);

/* Append the components of an object, VTIMEZONEs where they are new. The caller writes what stands around them. Errors
 * as ical_parse(). cx->mem may be rewound after each call. */
MUST_CHECK err_t join_object(struct ctx *cx, struct join *join, struct str data, struct buf *out);
