/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST resource "event" over iCalendar: read it from a VEVENT, write a new object, change an existing one. All are
 * functions from bytes to bytes. A change touches only the lines of what was changed: every other octet of the client's
 * object stays (X- properties, order, folding), and so does the form of a time (adr/0016).
 */
#pragma once

#include "caldav/calendar/recur/expand.h"

enum event_status { EVENT_CONFIRMED, EVENT_TENTATIVE, EVENT_CANCELLED };
enum event_partstat { PARTSTAT_NEEDS_ACTION, PARTSTAT_ACCEPTED, PARTSTAT_DECLINED, PARTSTAT_TENTATIVE, PARTSTAT_OTHER };

struct event_attendee {
	struct str email; /* without mailto: */
	struct str name;  /* absent: none */
	enum event_partstat status;
};

/* EXDATE or RDATE: an instant, or a whole day (then midnight UTC of the date). */
struct event_date {
	struct instant at;
	bool day;
};

struct event {
	struct str uid;
	struct str title, description, location, category, color,
		url;               /* absent: none. color: "#RRGGBB" or a CSS name; category: the first of them */
	struct instant start, end; /* all_day: midnight UTC of the first day, and of the day after the last */
	bool all_day;
	struct str zone;  /* IANA name; absent: UTC, or what the next two say */
	bool floating;    /* by the clock of whoever looks: of the `zone` that reading and writing are given */
	bool own_zone;    /* one that only the object's VTIMEZONE describes */
	struct str rrule; /* "FREQ=…", absent: none; of several, one a line */
	const struct event_date *exdates, *rdates; /* periods by their start */
	size_t exdate_count, rdate_count;
	struct str organizer;      /* e-mail; absent: none */
	struct str organizer_name; /* written where the line is new; absent: none */
	const struct event_attendee *attendees;
	size_t attendee_count;
	const int32_t *reminders; /* minutes before the start, of alarms that ring there */
	size_t reminder_count;
	enum event_status status;
	bool transparent;
	/* Read only: */
	struct str comment;       /* the last COMMENT; absent: none */
	bool recurring;           /* the object has instances: RRULE, RDATE or overrides */
	struct str recurrence_id; /* of an instance: as recurrence_id_text() writes it; absent in a master */
	int32_t sequence;
	struct instant created_at, updated_at; /* CREATED, LAST-MODIFIED; INSTANT_NONE where absent */
};

#define EVENT_REMINDER_MAX                                                                                             \
	40320 /* minutes: four weeks. Alarms that ring earlier, or later than the start, are not shown */

/* What event_patch() changes; a field that is absent or empty is then removed. */
enum event_field {
	EVENT_TITLE = 1,
	EVENT_DESCRIPTION = 2,
	EVENT_LOCATION = 4,
	EVENT_CATEGORY = 8, /* the first of several; removed: all */
	EVENT_COLOR = 16,
	EVENT_URL = 32,
	EVENT_START = 64, /* start, all_day, zone, floating, own_zone: together */
	EVENT_END = 128,  /* without it the event stays as long as it was, as `end` says, too */
	EVENT_RULE = 256,
	EVENT_EXDATES = 512,
	EVENT_RDATES = 1024,
	EVENT_ATTENDEES = 2048, /* organizer and attendees: lines of those who stay stay */
	EVENT_STATUS = 4096,
	EVENT_TRANSPARENCY = 8192,
	EVENT_REMINDERS = 16384 /* those shown: alarms of those that stay stay */
};
#define EVENT_RECURRENCE (EVENT_RULE | EVENT_EXDATES | EVENT_RDATES)

/*
 * Read the VEVENT `comp`; of a master, start and end are the first instance's. `zone` (a name; absent: UTC) tells
 * floating times. ICAL_OBJECT when it is no event. Texts live in cx->mem.
 */
MUST_CHECK err_t event_read(
	struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str zone, struct event *out);

/* One instance: what is in effect there, and its own times. ICAL_OBJECT, too. */
MUST_CHECK err_t event_read_instance(struct ctx *cx, struct ical *object, const struct series_instance *instance,
	struct str zone, struct event *out);

/* Is it of another organizer, and they are among those who are invited? By their address, in any case. */
bool event_invites(const struct event *event, struct str email);

/* Can it be an attendee's address? */
bool event_is_email(struct str email);

