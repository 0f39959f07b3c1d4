/* SPDX-License-Identifier: Apache-2.0 */
/* An event from what a body says. */
#include <string.h>

#include "caldav/calendar/zone/zone.h"
#include "server/api/event_view.h"

#define DATE_LEN 10 /* 2026-11-24 */
#define DAY_US (INT64_C(86400) * US_PER_S)
#define E(member) offsetof(struct event_view, member)

/* ---- times ---- */

/* YYYY-MM-DD, or the date of a date-time in its own offset: midnight UTC of that day. */
static bool date_read(struct str text, struct instant *out)
{
	struct instant whole;
	char midnight[] = "0000-00-00T00:00:00Z";
	if (text.len != DATE_LEN && !instant_from_rfc3339(text, &whole))
		return false;
	memcpy(midnight, text.ptr, 10);
	return instant_from_rfc3339((struct str){ midnight, sizeof midnight - 1 }, out);
}

static err_t time_read(struct ctx *cx, const char *field, struct str text, bool all_day, struct instant *out)
{
	if (all_day ? date_read(text, out) : instant_from_rfc3339(text, out))
		return OK;
	return REFUSE(cx, INVALID_VALUE, field, "%s",
		all_day ? "An all-day event has dates: 2026-11-24."
			: "A time is written as RFC 3339 with an offset: 2026-11-24T09:00:00+01:00.");
}

static void zone_set(struct event *event, struct str name)
{
	const struct zone *zone = zone_or_utc(name);
	event->zone = zone == zone_utc() ? STR_ABSENT : zone_name(zone);
	event->floating = event->own_zone = false;
}

/* The clock of the event is the one that was said or, of a new event, the user's; else it stays. */
static err_t apply_times(
	struct ctx *cx, const struct event_view *view, struct str zone, bool fresh, struct event *event)
{
	struct instant was_start = event->start, was_end = event->end;
	bool new_kind = view->has_all_day && view->all_day != event->all_day;
	if (view->has_all_day)
		event->all_day = view->all_day;
	if (new_kind && !view->has_start)
		return REFUSE(cx, MISSING_FIELD, "start_time",
			"An event that becomes (or ends to be) all-day needs its start.");
	if (event->all_day)
		zone_set(event, STR_ABSENT);
	else if (view->has_timezone || fresh || new_kind)
		zone_set(event, view->timezone.ptr ? view->timezone : zone);
	if (view->has_start)
		TRY(time_read(cx, "start_time", view->start_time, event->all_day, &event->start));
	if (view->has_end)
		TRY(time_read(cx, "end_time", view->end_time, event->all_day, &event->end));
	else if (event->all_day && (new_kind || was_end.us == was_start.us))
		event->end.us = event->start.us + DAY_US;
	else
		event->end.us = event->start.us + (was_end.us - was_start.us);
	return OK;
}

/* ---- the body ---- */

/* As start_time; in a timed series a date alone is the whole day. */
static err_t dates_read(struct ctx *cx, const char *field, struct str_list texts, bool all_day,
	const struct event_date **out, size_t *count_out)
{
	struct event_date *dates = arena_array(cx->mem, struct event_date, texts.count + 1);
	for (size_t i = 0; i < texts.count; i++) {
		dates[i].day = all_day || texts.items[i].len == DATE_LEN;
		TRY(time_read(cx, field, texts.items[i], dates[i].day, &dates[i].at));
	}
	*out = dates;
	*count_out = texts.count;
	return OK;
}

/* null: no part of it any more; else the parts that were said. */
static err_t apply_recurrence(
	struct ctx *cx, const struct recurrence_view *view, bool none, struct event *event, unsigned *fields)
{
	if (none || view->has_rule) {
		if (!str_eq(view->rule, event->rrule)) /* what stands there is what another program wrote */
			event->rrule = event_rules_typed(cx, event, view->rule);
		*fields |= EVENT_RULE;
	}
	if (none || view->has_exdates) {
		TRY(dates_read(cx, "recurrence.exdates", view->exdates, event->all_day, &event->exdates,
			&event->exdate_count));
		*fields |= EVENT_EXDATES;
	}
	if (none || view->has_rdates) {
		TRY(dates_read(
			cx, "recurrence.rdates", view->rdates, event->all_day, &event->rdates, &event->rdate_count));
		*fields |= EVENT_RDATES;
	}
	return OK;
}

