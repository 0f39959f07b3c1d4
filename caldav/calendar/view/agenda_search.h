/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a page while it is sought (see agenda.c). For the files agenda*.c. */
#pragma once

#include "caldav/calendar/view/agenda_page.h"
#include "caldav/calendar/zone/zone.h"

#define CANDIDATES_AT_ONCE 500 /* and series that are read together */

/* A series that may stand in the page. */
struct contender {
	struct id id;
	int64_t second; /* none of its instances in question begins before; of a page that goes back, after */
	int32_t size;
};

struct search {
	struct ctx *cx;
	const struct agenda_query *query;
	const struct zone *floating;
	int64_t start, end; /* of the range, in seconds */
	struct agenda_page page;
	struct arena *mem; /* of the contenders: they outlive a batch */
	struct contender *contenders;
	size_t count, cap;
};

/* An item must begin before. */
int64_t search_end(const struct search *s);
/* And not before; INT64_MIN: wherever it begins. */
int64_t search_begin(const struct search *s);
/* Has what begins there no position in the page, nor what is farther that way? */
bool search_is_beyond(const struct search *s, int64_t second);

/* What does not recur stands in the page then, and series that may are among the contenders. */
MUST_CHECK err_t search_candidates(struct search *s);
