/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/demo.h"

#include "caldav/calendar/event.h"
#include "server/account/account.h"
#include "server/base/log.h"

#define DAY_S 86400

/* Days count from today; a whole-day event has no hour. */
struct demo {
	const char *title;
	int day, hour, minutes; /* hour -1: all day, `minutes` days long */
	const char *rule, *location, *guest;
	enum event_status status;
	bool free;
};

/* clang-format off */
static const struct demo demos[] = {
	/* title                       day hour minutes rule                            location     guest                 status           free */
	{ "Daily stand-up",            -14,  9, 15, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Room 1",    NULL,                 EVENT_CONFIRMED, false },
	{ "Weekly planning",            -7, 10, 60, "FREQ=WEEKLY;COUNT=12",             "Room 2",    "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Payroll",                   -30, -1,  1, "FREQ=MONTHLY;BYMONTHDAY=-1",       NULL,        NULL,                 EVENT_CONFIRMED, true },
	{ "Kick-off with Acme",         -3, 14, 90, NULL,                               "Acme, 4th floor", "carol@demo.example", EVENT_CONFIRMED, false },
	{ "Design review",              -1, 15, 45, NULL,                               NULL,        "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Dentist",                     0, 16, 30, NULL,                               "12 High Street", NULL,            EVENT_CONFIRMED, false },
	{ "Lunch with Bob",              1, 12, 60, NULL,                               "Canteen",   "bob@demo.example",   EVENT_TENTATIVE, false },
	{ "Interview: backend engineer", 2, 11, 60, NULL,                               "Room 2",    NULL,                 EVENT_CONFIRMED, false },
	{ "Interview: overlapping call", 2, 11, 30, NULL,                               NULL,        NULL,                 EVENT_CONFIRMED, false },
	{ "Town hall (cancelled)",       3, 17, 60, NULL,                               "Auditorium", NULL,                EVENT_CANCELLED, false },
	{ "Focus time",                  4,  8, 120, NULL,                              NULL,        NULL,                 EVENT_CONFIRMED, false },
	{ "Reminder: send invoices",     5,  9, 0,  NULL,                               NULL,        NULL,                 EVENT_CONFIRMED, true },
	{ "Conference",                  7, -1, 3,  NULL,                               "Lisbon",    NULL,                 EVENT_CONFIRMED, false },
	{ "Quarterly report due",       14, -1, 1,  NULL,                               NULL,        NULL,                 EVENT_CONFIRMED, true },
};
/* clang-format on */

static struct event event_of(const struct demo *demo, struct instant now, struct event_attendee *guest)
{
	struct instant today = instant_of_s(instant_s(now) / DAY_S * DAY_S);
	struct instant day = instant_add_s(today, (int64_t)demo->day * DAY_S);
	bool all_day = demo->hour < 0;
	struct event event = {
		.title = str_of(demo->title),
		.location = str_of(demo->location),
		.start = all_day ? day : instant_add_s(day, (int64_t)demo->hour * 3600),
		.all_day = all_day,
		.rrule = str_of(demo->rule),
		.status = demo->status,
		.transparent = demo->free,
	};
	event.end = instant_add_s(event.start, (int64_t)demo->minutes * (all_day ? DAY_S : 60));
	if (demo->guest) {
		*guest = (struct event_attendee){ .email = str_of(demo->guest), .status = PARTSTAT_ACCEPTED };
		event.organizer = STR("you@demo.example");
		event.attendees = guest;
		event.attendee_count = 1;
	}
	return event;
}

static err_t put_all(struct ctx *cx, struct id account)
{
	TRY(db_begin(cx));
	for (size_t i = 0; i < ARRAY_LEN(demos); i++) {
		struct event_attendee guest;
		struct event event = event_of(&demos[i], cx->now, &guest);
		struct object_write write = {
			.account = id_in_mode(account, true),
			.calendar_name = STR(DEFAULT_CALENDAR),
			.name = str_fmt(cx->mem, "demo-%zu.ics", i + 1),
			.when.none_match_any = true,
		};
		enum put_outcome outcome;
		struct object object;
		event.uid = str_fmt(cx->mem, "demo-%zu@demo.example", i + 1);
		TRY(event_write(cx, &event, &write.data));
		TRY(object_put(cx, &write, &outcome, &object));
	}
	return db_commit(cx);
}

void demo_seed(struct ctx *cx, struct id account)
{
	err_t e = put_all(cx, account);
	if (!e)
		return;
	db_rollback(cx);
	log_event(LOG_WARN, "demo_data_missing", LOG_STR("account", id_uuid(cx->mem, account)),
		LOG_STR("why", err_text(e)), LOG_STR("detail", e->detail));
}
