/* SPDX-License-Identifier: Apache-2.0 */
/* What the files event_*.c share. */
#pragma once

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/event/moment.h"

/* RFC 7986 knows names of colours only; Apple's property takes #RRGGBB. */
#define EVENT_COLOR_HEX STR("X-APPLE-CALENDAR-COLOR")

struct event_partstat_row {
	struct str name;
};
extern const struct event_partstat_row event_partstats[PARTSTAT_OTHER];

struct str event_email(struct str value);
struct event_attendee event_attendee_of(const struct ical_prop *p);
bool event_reminder_of(const struct ical_comp *alarm, int32_t *minutes_out);
/* One value of an EXDATE or RDATE. False: it is empty, or none. */
bool event_date_read(struct ctx *cx, struct ical *object, const struct series *s, const struct ical_prop *prop,
	struct str item, const struct zone *floating, struct event_date *out);
/* Cut a list of texts at its commas: those that are not escaped. The items stay escaped. */
bool event_category_cut(struct str *rest, struct str *item_out);

/* INVALID_VALUE and the field's name, for those in `fields`. `was`: how it is; what stays is not checked. */
MUST_CHECK err_t event_check(struct ctx *cx, const struct event *event, const struct event *was, unsigned fields);
bool event_is_uid(struct str uid);
struct str event_new_uid(struct ctx *cx);
/* INVALID_VALUE: a rule counts by the clock on the wall, and there the second pass cannot be told. */
MUST_CHECK err_t event_refuse_second_pass(struct ctx *cx);
/* Which of `fields` have another value. */
unsigned event_differs(const struct event *was, const struct event *to, unsigned fields);

/* The form of a new event's times. */
struct time_form event_form(struct arena *mem, const struct event *event);

/* Lines of one group of fields each; absent values give none. */
void event_text_line(struct buf *out, struct str name, struct str text);
void event_color_lines(struct buf *out, const struct event *event);
void event_rule_lines(struct buf *out, struct str rules);
/* EXDATE or RDATE, one line a form: `form`, UTC for what it cannot say, dates. */
void event_dates_lines(struct buf *out, struct str name, struct time_form form, const struct zone *floating,
	const struct event_date *list, size_t count);
/* `was`: the component as it is, for lines and parameters that stay; NULL: none. */
void event_attendee_lines(struct buf *out, const struct event *event, const struct ical_comp *was);
void event_status_line(struct buf *out, const struct event *event);
void event_transparency_line(struct buf *out, const struct event *event);
void event_alarm(struct buf *out, struct str title, int32_t minutes);