static bool name_find(struct str name, const char *const *names, size_t count, unsigned *out)
{
	for (unsigned i = 0; i < count; i++)
		if (str_eq(name, str_of(names[i]))) {
			*out = i;
			return true;
		}
	return false;
}

static err_t apply_attendees(struct ctx *cx, const struct json_list *list, struct event *event)
{
	const struct attendee_view *views = list->items;
	struct event_attendee *attendees = arena_array(cx->mem, struct event_attendee, list->count + 1);
	for (size_t i = 0; i < list->count; i++) {
		unsigned status = PARTSTAT_NEEDS_ACTION;
		if (views[i].status.ptr &&
			!name_find(views[i].status, event_partstat_names, ARRAY_LEN(event_partstat_names), &status))
			return REFUSE(cx, INVALID_VALUE, str_fmt(cx->mem, "attendees[%zu].status", i).ptr,
				"The status is needs_action, accepted, declined or tentative.");
		attendees[i] = (struct event_attendee){ views[i].email, views[i].name, (enum event_partstat)status };
	}
	event->attendees = attendees;
	event->attendee_count = list->count;
	return OK;
}

static void apply_reminders(struct ctx *cx, const struct json_list *list, struct event *event)
{
	const struct reminder_view *views = list->items;
	int32_t *minutes = arena_array(cx->mem, int32_t, list->count + 1);
	for (size_t i = 0; i < list->count; i++)
		minutes[i] = (int32_t)views[i].minutes_before;
	event->reminders = minutes;
	event->reminder_count = list->count;
}

static err_t apply_status(struct ctx *cx, struct str status, struct event *event)
{
	unsigned value;
	if (!name_find(status, event_status_names, ARRAY_LEN(event_status_names), &value))
		return REFUSE(cx, INVALID_VALUE, "status", "The status is confirmed, tentative or cancelled.");
	event->status = (enum event_status)value;
	return OK;
}

/* Plain texts: body to event, one row each. */
static const struct {
	size_t given, from, to;
	unsigned field;
} texts[] = {
	{ E(has_title), E(title), offsetof(struct event, title), EVENT_TITLE },
	{ E(has_description), E(description), offsetof(struct event, description), EVENT_DESCRIPTION },
	{ E(has_location), E(location), offsetof(struct event, location), EVENT_LOCATION },
	{ E(has_category), E(category), offsetof(struct event, category), EVENT_CATEGORY },
	{ E(has_color), E(color_hex), offsetof(struct event, color), EVENT_COLOR },
	{ E(has_url), E(url), offsetof(struct event, url), EVENT_URL },
};

static unsigned apply_texts(const struct event_view *view, struct event *event)
{
	unsigned fields = 0;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct str text;
		if (!*((const bool *)view + texts[i].given))
			continue;
		memcpy(&text, (const char *)view + texts[i].from, sizeof text);
		if (text.len == 0)
			text = STR_ABSENT;
		memcpy((char *)event + texts[i].to, &text, sizeof text);
		fields |= texts[i].field;
	}
	return fields;
}

err_t event_view_apply(struct ctx *cx, const struct event_view *view, struct str zone, bool fresh, struct event *event,
	unsigned *fields_out)
{
	unsigned fields = apply_texts(view, event);
	if (view->timezone.ptr && !zone_by_name(view->timezone))
		return REFUSE(
			cx, INVALID_VALUE, "timezone", "This is not a time zone. Use an IANA name like Europe/Berlin.");
	if (view->has_start || view->has_end || view->has_all_day || view->has_timezone) {
		TRY(apply_times(cx, view, zone, fresh, event));
		if (view->has_start || view->has_all_day || view->has_timezone)
			fields |= EVENT_START;
		if (view->has_end)
			fields |= EVENT_END;
	}
	if (view->has_recurrence)
		TRY(apply_recurrence(cx, &view->recurrence, view->recurrence_is_null, event, &fields));
	if (view->has_attendees) {
		TRY(apply_attendees(cx, &view->attendees, event));
		fields |= EVENT_ATTENDEES;
	}
	if (view->has_status) {
		TRY(apply_status(cx, view->status, event));
		fields |= EVENT_STATUS;
	}
	if (view->has_busy) {
		event->transparent = !view->busy;
		fields |= EVENT_TRANSPARENCY;
	}
	if (view->has_reminders) {
		apply_reminders(cx, &view->reminders, event);
		fields |= EVENT_REMINDERS;
	}
	*fields_out = fields;
	return OK;
}
