/* SPDX-License-Identifier: Apache-2.0 */
/* The event, or the instance of one, that a page at /calendar/events/:event is about. */
#pragma once

#include "web/calendar_entries.h"
#include "web/event_form.h"

struct event_shown {
	struct str id; /* as the path has it */
	struct object object;
	struct agenda_item item;
	struct event series; /* the event is one of it, or it itself */
	struct str etag;
	bool test;
	bool in_series; /* one instance of several */
	bool own;       /* the user is its organizer, or nobody is */
	bool invited;   /* the user may answer */
	struct actor actor;
	struct calendar calendar;
	struct str fill; /* of its dot: calendar_fill() */
};

/* NOT_FOUND, TOO_COSTLY. Four round trips at most. */
MUST_CHECK err_t event_shown_read(struct request *rq, struct event_shown *out);

/* Values that all these pages have: title, when, links, choices of a series, whether attendees can be told. */
void event_shown_values(struct request *rq, const struct event_shown *shown, struct html_values *v);

/* "/calendar/events/ID…?…": `page` is "", "/edit" or "/delete". */
struct str event_href(struct arena *mem, struct str id, const char *page, bool test, const char *done);
/* The month in which it is, and a notice there. */
struct str event_month_href(
	struct arena *mem, const struct zone *zone, const struct event *event, bool test, const char *done);

/* "Tuesday, 24 November 2026, 09:00–10:00", by this clock. */
struct str event_when(struct request *rq, const struct zone *zone, const struct event *event);

/* What of a series a form is about: "this", "this_and_following", "all". INVALID_VALUE ("scope"). */
MUST_CHECK err_t event_scope_read(struct request *rq, const struct event_shown *shown, struct str *out);
/* `scope` and whether attendees are told, as a query of REST. */
struct str event_change_query(struct request *rq, struct str scope, const char *more);
