/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/sample.h"

#include "caldav/calendar/write.h"
#include "server/account/account.h"
#include "server/base/log.h"

#define MONDAY_OF_1970 4 /* the days from 1970-01-01 to its first Monday */

/* clang-format off */
static const struct sample samples[] = {
	/* title                       day hour minutes rule                            location          guest                 status           free */
	{ "Daily stand-up",            -14,  9, 15, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Room 1",         NULL,                 EVENT_CONFIRMED, false },
	{ "Weekly planning",            -7, 10, 60, "FREQ=WEEKLY;COUNT=12",             "Room 2",         "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Payroll",                   -24, -1,  1, "FREQ=WEEKLY;INTERVAL=4",           NULL,             NULL,                 EVENT_CONFIRMED, true },
	{ "Kick-off with Acme",          0, 14, 90, NULL,                               "Acme, 4th floor", "carol@demo.example", EVENT_CONFIRMED, false },
	{ "Lunch with Bob",              1, 12, 60, NULL,                               "Canteen",        "bob@demo.example",   EVENT_TENTATIVE, false },
	{ "Design review",               2, 15, 45, NULL,                               NULL,             "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Dentist",                     3, 16, 30, NULL,                               "12 High Street", NULL,                 EVENT_CONFIRMED, false },
	{ "Interview: backend engineer", 4, 11, 60, NULL,                               "Room 2",         NULL,                 EVENT_CONFIRMED, false },
	{ "Interview: overlapping call", 4, 11, 30, NULL,                               "Room 2",         NULL,                 EVENT_CONFIRMED, false },
	{ "Town hall (cancelled)",       8, 17, 60, NULL,                               "Auditorium",     NULL,                 EVENT_CANCELLED, false },
	{ "Focus time",                  9,  8, 120, NULL,                              NULL,             NULL,                 EVENT_CONFIRMED, false },
	{ "Reminder: send invoices",    10,  9, 0,  NULL,                               NULL,             NULL,                 EVENT_CONFIRMED, true },
	{ "Conference",                 14, -1, 3,  NULL,                               "Lisbon",         NULL,                 EVENT_CONFIRMED, false },
	{ "Quarterly report due",       21, -1, 1,  NULL,                               NULL,             NULL,                 EVENT_CONFIRMED, true },
};
/* clang-format on */

static struct instant monday_of(struct instant now)
{
	int64_t today = floor_div(instant_s(now), DAY_S);
	return instant_of_s((today - floor_mod(today - MONDAY_OF_1970, 7)) * DAY_S);
}

static struct event event_of(
	const struct sample *sample, struct instant monday, const char *organizer, struct event_attendee *guest)
{
	struct instant day = instant_add_s(monday, sample->day * DAY_S);
	bool all_day = sample->hour < 0;
	struct event event = {
		.title = str_of(sample->title),
		.location = str_of(sample->location),
		.start = all_day ? day : instant_add_s(day, sample->hour * INT64_C(3600)),
		.all_day = all_day,
		.rrule = str_of(sample->rule),
		.status = sample->status,
		.transparent = sample->free,
	};
	event.end = instant_add_s(event.start, sample->minutes * (all_day ? DAY_S : INT64_C(60)));
	if (sample->guest) {
		*guest = (struct event_attendee){ .email = str_of(sample->guest), .status = PARTSTAT_ACCEPTED };
		event.organizer = str_of(organizer);
		event.attendees = guest;
		event.attendee_count = 1;
	}
	return event;
}

err_t sample_put_in(struct ctx *cx, const struct actor *actor, const char *calendar, const struct sample_list *list)
{
	struct instant monday = monday_of(cx->now);
	for (size_t i = 0; i < list->count; i++) {
		struct event_attendee guest;
		struct event event = event_of(&list->items[i], monday, list->organizer, &guest);
		struct object_write write = {
			.calendar_name = str_of(calendar),
			.name = str_fmt(cx->mem, "%s-%zu.ics", list->name, i + 1),
		};
		enum put_outcome outcome;
		struct object object;
		event.uid = str_fmt(cx->mem, "%s-%zu@demo.example", list->name, i + 1);
		TRY(event_write(cx, &event, &write.data));
		TRY(object_put(cx, actor, &write, &outcome, &object));
	}
	return OK;
}

err_t sample_put(struct ctx *cx, struct id account)
{
	static const struct sample_list list = { samples, ARRAY_LEN(samples), "sample", "you@demo.example" };
	const struct actor actor = actor_server(account);
	bool own;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, sample_put_in(cx, &actor, DEFAULT_CALENDAR, &list));
}

void sample_put_in_test_mode(struct ctx *cx, struct id account)
{
	err_t e = sample_put(cx, id_in_mode(account, true));
	if (e)
		log_event(LOG_WARN, "samples_missing", LOG_STR("account", id_uuid(cx->mem, account)),
			LOG_STR("why", err_text(e)), LOG_STR("detail", e->detail));
}
