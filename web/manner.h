/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which manner a page tells times to who asks for it: hours of a clock, and the day that weeks begin with. What
 * somebody chose for their account goes first, then the region that their browser names in Accept-Language. The order
 * of day and month is the language's (say.h).
 */
#pragma once

#include "server/data/html.h"
#include "server/data/region.h"
#include "server/data/wording.h"
#include "server/http/request.h"

/* Found once a request. */
const struct manner *request_manner(struct request *rq);
/* Who asks, as one who is told times and texts (server/data/wording.h). */
struct locale request_locale(struct request *rq);

/* "14:30" or "2:30 PM", of seconds on a clock; whole days in them do not count. */
struct str time_of_day(struct request *rq, int64_t local);
/* Two times as one text that no line breaks: U+2060, "word joiner", stands about the dash. All spans of pages are this.
 */
struct str times_joined(struct arena *mem, struct str from, struct str to);
/* "14:30–15:00". */
struct str time_span(struct request *rq, int64_t from, int64_t to);
/* The first day of the week of a day; days as calendar_view.h counts them. */
int64_t week_begin(struct request *rq, int64_t day);
/* Which day of the week, 0 for Monday, stands in a column of seven. */
int week_column(struct request *rq, int column);
/* The heads of those columns: rows "weekdays" with "weekday" and "weekday_short". */
void weekday_values(struct request *rq, struct html_values *v);

/* What an account's profile offers: rows "hours_choices" and "week_choices", with what is chosen. */
void manner_offer(struct request *rq, struct html_values *v);
/* Fields "hours" and "week_start" of the profile's form; one that is not there stays as it is. INVALID_VALUE */
MUST_CHECK err_t manner_read(struct request *rq, int16_t *hours, int16_t *week_start);
/* "12h", "24h"; "monday" …; absent for 0. */
struct str manner_hours_word(int16_t hours);
struct str manner_week_word(int16_t week_start);
