/* SPDX-License-Identifier: Apache-2.0 */
/* The REST resource "event" as JSON, and its way to and from struct event (caldav/calendar/event/event.h). */
#pragma once

#include "caldav/calendar/view/agenda.h"
#include "server/data/json.h"

struct attendee_view {
	struct str email, name, status;
};

struct reminder_view {
	int64_t minutes_before;
};

struct recurrence_view {
	struct str rule;
	struct str_list exdates, rdates;
	bool has_rule, has_exdates, has_rdates;
};

struct dropped_view {
	struct str kind, original_start_time;
};

struct event_view {
	struct str id, object, calendar, client_uid, title, description, location, category, color_hex, url, comment;
	struct str start_time, end_time, timezone, status, organizer, recurring_event_id, original_start_time, etag;
	struct recurrence_view recurrence;
	struct json_list attendees, reminders, dropped; /* of struct attendee_view, reminder_view, dropped_view */
	int64_t sequence;
	struct instant created_at, updated_at;
	bool all_day, busy, is_cancelled, floating, livemode;
	/* what was in the body */
	bool has_calendar, has_client_uid, has_title, has_description, has_location, has_category, has_color, has_url,
		has_start, has_end, has_all_day, has_timezone, has_status, has_busy, has_recurrence, has_attendees,
		has_reminders;
	bool recurrence_is_null;
};

extern const struct json_resource event_resource;

/* As REST says them: by enum event_status and enum partstat. */
#define EVENT_STATUSES (EVENT_CANCELLED + 1)
#define EVENT_PARTSTATS (PARTSTAT_OTHER + 1)
extern const char *const event_status_names[EVENT_STATUSES];
extern const char *const event_partstat_names[EVENT_PARTSTATS];

/*
 * Lay what the body gives over `event` (`fresh`: a new one, zeroed). fields_out: enum event_field of all that was
 * given. The duration stays when only the start moves. `zone`: of the user, for a new event that names none.
 *
 * errors  MISSING_FIELD, INVALID_VALUE with the field named
 */
MUST_CHECK err_t event_view_apply(struct ctx *cx, const struct event_view *view, struct str zone, bool fresh,
	struct event *event, unsigned *fields_out);

/* What a change dropped, for event_view.dropped. */
struct json_list event_view_dropped(struct arena *mem, const struct event_dropped *dropped, size_t count);

/* For an answer. */
void event_view_of(struct arena *mem, const struct agenda_item *item, bool live, struct event_view *out);

/* "evt_…" or, for one instance, "evt_…_20261124T090000Z". False when it is neither. */
bool event_id_parse(struct str text, struct id *id_out, struct str *instance_out);
struct str event_id_text(struct arena *mem, struct id id, struct str instance);
