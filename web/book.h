/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page by which anybody books: at /book/SLUG, in the frames of other sites at /embed/SLUG, and as its owner's
 * preview. No cookie is asked for or set, so that it is the same in a frame, and nobody is followed.
 */
#pragma once

#include "caldav/calendar/zone/zone.h"
#include "server/booking/availability.h"
#include "web/page.h"

enum book_view { BOOK_PAGE, BOOK_FRAME, BOOK_PREVIEW };

struct book_visit {
	enum book_view view;
	struct str base; /* "/book/intro-call" */
	struct booking_page page;
	struct booking_offer offer;
	const struct zone *zone; /* of the guest */
	bool zone_asked;         /* they said so; else it is the page's */
	bool zone_unknown;       /* what they said is none */
	int32_t minutes;         /* that they want */
};

/*
 * The page that the path names, for the query or form of this request; whatever of that makes no sense is as if it
 * were not there. NOT_FOUND: none that this visitor may see.
 */
MUST_CHECK err_t book_open(struct request *rq, enum book_view view, struct book_visit *out);

/* "/book/intro-call/form?start=…&tz=…": `end` is "" or "/form", what it says (NULL: nothing) and the visitor's choices.
 */
struct str book_href(
	struct arena *mem, const struct book_visit *v, const char *end, const char *name, struct str value);
/* The same with another zone or length. */
struct str book_href_with(struct arena *mem, const struct book_visit *v, struct str zone, int32_t minutes);

/* Title, texts and choices that all of its pages show. */
struct html_values *book_values(struct request *rq, const struct book_visit *v, const char *title);
/* Answer with the template. `is_public`: nothing in it is of this visitor alone. */
MUST_CHECK err_t book_reply(struct response *rs, const struct book_visit *v, int status, const char *name,
	const struct html_values *values, bool is_public);

/* The month and the day that are asked for, or the first that have room: what is free there, as values of "book". */
MUST_CHECK err_t book_days_values(struct request *rq, const struct book_visit *v, struct html_values *values);

/* "09:00" on the visitor's clock; the day that it shows. */
struct str book_clock(struct request *rq, const struct book_visit *v, int64_t at);
int64_t book_day(const struct book_visit *v, int64_t at);
/* The slots in a time; none where it has no end after its start. */
MUST_CHECK err_t book_slots(struct request *rq, const struct book_visit *v, int64_t from, int64_t to, size_t limit,
	const struct slot_span **out, size_t *count_out);

/* ---- its pages, in each view ---- */

MUST_CHECK err_t book_days_page(struct request *rq, struct response *rs, enum book_view view);
MUST_CHECK err_t book_choose_zone(struct request *rq, struct response *rs, enum book_view view);
MUST_CHECK err_t book_show_form(struct request *rq, struct response *rs, enum book_view view);
/* CSRF for a form that another site sent; what the visitor can mend is told with the form. */
MUST_CHECK err_t book_take_form(struct request *rq, struct response *rs, enum book_view view);
