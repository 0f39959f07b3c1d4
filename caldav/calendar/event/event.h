/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST resource "event" over iCalendar: read it from a VEVENT, write a new object, change an existing one. A change
 * touches only the lines of what was changed: every other byte of the client's object stays (X- properties, order,
 * folding).
 */
#pragma once

#include "caldav/calendar/ical/ical.h"

enum event_status { EVENT_CONFIRMED, EVENT_TENTATIVE, EVENT_CANCELLED };
enum event_partstat { PARTSTAT_NEEDS_ACTION, PARTSTAT_ACCEPTED, PARTSTAT_DECLINED, PARTSTAT_TENTATIVE, PARTSTAT_OTHER };

struct event_attendee {
	struct str email; /* without mailto: */
	struct str name;  /* absent: none */
	enum event_partstat status;
};

struct event {
	struct str uid;
	struct str title, description, location, category, color,
		url;               /* absent: none. color: "#RRGGBB" or a CSS name */
	struct instant start, end; /* all_day: midnight UTC of the first day, and of the day behind the last */
	bool all_day;
	struct str zone; /* IANA name; absent: UTC, or floating as `floating` says */
	bool floating;
	struct str rrule;                       /* "FREQ=…", absent: none */
	const struct instant *exdates, *rdates; /* as start */
	size_t exdate_count, rdate_count;
	struct str organizer; /* e-mail; absent: none */
	const struct event_attendee *attendees;
	size_t attendee_count;
	const int32_t *reminders; /* minutes before the start of alarms with relative triggers */
	size_t reminder_count;
	enum event_status status;
	bool transparent;
	/* Read only: */
	bool recurring;           /* the object has instances: RRULE, RDATE or overrides */
	struct str recurrence_id; /* of an override: as in struct occurrence; absent in a master */
	int32_t sequence;
	struct instant created_at, updated_at; /* CREATED, LAST-MODIFIED; INSTANT_NONE where absent */
};

/* What event_patch() changes; a field that is absent or empty is then removed. */
enum event_field {
	EVENT_TITLE = 1,
	EVENT_DESCRIPTION = 2,
	EVENT_LOCATION = 4,
	EVENT_CATEGORY = 8,
	EVENT_COLOR = 16,
	EVENT_URL = 32,
	EVENT_TIME = 64,        /* start, end, all_day, zone, floating: together */
	EVENT_RECURRENCE = 128, /* rrule, exdates, rdates: together */
	EVENT_ATTENDEES = 256,  /* organizer and attendees: lines of those who stay keep their other parameters */
	EVENT_STATUS = 512,
	EVENT_TRANSPARENCY = 1024,
	EVENT_REMINDERS = 2048
};

/*
 * Read the VEVENT. ICAL_OBJECT when it is none or its times cannot be understood. Texts live in cx->mem. Of a master,
 * start and end are the first instance's; for another one take them from struct occurrence.
 */
MUST_CHECK err_t event_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct event *out);

/*
 * A new object: VCALENDAR with the VTIMEZONE of its zone and the VEVENT. An absent uid is made. DTSTAMP, CREATED and
 * LAST-MODIFIED are cx->now.
 *
 * errors  INVALID_VALUE with the field as param: "end_time" (before start), "timezone" (unknown), "recurrence.rule",
 *         "attendees" (an address that is none), "title" (control characters) …
 */
MUST_CHECK err_t event_write(struct ctx *cx, const struct event *event, struct str *out);

/*
 * Change the fields in `fields` (enum event_field) of an object; DTSTAMP and LAST-MODIFIED become cx->now, SEQUENCE
 * grows by one where time, recurrence or status changed. `instance` absent: the master (or only component); else the
 * one instance of that recurrence_id: its override, made where there is none.
 *
 * errors  as event_write(); NOT_FOUND (no such instance), ICAL_OBJECT (no VEVENT)
 */
MUST_CHECK err_t event_patch(struct ctx *cx, struct str data, struct str instance, const struct event *with,
	unsigned fields, struct str *out);

/* STATUS:CANCELLED and SEQUENCE + 1, of all components or of one instance. Already so: *out is data, unchanged. */
MUST_CHECK err_t event_cancel(struct ctx *cx, struct str data, struct str instance, struct str *out);

/* Take one instance out (EXDATE, and its override goes). */
MUST_CHECK err_t event_remove_instance(struct ctx *cx, struct str data, struct str instance, struct str *out);
