/* SPDX-License-Identifier: Apache-2.0 */
/* What the files event_*.c share. */
#pragma once

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/recur/expand.h"

/* RFC 7986 knows names of colours only; Apple's property takes #RRGGBB. */
#define EVENT_COLOR_HEX STR("X-APPLE-CALENDAR-COLOR")

struct event_partstat_row {
	struct str name;
};
extern const struct event_partstat_row event_partstats[PARTSTAT_OTHER];

struct str event_email(struct str value);
struct event_attendee event_attendee_of(const struct ical_prop *p);
bool event_reminder_of(const struct ical_comp *alarm, int32_t *minutes_out);

/* INVALID_VALUE and the field's name, for those in `fields`. */
MUST_CHECK err_t event_check(struct ctx *cx, const struct event *event, unsigned fields);

/* The clock of an event's times. */
struct when event_when(const struct event *event, struct instant t);

/* Lines of one group of fields each; absent values give none. */
void event_text_line(struct buf *out, struct str name, struct str text);
void event_color_lines(struct buf *out, const struct event *event);
void event_point_line(struct buf *out, struct str name, struct when w); /* DTSTART;TZID=… */
void event_time_lines(struct buf *out, const struct event *event);
void event_dates_line(
	struct buf *out, struct str name, const struct event *clock, const struct instant *list, size_t count);
void event_recurrence_lines(struct buf *out, const struct event *event);
/* `was`: the component as it is, for parameters that stay; NULL: none. */
void event_attendee_lines(struct buf *out, const struct event *event, const struct ical_comp *was);
void event_status_line(struct buf *out, const struct event *event);
void event_transparency_line(struct buf *out, const struct event *event);
void event_alarms(struct buf *out, const struct event *event);
