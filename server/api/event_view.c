/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/event_view.h"

#include <string.h>

#include "server/auth/scope.h"

#define ATTENDEES_MAX ICAL_ATTENDEES_MAX
#define REMINDERS_MAX 100 /* of what an object may hold; event.h says what may be set */
#define DATES_MAX 5000

#define A(member) offsetof(struct attendee_view, member)
#define R(member) offsetof(struct recurrence_view, member)
#define M(member) offsetof(struct reminder_view, member)
#define D(member) offsetof(struct dropped_view, member)
#define E(member) offsetof(struct event_view, member)
#define OPEN (JSON_READ_ONLY | JSON_OPEN)

/* clang-format off */
static const struct json_field attendee_fields[] = {
	/* name             kind          flags          offset          given  min max */
	{ "email",          JSON_STR,     JSON_REQUIRED, A(email),         0,   1,  1000, NULL, NULL, 0, 0, "Where invitations go", "ann@example.org" },
	{ "name",           JSON_STR,     JSON_NULLABLE, A(name),          0,   0,  1000, NULL, NULL, 0, 0, "What the attendee is called", "Ann" },
	{ "status",         JSON_STR,     JSON_NULLABLE, A(status),        0,   0,  20,   NULL, NULL, 0, 0, "needs_action, accepted, declined, tentative; other is what was set otherwise, and stays", "confirmed" },
};
static const struct json_field recurrence_fields[] = {
	{ "rule",           JSON_STR,     JSON_NULLABLE, R(rule),          R(has_rule),    1, 8000, NULL, NULL, 0, 0, "RRULE of RFC 5545, without its name: FREQ=WEEKLY;BYDAY=MO. Of several, one a line", "FREQ=WEEKLY;BYDAY=TU" },
	{ "exdates",        JSON_STRS,    JSON_NULLABLE, R(exdates),       R(has_exdates), 0, DATES_MAX, NULL, NULL, 0, 0, "Starts that are left out, written as start_time; a date takes the whole day out", "2026-12-01T09:00:00+01:00" },
	{ "rdates",         JSON_STRS,    JSON_NULLABLE, R(rdates),        R(has_rdates),  0, DATES_MAX, NULL, NULL, 0, 0, "Starts that are added", "2026-12-03T09:00:00+01:00" },
};
static const struct json_field dropped_fields[] = {
	{ "kind",           JSON_STR,     JSON_READ_ONLY, D(kind),         0,   0,  0,    NULL, NULL, 0, 0, "override or exdate", "override" },
	{ "original_start_time", JSON_STR, JSON_READ_ONLY, D(original_start_time), 0, 0, 0, NULL, NULL, 0, 0, "Where it was before the change", "2026-12-01T09:00:00+01:00" },
};
static const struct json_field reminder_fields[] = {
	{ "minutes_before", JSON_INT,     JSON_REQUIRED, M(minutes_before), 0,  0,  40320, NULL, NULL, 0, 0, "Before the start", "10" },
};

