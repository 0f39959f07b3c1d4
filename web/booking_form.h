/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a booking page: its fields as text, as they are shown and sent, and the body of REST that they are. */
#pragma once

#include "server/booking/page.h"
#include "server/data/form.h"
#include "server/data/html.h"
#include "server/data/json.h"

/* Named as REST has them; hours have a field for each weekday. */
enum booking_field {
	BOOKING_TITLE,
	BOOKING_SLUG,
	BOOKING_DESCRIPTION,
	BOOKING_DURATIONS,
	BOOKING_MONDAY, /* and six more */
	BOOKING_SUNDAY = BOOKING_MONDAY + 6,
	BOOKING_EXCEPTIONS,
	BOOKING_ZONE,
	BOOKING_QUESTIONS,
	BOOKING_EMBED_ORIGINS,
	BOOKING_BUFFER_BEFORE,
	BOOKING_BUFFER_AFTER,
	BOOKING_NOTICE,
	BOOKING_HORIZON,
	BOOKING_STEP,
	BOOKING_PER_DAY,
	BOOKING_CALENDAR,
	BOOKING_FIELDS
};

struct booking_form {
	struct str value[BOOKING_FIELDS];
	bool is_public, mail_guests;
	struct id_list busy; /* items NULL: those that are selected */
};

/* Of a page that is there; of a new one for an owner whose zone is `tz`. hours_12: in which manner hours are told. */
void booking_form_of(struct arena *mem, const struct booking_page *page, bool hours_12, struct booking_form *out);
void booking_form_fresh(struct arena *mem, struct str tz, bool hours_12, struct booking_form *out);
/* As it was sent, with line ends as LF. */
void booking_form_read(struct arena *mem, const struct form *sent, struct booking_form *out);
/* "f_title" … for the template. */
void booking_form_values(struct html_values *v, const struct booking_form *form);

/*
 * The body of createBookingPage or updateBookingPage. A slug that is empty is made of the title.
 *
 * errors  INVALID_VALUE with the name of the field
 */
MUST_CHECK err_t booking_form_body(struct ctx *cx, const struct booking_form *form, struct buf *out);

/* Which field a param of REST is about: "working_hours.monday[0].end" is "monday". */
struct str booking_form_field_of(struct arena *mem, struct str param);

/* ---- hours as text (booking_hours.c) ---- */

/* "09:00–12:00, 13:00–17:00", or "9:00 AM–12:00 PM"; empty: closed. */
struct str hours_as_text(struct arena *mem, const struct day_hours *hours, bool hours_12);
/* Writes them as a member. INVALID_VALUE (param `field`): not written like that. */
MUST_CHECK err_t hours_write(struct ctx *cx, const char *field, struct str text, const char *key, struct json *j);
/* A day a line: "2026-12-24", or with hours after it. */
struct str exceptions_as_text(struct arena *mem, const struct booking_page *page, bool hours_12);
MUST_CHECK err_t exceptions_write(struct ctx *cx, const char *field, struct str text, struct json *j);