/*
 * A new object: VCALENDAR with the VTIMEZONE of its zone and the VEVENT. An absent uid is made. DTSTAMP, CREATED and
 * LAST-MODIFIED are cx->now.
 *
 * errors  INVALID_VALUE with the field as param: "end_time" (before start), "timezone" (unknown), "recurrence.rule",
 *         "attendees" (an address that is none), "title" (control characters), "start_time" (a series that would begin
 *         in the second pass of an hour that its clock shows twice) …; ICAL_SIZE (larger than an object may be)
 */
MUST_CHECK err_t event_write(struct ctx *cx, const struct event *event, struct str *out);

/* Rules for this event as a caller wrote them, with UNTIL in the form that its start has (RFC 5545 §3.3.10): a date of
 * a timed event is the end of that day, a time of an all-day one its day. What cannot be read comes back as it is. */
struct str event_rules_typed(struct ctx *cx, const struct event *event, struct str rules);

struct event_change {
	struct str instance; /* recurrence_id of the one to change; absent: the master (or only component) */
	const struct event *to;
	unsigned fields; /* enum event_field: what of `to` counts */
	struct str zone; /* by which floating times are told; absent: UTC */
};

/* An exception that had its instance before the change and has none after it. */
struct event_dropped {
	bool override; /* else an EXDATE */
	struct str recurrence_id;
};

struct event_changed {
	struct str data; /* what was given, octet for octet, when nothing is changed by it */
	const struct event_dropped *dropped;
	size_t dropped_count;
};

/*
 * Change an object. DTSTAMP and LAST-MODIFIED become cx->now, SEQUENCE grows by one where time, recurrence or status
 * changed. A field that has the value already is not written.
 *
 * instance  its override is made from what is in effect there. Of a THISANDFUTURE override this one instance changes:
 *           what it says goes on at the next one
 * series    EXDATE, RDATE, RECURRENCE-ID and an override's own times move along where they equalled the instance; what
 *           has no instance any more is dropped. What an override says as the master did, changes with it
 * errors    as event_write(), for what is changed; NOT_FOUND (no such instance), ICAL_OBJECT (no VEVENT)
 */
MUST_CHECK err_t event_patch(
	struct ctx *cx, struct str data, const struct event_change *change, struct event_changed *out);

/*
 * Change the series of an instance (change->instance) by what becomes of that instance: the whole series is moved so
 * that it has its start there where `to` has it. What the instance says of its own is changed, too.
 *
 * errors  as event_patch(); CONFLICT (param "scope": the object has no master)
 */
MUST_CHECK err_t event_patch_series(
	struct ctx *cx, struct str data, const struct event_change *change, struct event_changed *out);

/*
 * STATUS:CANCELLED, SEQUENCE + 1 and a COMMENT (absent: none), of all components or of one instance (absent: all).
 * Already so: *out is data, unchanged. NOT_FOUND (no such instance), ICAL_OBJECT, ICAL_SIZE.
 */
MUST_CHECK err_t event_cancel(
	struct ctx *cx, struct str data, struct str instance, struct str comment, struct str *out);

/*
 * Take one instance out (EXDATE, and its override goes). NOT_FOUND (no such instance), ICAL_SIZE; ICAL_OBJECT: no
 * VEVENT, or the object holds this instance alone.
 */
MUST_CHECK err_t event_remove_instance(struct ctx *cx, struct str data, struct str instance, struct str *out);

/*
 * One instance as an object of its own: the component in effect there, with its RECURRENCE-ID, and the time zones.
 * NOT_FOUND, ICAL_OBJECT, ICAL_SIZE.
 */
MUST_CHECK err_t event_extract(struct ctx *cx, struct str data, struct str instance, struct str *out);

/* A series in two. */
struct event_parts {
	struct str before; /* absent: nothing lies before that instance, and `after` is the whole as it was given */
	struct str after;  /* of another UID; the instance keeps its recurrence id */
};

/*
 * Cut a series before one instance. What hangs on it goes with its half; COUNT is divided, and what had no end before
 * has an UNTIL. Both are proven to have the instances of the whole.
 *
 * errors  NOT_FOUND (no such instance); CONFLICT (param "scope": rules that cannot be begun anew there, what a client
 *         changed with THISANDFUTURE, an object without its master); TOO_COSTLY, ICAL_OBJECT, ICAL_SIZE
 */
MUST_CHECK err_t event_split(struct ctx *cx, struct str data, struct str instance, struct event_parts *out);