static const struct json_field event_fields[] = {
	/* name                   kind          flags           offset            given               min max */
	{ "id",                   JSON_STR,     OPEN,           E(id),            0,                  0, 0,     NULL, NULL, 0, 0, "evt_…; of one instance with its original start after it", "evt_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",               JSON_STR,     OPEN,           E(object),        0,                  0, 0,     NULL, NULL, 0, 0, "event", "event" },
	{ "calendar_id",          JSON_STR,     JSON_OPEN,      E(calendar),      E(has_calendar),    1, 64,    NULL, NULL, 0, 0, "cal_…; the default calendar unless said. A change moves the event there, a series as a whole", "cal_0355WHuCFfRpMfB53mC9Z6" },
	{ "client_uid",           JSON_STR,     0,              E(client_uid),    E(has_client_uid),  1, 255,   NULL, NULL, 0, 0, "The iCalendar UID; made unless said; cannot be changed", "planning-2026-11@example.org" },
	{ "title",                JSON_STR,     JSON_NULLABLE | JSON_NEEDED,  E(title),         E(has_title),       0, 1000,  NULL, NULL, 0, 0, "One line; may not be empty", "Planning" },
	{ "description",          JSON_STR,     JSON_NULLABLE,  E(description),   E(has_description), 0, 50000, NULL, NULL, 0, 0, "Plain text, of several lines", "What the next quarter needs." },
	{ "location",             JSON_STR,     JSON_NULLABLE,  E(location),      E(has_location),    0, 1000,  NULL, NULL, 0, 0, "Where it is, as people read it", "Room 4" },
	{ "category",             JSON_STR,     JSON_NULLABLE,  E(category),      E(has_category),    0, 100,   NULL, NULL, 0, 0, "The first, where there are several: a change leaves the others, null removes all", "Work" },
	{ "color_hex",            JSON_STR,     JSON_NULLABLE,  E(color_hex),     E(has_color),       0, 50,    NULL, NULL, 0, 0, "#RRGGBB or a CSS colour name", "#3366CC" },
	{ "url",                  JSON_STR,     JSON_NULLABLE,  E(url),           E(has_url),         0, 2000,  NULL, NULL, 0, 0, "A page about it", "https://example.org/planning" },
	{ "comment",              JSON_STR,     JSON_READ_ONLY | JSON_NULLABLE, E(comment),       0,                  0, 0,     NULL, NULL, 0, 0, "The last that was said of it, as why it was cancelled", "The room is taken." },
	{ "start_time",           JSON_STR,     JSON_NEEDED,         E(start_time),    E(has_start),       1, 40,    NULL, NULL, 0, 0, "RFC 3339 with an offset; of an all-day event the date", "2026-11-24T09:00:00+01:00" },
	{ "end_time",             JSON_STR,     0,              E(end_time),      E(has_end),         1, 40,    NULL, NULL, 0, 0, "As start_time; of an all-day event the day after the last, by default one day", "2026-11-24T10:00:00+01:00" },
	{ "all_day",              JSON_BOOL,    0,              E(all_day),       E(has_all_day),     0, 0,     NULL, NULL, 0, 0, "Days without a time, in every zone", NULL },
	{ "timezone",             JSON_STR,     JSON_NULLABLE,  E(timezone),      E(has_timezone),    1, 64,    NULL, NULL, 0, 0, "IANA name in which recurrences count; the user's unless said. null of floating and all-day events, and of a zone that has no such name", "Europe/Berlin" },
	{ "floating",             JSON_BOOL,    JSON_READ_ONLY, E(floating),      0,                  0, 0,     NULL, NULL, 0, 0, "Stored without a zone: the same clock time everywhere", NULL },
	{ "recurrence",           JSON_OBJECT,  JSON_NULLABLE,  E(recurrence),    E(has_recurrence),  0, 0,     NULL, recurrence_fields, ARRAY_LEN(recurrence_fields), sizeof(struct recurrence_view), "null: happens once. A part that is left out of a change stays", NULL },
	{ "recurring_event_id",   JSON_STR,     JSON_READ_ONLY | JSON_NULLABLE, E(recurring_event_id), 0,             0, 0,     NULL, NULL, 0, 0, "Of an instance: the event it belongs to", NULL },
	{ "original_start_time",  JSON_STR,     JSON_READ_ONLY | JSON_NULLABLE, E(original_start_time), 0,            0, 0,     NULL, NULL, 0, 0, "Of an instance: when the rule has it", NULL },
	{ "attendees",            JSON_OBJECTS, 0,              E(attendees),     E(has_attendees),   0, ATTENDEES_MAX, NULL, attendee_fields, ARRAY_LEN(attendee_fields), sizeof(struct attendee_view), "Whom it is with", NULL },
	{ "organizer",            JSON_STR,     JSON_READ_ONLY | JSON_NULLABLE, E(organizer),     0,                  0, 0,     NULL, NULL, 0, 0, "E-mail address", NULL },
	{ "reminders",            JSON_OBJECTS, 0,              E(reminders),     E(has_reminders),   0, REMINDERS_MAX, NULL, reminder_fields, ARRAY_LEN(reminder_fields), sizeof(struct reminder_view), "Alarms before the start. Those that stay in the list keep what they do", NULL },
	{ "status",               JSON_STR,     0,              E(status),        E(has_status),      1, 20,    NULL, NULL, 0, 0, "confirmed, tentative or cancelled", "confirmed" },
	{ "is_cancelled",         JSON_BOOL,    JSON_READ_ONLY, E(is_cancelled),  0,                  0, 0,     NULL, NULL, 0, 0, "status is cancelled", NULL },
	{ "busy",                 JSON_BOOL,    0,              E(busy),          E(has_busy),        0, 0,     NULL, NULL, 0, 0, "Whether it counts in free/busy; true unless said", "true" },
	{ "sequence",             JSON_INT,     JSON_READ_ONLY, E(sequence),      0,                  0, 0,     NULL, NULL, 0, 0, "Grows with each significant change", "0" },
	{ "dropped_exceptions",   JSON_OBJECTS, JSON_READ_ONLY, E(dropped),       0,                  0, 0,     NULL, dropped_fields, ARRAY_LEN(dropped_fields), sizeof(struct dropped_view), "In the answer to a change: what had an instance before it and has none any more", NULL },
	{ "livemode",             JSON_BOOL,    OPEN,           E(livemode),      0,                  0, 0,     NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "etag",                 JSON_STR,     OPEN,           E(etag),          0,                  0, 0,     NULL, NULL, 0, 0, "For If-Match; the same as on CalDAV", "\"5c1f6e0b7d3a49e2a1b0c9d8e7f60514\"" },
	{ "created_at",           JSON_TIME,    JSON_READ_ONLY, E(created_at),    0,                  0, 0,     NULL, NULL, 0, 0, "When it was made here", NULL },
	{ "updated_at",           JSON_TIME,    JSON_READ_ONLY, E(updated_at),    0,                  0, 0,     NULL, NULL, 0, 0, "When it was changed here", NULL },
};
/* clang-format on */

