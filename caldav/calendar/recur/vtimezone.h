/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones as objects bring them and need them: VTIMEZONE (RFC 5545 §3.6.5) and TZID. */
#pragma once

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/zone/zone.h"

/* Its TZID names a zone that only its VTIMEZONE describes. */
bool ical_has_custom_zone(const struct ical *object);
/* A VTIMEZONE's TZID as text: without escapes, blanks around it and stray quotes. Absent where it has none. */
struct str ical_tzid(struct arena *mem, const struct ical_comp *vtimezone);
/*
 * What is compared of a TZID, without regard to case. In the property it is TEXT with escapes, in the parameter it may
 * be quoted (RFC 5545 §3.2.19, §3.8.3.1); a leading slash says only that the name is known elsewhere.
 */
struct str tzid_plain(struct arena *mem, struct str tzid);
/*
 * A zone by a TZID of the object, whatever its case and with or without a leading slash: one known by name, else the
 * object's VTIMEZONE, else one by the name that Windows shows. Hours are never guessed: ICAL_TIMEZONE names what
 * is unknown (RFC 7809 §3.1.4), ICAL_OBJECT what cannot be read in the VTIMEZONE.
 */
MUST_CHECK err_t ical_zone(struct ctx *cx, struct ical *object, struct str tzid, const struct zone **out);
/* As `zone` of queries: absent or unknown is UTC. */
const struct zone *zone_or_utc(struct str name);

/* A calendar's default time zone as PROPPATCH and queries send it: a VCALENDAR with one VTIMEZONE. ICAL_DATA, or
 * the name that queries take as their `zone` (RFC 4791 §5.2.2, §9.8): the IANA name; absent where its TZID is none. */
MUST_CHECK err_t ical_timezone_name(struct ctx *cx, struct str data, struct str *out);
/* A name that the `zone` of queries may have (IANA or a known alias); for C:timezone-id. */
bool ical_zone_known(struct str name);

/* A VTIMEZONE that is right from the year before `from` on (RFC 5545 §3.6.5). Nothing for UTC. */
void vtimezone_write(struct arena *mem, const struct zone *zone, int64_t from, struct buf *out);
/* The same under any name, for UTC too. */
void vtimezone_write_as(struct arena *mem, const struct zone *zone, struct str tzid, int64_t from, struct buf *out);
/* A VCALENDAR of that alone, right from 1999 on, as the property calendar-timezone has it (RFC 4791 §5.2.2). */
struct str vtimezone_document(struct arena *mem, const struct zone *zone, struct str tzid);
