/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of calendars have in common. */
#pragma once

#include "caldav/calendar/view/calendar_label.h"
#include "web/page.h"

/* The owner in one of their two worlds. */
struct actor calendars_actor(struct request *rq, bool test);

/* The calendar of :cal in the path, in the world that is looked at. NOT_FOUND. */
MUST_CHECK err_t calendars_in_path(struct request *rq, struct calendar *out);

/* A page about one calendar: calendar_id, calendar_name, color, public, url, objects, created, mode_test. */
MUST_CHECK err_t calendars_page_of(
	struct request *rq, const struct calendar *c, const char *title, struct html_values **out);

/* Back to a page under /calendars ("", "/cal_…"), with a word of page_notice, in the world of `test`. */
struct str calendars_path(struct request *rq, struct str page, const char *done, bool test);
void calendars_go_to(struct request *rq, struct response *rs, struct str page, const char *done, bool test);

/* A new calendar of this name; its address is made of it. Errors as calendar_create, CONFLICT aside. */
MUST_CHECK err_t calendars_make(struct request *rq, const struct actor *actor, int16_t components,
	const struct calendar_change *with, struct id *out);