const struct json_resource event_resource = {
	.name = "event",
	JSON_FIELDS(event_fields),
	.size = sizeof(struct event_view),
	.reads = EVENTS_READ,
	.doc = "An event, or in lists by time one instance of it.",
};

const char *const event_status_names[EVENT_STATUSES] = {
	[EVENT_CONFIRMED] = "confirmed",
	[EVENT_TENTATIVE] = "tentative",
	[EVENT_CANCELLED] = "cancelled",
};
const char *const event_partstat_names[EVENT_PARTSTATS] = {
	[PARTSTAT_NEEDS_ACTION] = "needs_action",
	[PARTSTAT_ACCEPTED] = "accepted",
	[PARTSTAT_DECLINED] = "declined",
	[PARTSTAT_TENTATIVE] = "tentative",
	[PARTSTAT_OTHER] = "other",
};

/* ---- ids ---- */

bool event_id_parse(struct str text, struct id *id_out, struct str *instance_out)
{
	size_t len = strlen("evt_") + ID_DIGITS;
	*instance_out = STR_ABSENT;
	if (text.len > len + 1 && text.ptr[len] == '_')
		*instance_out = str_from(text, len + 1);
	else if (text.len != len)
		return false;
	return id_parse(str_sub(text, 0, len), "evt", id_out);
}

struct str event_id_text(struct arena *mem, struct id id, struct str instance)
{
	struct str text = id_text(mem, "evt", id);
	return instance.ptr ? str_fmt(mem, "%.*s_%.*s", STR_ARG(text), STR_ARG(instance)) : text;
}

/* ---- to an answer ---- */

static struct str date_text(struct arena *mem, struct instant t)
{
	return str_sub(instant_rfc3339(mem, t), 0, 10);
}

static struct str time_text(struct arena *mem, const struct event *event, struct instant t)
{
	return event->all_day ? date_text(mem, t) : instant_rfc3339(mem, t);
}

