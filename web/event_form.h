/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as the fields of a form have it: texts, each of which is either what it was when the form was shown, and
 * then nothing of the event is touched, or what somebody typed. A form carries both, so that a change by somebody else
 * in the meantime is told from one's own.
 */
#pragma once

#include "caldav/calendar/view/agenda.h"
#include "server/data/json.h"
#include "web/calendar_view.h"

enum event_field_name {
	FIELD_TITLE,
	FIELD_ALL_DAY,    /* "1" or empty */
	FIELD_START_DATE, /* YYYY-MM-DD */
	FIELD_START_TIME, /* HH:MM, with seconds where there are any; empty in an all-day event */
	FIELD_END_DATE,   /* of an all-day event the last day */
	FIELD_END_TIME,
	FIELD_CALENDAR, /* its id; empty in a form that does not ask */
	FIELD_ZONE,     /* IANA name; empty: the user's clock, or what the event has of its own */
	FIELD_LOCATION,
	FIELD_DESCRIPTION,
	FIELD_URL,
	FIELD_CATEGORY,
	FIELD_BUSY,      /* "busy", "free" */
	FIELD_STATUS,    /* "confirmed", "tentative", "cancelled" */
	FIELD_REPEAT,    /* empty, "daily" …, "every", "custom" (event_rule.h) */
	FIELD_EVERY,     /* of "every": so many of */
	FIELD_UNIT,      /* "day", "week", "month", "year" */
	FIELD_DAYS,      /* of weeks: "TU,TH"; empty: the day of the start. A form has a box for each */
	FIELD_MONTHLY,   /* of months: empty for the date, "nth", "last", "last_day", "last_work" */
	FIELD_WKST,      /* the day that its weeks begin with, which is not shown: "MO" … */
	FIELD_ENDS,      /* of "every" and ready rules: empty, "on", "after" */
	FIELD_UNTIL,     /* the last day */
	FIELD_COUNT,     /* how many times */
	FIELD_RULE,      /* of "custom": RRULE */
	FIELD_ATTENDEES, /* one a line: Name <address> */
	FIELD_REMINDERS, /* "10 min, 1 day" */
	EVENT_FIELDS
};

/* How it repeats is one thing, however many fields it takes. */
#define FIELDS_RULE                                                                                                    \
	(1U << FIELD_REPEAT | 1U << FIELD_EVERY | 1U << FIELD_UNIT | 1U << FIELD_DAYS | 1U << FIELD_MONTHLY |          \
		1U << FIELD_WKST | 1U << FIELD_ENDS | 1U << FIELD_UNTIL | 1U << FIELD_COUNT | 1U << FIELD_RULE)

struct event_form {
	struct str value[EVENT_FIELDS]; /* never absent */
};

extern const char *const event_field_names[EVENT_FIELDS];
/* The same with "was_" before it: what the form began with. */
extern const char *const event_was_names[EVENT_FIELDS];
/* Of values in the template: "f_title" is shown in the field, "now_title" is what is stored instead. */
extern const char *const event_shown_names[EVENT_FIELDS], *const event_now_names[EVENT_FIELDS];

/* Of an event in a series, which may be itself. */
void event_form_of(struct request *rq, const struct zone *user, const struct agenda_item *item,
	const struct event *series, struct event_form *out);
/* As it was sent, under these names. Line ends are LF; only descriptions keep blanks at their ends. */
void event_form_read(struct arena *mem, const struct form *form, const char *const *names, struct event_form *out);
/* Which fields differ: a bit each (1 << FIELD_TITLE …). */
unsigned event_form_differs(const struct event_form *a, const struct event_form *b);

/*
 * The body of createEvent or updateEvent that has these fields alone. Attendees of `now` (NULL: none) keep what they
 * answered.
 *
 * errors  INVALID_VALUE with the name of the field
 */
MUST_CHECK err_t event_form_body(struct ctx *cx, const struct zone *user, const struct event_form *form,
	unsigned fields, const struct event *now, struct json *out);

/* Which field a param of REST is about: "recurrence.rule" is "repeat". */
struct str event_form_field_of(struct arena *mem, struct str param);

/* ---- lists as text ---- */

struct str attendees_text(struct arena *mem, const struct event *event);
struct str reminders_text(struct arena *mem, const struct event *event);
/* "10 minutes before", for people. */
struct str reminder_words(struct request *rq, int32_t minutes);
/* Write them as members. INVALID_VALUE ("attendees", "reminders"). */
MUST_CHECK err_t attendees_write(struct ctx *cx, struct str text, const struct event *now, struct json *j);
MUST_CHECK err_t reminders_write(struct ctx *cx, struct str text, struct json *j);
