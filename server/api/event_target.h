/* SPDX-License-Identifier: Apache-2.0 */
/* What a call about one event names, what it answers, and what a write may be refused with. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/api/call.h"
#include "server/api/event_view.h"

/* What the path names. */
struct event_target {
	struct object object;         /* with data */
	struct str instance;          /* its recurrence id; absent: the event as a whole */
	struct event_changed changed; /* by this request */
};

/* As it is to be shown: the event, or its one instance, which must be there (NOT_FOUND). */
MUST_CHECK err_t event_target_item(struct api_call *call, const struct event_target *target, struct agenda_item *out);

/* The answer that shows it, with its ETag. */
MUST_CHECK err_t event_reply(struct api_call *call, struct response *rs, const struct event_target *target);

/* What the store says of a write, in the words of REST; hands any other error on as it is. */
MUST_CHECK err_t event_words(struct request *rq, err_t e);

/* What an event cannot be, in the words of the store and of iCalendar. */
#define EVENT_WRITING                                                                                                  \
	CONFLICT, UID_CONFLICT, FORBIDDEN, DAV_QUOTA, ICAL_DATA, ICAL_OBJECT, ICAL_COMPONENT, ICAL_SIZE,               \
		ICAL_MIN_DATE, ICAL_MAX_DATE, ICAL_MAX_INSTANCES, ICAL_MAX_ATTENDEES, ICAL_TIMEZONE, ICAL_RSCALE,      \
		TOO_COSTLY