static struct str_list dates_text(struct arena *mem, const struct event_date *dates, size_t count)
{
	struct str *items = arena_array(mem, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		items[i] = dates[i].day ? date_text(mem, dates[i].at) : instant_rfc3339(mem, dates[i].at);
	return (struct str_list){ items, count };
}

static struct json_list attendees_view(struct arena *mem, const struct event *event)
{
	struct attendee_view *views = arena_array(mem, struct attendee_view, event->attendee_count + 1);
	for (size_t i = 0; i < event->attendee_count; i++) {
		const struct event_attendee *a = &event->attendees[i];
		views[i] = (struct attendee_view){ a->email, a->name, str_of(event_partstat_names[a->status]) };
	}
	return (struct json_list){ views, event->attendee_count };
}

static struct json_list reminders_view(struct arena *mem, const struct event *event)
{
	struct reminder_view *views = arena_array(mem, struct reminder_view, event->reminder_count + 1);
	for (size_t i = 0; i < event->reminder_count; i++)
		views[i].minutes_before = event->reminders[i];
	return (struct json_list){ views, event->reminder_count };
}

/* A recurrence id as a time: 20261124T090000Z, 20261124. */
static struct str original_start(struct arena *mem, struct str id)
{
	const char *p = id.ptr;
	if (id.len < 8)
		return STR_ABSENT;
	struct str date = str_fmt(mem, "%.4s-%.2s-%.2s", p, p + 4, p + 6);
	if (id.len < 15)
		return date;
	return str_fmt(mem, "%.*sT%.2s:%.2s:%.2s%s", STR_ARG(date), p + 9, p + 11, p + 13, id.len > 15 ? "Z" : "");
}

struct json_list event_view_dropped(struct arena *mem, const struct event_dropped *dropped, size_t count)
{
	struct dropped_view *views = arena_array(mem, struct dropped_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = (struct dropped_view){ dropped[i].override ? STR("override") : STR("exdate"),
			original_start(mem, dropped[i].recurrence_id) };
	return (struct json_list){ views, count };
}

void event_view_of(struct arena *mem, const struct agenda_item *item, bool live, struct event_view *out)
{
	const struct event e = item->event;
	struct str instance = item->instance ? e.recurrence_id : STR_ABSENT;
	*out = (struct event_view){
		.id = event_id_text(mem, item->object.id, instance),
		.object = STR("event"),
		.calendar = id_text(mem, "cal", item->object.calendar),
		.client_uid = e.uid,
		.title = e.title,
		.description = e.description,
		.location = e.location,
		.category = e.category,
		.color_hex = e.color,
		.url = e.url,
		.comment = e.comment,
		.start_time = time_text(mem, &e, e.all_day ? e.start : item->start),
		.end_time = time_text(mem, &e, e.all_day ? e.end : item->end),
		.all_day = e.all_day,
		.timezone = e.zone.ptr || e.all_day    ? e.zone
			    : e.floating || e.own_zone ? STR_ABSENT
						       : STR("UTC"),
		.floating = e.floating && !e.all_day,
		.has_recurrence = !item->instance && (e.rrule.ptr || e.rdate_count > 0),
		.recurrence = { .rule = e.rrule,
			.exdates = dates_text(mem, e.exdates, e.exdate_count),
			.rdates = dates_text(mem, e.rdates, e.rdate_count) },
		.recurring_event_id = item->instance ? id_text(mem, "evt", item->object.id) : STR_ABSENT,
		.original_start_time = original_start(mem, instance),
		.attendees = attendees_view(mem, &e),
		.organizer = e.organizer,
		.reminders = reminders_view(mem, &e),
		.status = str_of(event_status_names[e.status]),
		.is_cancelled = e.status == EVENT_CANCELLED,
		.busy = !e.transparent,
		.sequence = e.sequence,
		.livemode = live,
		.etag = etag_text(mem, item->object.etag),
		.created_at = item->object.created_at,
		.updated_at = item->object.updated_at,
	};
}
