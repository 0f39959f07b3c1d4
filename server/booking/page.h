/* SPDX-License-Identifier: Apache-2.0 */
/* Booking pages: what their owners set, by which guests may book. No HTTP. */
#pragma once

#include "server/auth/actor.h"
#include "server/booking/bookable.h"

#define BOOKING_PAGES_MAX 50       /* of an account in each of its worlds; as booking_page_create has it */
#define BOOKING_DURATIONS_MAX 8    /* of a page */
#define BOOKING_EXCEPTIONS_MAX 400 /* of a page */
#define BOOKING_BUSY_MAX 100       /* calendars that a page names */
#define BOOKING_QUESTIONS_MAX 10   /* of a page */
#define BOOKING_ORIGINS_MAX 20     /* of a page */

/* What guests are asked besides their name, address and note. */
struct booking_question {
	struct str text;
	bool required;
};

struct booking_page {
	struct id account, id;
	struct str slug, title, description, color; /* absent: none */
	struct str tz;                              /* IANA name */
	const int32_t *durations;                   /* minutes; the first is the default */
	size_t duration_count;
	struct working_hours hours;
	const struct hours_exception *exceptions; /* in order of their days */
	size_t exception_count;
	int32_t buffer_before, buffer_after, notice, step; /* minutes */
	int32_t horizon;                                   /* days */
	int32_t per_day;                                   /* bookings; 0: no limit */
	struct id_list busy_calendars;                     /* items NULL: those that are selected */
	struct id calendar;                                /* where its events go */
	bool active;
	bool mail_guests;                         /* they are told by mail, where there is a way */
	bool is_public;                           /* anybody may book by its page on this server */
	const struct booking_question *questions; /* that are asked there */
	size_t question_count;
	struct str_list embed_origins; /* of sites that may frame that page, as browsers write them; none: any site */
	int64_t version;               /* another one with each change */
	struct instant created_at, updated_at;
};

/* 3 to 64 of a-z, 0-9 and "-", which neither begins nor ends it nor follows another: what can stand in a URL as it is.
 */
bool booking_slug_fine(struct str slug);

/* As it is kept and told, whatever other name it was sent by: "Europe/Berlin", "UTC". */
struct str booking_zone_name(const struct zone *zone);

/*
 * CONFLICT (param "slug": another page of this server has it), FORBIDDEN (as many as there can be). `page` has its id
 * and is checked already.
 */
MUST_CHECK err_t booking_page_create(struct ctx *cx, const struct booking_page *page);
/* All of `page` over the one with its id, if that still has its version: PRECONDITION. CONFLICT (param "slug"). */
MUST_CHECK err_t booking_page_change(struct ctx *cx, const struct booking_page *page);
/* What was booked stays. NOT_FOUND, PRECONDITION (another version; 0 is any). */
MUST_CHECK err_t booking_page_delete(struct ctx *cx, struct id account, struct id page, int64_t version);

/* Pages whose events go to calendars that the actor may see. NOT_FOUND. */
MUST_CHECK err_t booking_page_get(struct ctx *cx, const struct actor *actor, struct id id, struct booking_page *out);
MUST_CHECK err_t booking_page_by_slug(
	struct ctx *cx, const struct actor *actor, struct str slug, struct booking_page *out);
/* Whoever's it is: one that anybody may book by, and that is not paused. NOT_FOUND. */
MUST_CHECK err_t booking_page_public(struct ctx *cx, struct str slug, struct booking_page *out);
/* Where anybody books by it: "https://…/book/intro-call". */
struct str booking_page_url(struct ctx *cx, const struct booking_page *page);
/* As key_page() (server/account/key.h). */
MUST_CHECK err_t booking_page_page(struct ctx *cx, const struct actor *actor, struct id bound, bool back, size_t limit,
	struct booking_page **out, size_t *count_out);
