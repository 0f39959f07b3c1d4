/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bookings: what guests booked. When an appointment is and whether it still is, its event says, which its owner may
 * move and delete with any client: it is asked each time, and nothing else knows it.
 */
#pragma once

#include "server/booking/availability.h"

#define BOOKING_ANSWERS_MAX 20
#define BOOKING_NEXT_SLOTS 5 /* told where a slot is taken */
#define BOOKING_NEXT_DAYS 14 /* looked for in so many days after it */

enum booking_by { BY_CALENDAR, BY_HOST, BY_GUEST }; /* as it is stored */

struct booking {
	struct id account, id, page;
	struct id made_in; /* the calendar to which its event came */
	struct id event;   /* as it is now; zero: gone */
	struct id calendar;
	struct instant start, end; /* of the event; of one that is gone as it was agreed last */
	struct str tz, name, email, note;
	struct str language;                /* of the page that the guest booked by; absent: by none */
	struct str_list questions, answers; /* as many */
	bool cancelled;
	enum booking_by
		cancelled_by;        /* of one that is cancelled; BY_CALENDAR: with a calendar client, or as an event */
	struct instant cancelled_at; /* none where the calendar says so alone */
	struct str reason;           /* absent: none was given */
	struct str title;            /* of the event; absent: gone */
	struct instant created_at, updated_at;
	struct str told; /* how the guest hears of what was just done, by mail: "queued", "delivered"; absent: they do
			    not */
};

struct booking_new {
	struct id id;   /* that it gets; zero: a new one */
	struct id page; /* zero: the one with the slug */
	struct str slug;
	struct instant start;
	int32_t duration;                 /* minutes; 0: the page's first */
	struct str name, email, note, tz; /* note absent: none; tz absent: the page's */
	struct str language;              /* in which they are told: a tag of the catalogue; absent: the host's */
	struct str_list questions, answers;
};

/*
 * What a guest said, as it is kept: `in` afterwards has their name without blanks around it and their zone by the name
 * that is told. INVALID_VALUE and MISSING_FIELD with the field: "name", "email", "note", "timezone",
 * "answers[0].question", "answers[0].answer".
 */
MUST_CHECK err_t booking_new_clean(struct ctx *cx, struct booking_new *in);

/* What the event of a booking says at first: "Intro call – Ada Lovelace", and what the guest wrote. */
struct str booking_event_title(struct arena *mem, struct str page_title, struct str name);
struct str booking_event_text(struct arena *mem, struct str note, struct str_list questions, struct str_list answers);

/*
 * Books the slot, if it is one that the page has now: of many who ask for the same at once one gets it, also where
 * others write into its calendars meanwhile. The event comes in through the door of all writes (calendar/write.h), with
 * the guest among its attendees.
 *
 * errors  NOT_FOUND (param "page"), CONFLICT (the page is paused or has no calendar; too many bookings), INVALID_VALUE
 *         (duration_minutes, timezone, email …), SLOT_UNAVAILABLE with the next slots; those of busy_collect and
 *         object_put
 */
MUST_CHECK err_t booking_create(
	struct ctx *cx, const struct actor *actor, const struct booking_new *in, struct booking *out);

/* Those whose event came to a calendar that the actor may see. NOT_FOUND. */
MUST_CHECK err_t booking_get(struct ctx *cx, const struct actor *actor, struct id id, struct booking *out);
/* By the id of its event as it was made, also when that is gone. NOT_FOUND. */
MUST_CHECK err_t booking_by_event(struct ctx *cx, struct id account, struct id event, struct booking *out);
/* As key_page() (server/account/key.h); page zero: of all pages. */
MUST_CHECK err_t booking_list(struct ctx *cx, const struct actor *actor, struct id page, struct id bound, bool back,
	size_t limit, struct booking **out, size_t *count_out);

/*
 * Its event becomes a cancelled one. What is cancelled already stays as it is. errors of object_edit
 */
MUST_CHECK err_t booking_cancel(struct ctx *cx, const struct actor *actor, struct id id, enum booking_by by,
	struct str reason, struct booking *out);

/*
 * To another slot of its page, whether that is paused or not; duration 0: as long as it is.
 *
 * errors  NOT_FOUND, CONFLICT (it is cancelled, its page is gone, its event is no single appointment any more), and
 *         those of booking_create
 */
MUST_CHECK err_t booking_move(struct ctx *cx, const struct actor *actor, struct id id, struct instant start,
	int32_t duration, struct booking *out);

/* Where a booking could be moved to: slots as long as it is, of its page, from `from` to `to`. None: the page is gone.
 */
MUST_CHECK err_t booking_other_slots(struct ctx *cx, const struct booking *booking, struct instant from,
	struct instant to, const struct slot_span **out, size_t *count_out);
