/* SPDX-License-Identifier: Apache-2.0 */
/* What a call about one event names, what it answers, and what a write may be refused with. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/api/call.h"
#include "server/api/event_view.h"

/* What the path names. */
struct event_target {
	struct object object;         /* as object_shown() reads it */
	struct str instance;          /* its recurrence id; absent: the event as a whole */
	struct event_changed changed; /* by this request */
};

/* What the path names, as it is stored. NOT_FOUND. */
MUST_CHECK err_t event_target_read(struct api_call *call, struct event_target *out);

/* As it is to be shown: the event, or its one instance, which must be there (NOT_FOUND). */
MUST_CHECK err_t event_target_item(struct api_call *call, const struct event_target *target, struct agenda_item *out);

/*
 * The tag of the event as text/calendar; as JSON it has the object's own, which is that of CalDAV. Two representations
 * of one resource never share a strong one (RFC 9110 §8.8.1). In a condition of a change each means the same octets.
 */
#define ICAL_TAG "-ical"
struct str event_tag(struct arena *mem, const struct object *object, bool as_ical);

/* The answer that shows an item, with its ETag. */
void event_show(
	struct api_call *call, struct response *rs, const struct event_target *target, const struct agenda_item *item);

/* The same of what the target is now. */
MUST_CHECK err_t event_reply(struct api_call *call, struct response *rs, const struct event_target *target);

/*
 * A new event in this calendar; NULL: in that which the body names, or else the caller's default. What is missing has
 * the names of /v1/events. EVENT_WRITING, NOT_FOUND (the calendar), MISSING_FIELD, INVALID_VALUE.
 */
MUST_CHECK err_t event_make(struct api_call *call, const struct event_view *view, const struct calendar *calendar,
	struct event_target *out);

/* The calendar that a body names as calendar_id, of those that the caller may use. INVALID_VALUE, NOT_FOUND. */
MUST_CHECK err_t event_calendar(struct api_call *call, struct str text, struct calendar *out);

/* What the store says of a write, in the words of REST; hands any other error on as it is. */
MUST_CHECK err_t event_words(struct request *rq, err_t e);

/* What an event cannot be, in the words of the store and of iCalendar. */
#define EVENT_WRITING                                                                                                  \
	CONFLICT, UID_CONFLICT, FORBIDDEN, DAV_QUOTA, ICAL_DATA, ICAL_OBJECT, ICAL_COMPONENT, ICAL_SIZE,               \
		ICAL_MIN_DATE, ICAL_MAX_DATE, ICAL_MAX_INSTANCES, ICAL_MAX_ATTENDEES, ICAL_TIMEZONE, ICAL_RSCALE,      \
		TOO_COSTLY
